"""What the console's source must not contain."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import mephisto_tui

ROOT = Path(mephisto_tui.__file__).parent
SOURCES = [
    *ROOT.glob("*.py"),
    *(p for d in ("view", "screens", "widgets") for p in ROOT.glob(f"{d}/*.py")),
]
BANNED = {"DataTable", "RichLog", "LoadingIndicator", "Markdown", "Static", "Label", "from_markup"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_widget_is_used_that_reads_markup_or_repaints_whole(path):
    for node in ast.walk(ast.parse(path.read_text())):
        names = {getattr(node, "id", None), getattr(node, "attr", None)}
        if isinstance(node, ast.alias):
            names.add(node.name)
        assert not names & BANNED
        if isinstance(node, ast.keyword) and node.arg == "markup":
            assert getattr(node.value, "value", None) is False
