from __future__ import annotations

from pathlib import Path

import pytest

from mephisto_architects.local import LocalArchitect, LocalArgs
from mephisto_architects.mock import MockArchitect, MockArgs
from mephisto_engine.testing.conformance import ArchitectCase, ArchitectConformance


class TestLocalArchitect(ArchitectConformance):
    @pytest.fixture
    def case(self, tmp_path: Path) -> ArchitectCase:
        text = tmp_path / "text.pem"
        text.write_text("not a certificate")
        return ArchitectCase(
            LocalArchitect,
            LocalArgs(port="0"),
            wrong_args=[
                LocalArgs(port="three thousand"),
                LocalArgs(port="65536"),
                LocalArgs(port="-1"),
                LocalArgs(port="0", hostname="192.0.2.1"),
                LocalArgs(port="0", tls_cert=str(text)),
                LocalArgs(port="0", tls_key=str(text)),
                LocalArgs(port="0", tls_cert=str(text), tls_key=str(text)),
                LocalArgs(port="0", tls_cert="/nowhere.pem", tls_key="/nowhere.pem"),
                LocalArgs(port="0", public_url="tasks.example.org"),
                LocalArgs(port="0", public_url="https://example.org/tasks"),
            ],
        )


class TestMockArchitect(ArchitectConformance):
    @pytest.fixture
    def case(self) -> ArchitectCase:
        return ArchitectCase(MockArchitect, MockArgs(), serves=False)


class TestMockArchitectWithAServer(ArchitectConformance):
    @pytest.fixture
    def case(self) -> ArchitectCase:
        return ArchitectCase(
            MockArchitect,
            MockArgs(should_run_server=True, port="0"),
            wrong_args=[MockArgs(should_run_server=True, port="none")],
        )
