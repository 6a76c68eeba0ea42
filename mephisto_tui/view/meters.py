"""Shares and rates drawn in block glyphs."""

from __future__ import annotations

from collections.abc import Sequence

from mephisto_tui.view.glyphs import BLOCK, EIGHTHS, EMPTY, FULL, SPARKS


def meter(part: int, whole: int, cells: int) -> str:
    """How much of ``whole`` is there; never full before it is, never empty once begun."""
    if whole <= 0 or part <= 0:
        return EMPTY * cells
    filled = min(cells, part * cells // whole)
    if part < whole:
        filled = max(1, min(filled, cells - 1)) if cells > 1 else 0
    return FULL * filled + EMPTY * (cells - filled)


def bar(part: int, whole: int, cells: int) -> str:
    """A share as a bar that is exact to an eighth of a cell; something is never nothing."""
    if whole <= 0 or part <= 0:
        return ""
    eighths = max(1, min(cells * 8, round(part * cells * 8 / whole)))
    return BLOCK * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def sparkline(values: Sequence[int], cells: int) -> str:
    """The last ``cells`` values, scaled to the largest of them."""
    shown = list(values)[-cells:] if cells > 0 else []
    top = max(shown, default=0)
    if top <= 0:
        return SPARKS[0] * len(shown)
    return "".join(SPARKS[value * (len(SPARKS) - 1) // top] for value in shown)
