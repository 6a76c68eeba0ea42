from __future__ import annotations

from pathlib import Path

import pytest

from mephisto_engine.testing.conformance import DatabaseConformance


class TestSqlite(DatabaseConformance):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str | None:
        return f"sqlite:///{tmp_path}/data.db"


class TestSqliteByPath(DatabaseConformance):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str | None:
        return str(tmp_path / "elsewhere" / "data.db")
