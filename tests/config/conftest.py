from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fake_plugins import GOOD, fake_registry

from mephisto_engine.abstractions.registry import Registry


@pytest.fixture
def registry() -> Registry:
    return fake_registry()


@pytest.fixture
def good() -> str:
    return GOOD


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write_file(text: str, name: str = "conf.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def data() -> Path:
    return Path(__file__).parent / "data"
