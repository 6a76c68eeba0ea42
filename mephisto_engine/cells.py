"""Text in cells of a CSV that no spreadsheet takes for a formula.

A text that begins with one of `FORMULA_STARTS` gets an apostrophe before it, and so does one that
would read as if it had got one: taking one apostrophe away from what is marked gives the text back.
"""

from __future__ import annotations

from typing import Final

FORMULA_STARTS: Final = frozenset("=+-@\t\r\n＝＋－＠")
"""What makes a spreadsheet calculate a cell instead of showing it."""
TEXT_MARK: Final = "'"


def safe_cell(text: str) -> str:
    """``text`` as a CSV cell that no spreadsheet takes for a formula; `plain_cell` undoes it."""
    return TEXT_MARK + text if _needs_mark(text) else text


def plain_cell(cell: str) -> str:
    """What a cell says, without the mark of `safe_cell`."""
    is_marked = cell.startswith(TEXT_MARK) and _needs_mark(cell[1:])
    return cell[1:] if is_marked else cell


def _needs_mark(text: str) -> bool:
    """A formula; or what would read as a marked one."""
    stem = text.lstrip(TEXT_MARK)
    return bool(stem) and stem[0] in FORMULA_STARTS
