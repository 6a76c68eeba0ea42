from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fake_plugins import fake_registry

from mephisto_engine.abstractions.registry import Registry

GOOD = """\
#@package _global_
defaults:
  - /mephisto/blueprint: static_task
  - /mephisto/architect: local
  - /mephisto/provider: mock
mephisto:
  blueprint:
    task_source: page.html
  task:
    task_name: pairs
    task_title: Word pairs
    task_description: Say whether two words belong together
    task_reward: 0.1
    task_tags: words,pairs
"""


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
