from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CommandLine
from session_terminal import Terminal


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[CommandLine]:
    command_line = CommandLine(tmp_path / "home")
    yield command_line
    command_line.close()


@pytest.fixture
def terminal(cli: CommandLine) -> Iterator[Terminal]:
    made = Terminal(cli)
    yield made
    for child in made.children:
        child.close(force=True)
