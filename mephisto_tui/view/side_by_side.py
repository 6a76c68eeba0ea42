"""Columns of lines beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from mephisto_tui.view.spans import BLANK, Line, Span, filled

GAP: Final = 2
"""Cells between two columns."""


def side_by_side(columns: Sequence[Sequence[Line]], widths: Sequence[int]) -> Iterator[Line]:
    """The columns' lines in one, each column in so many cells; short columns end in blanks."""
    gap = Span(" " * GAP)
    for parts in zip_longest(*columns, fillvalue=BLANK):
        row: list[Span] = []
        for part, cells in zip(parts, widths, strict=True):
            row += [*filled(part, cells), gap]
        yield tuple(row[:-1])


def fitted(natural: Sequence[int], cells: int) -> list[int]:
    """Widths of columns that together take at most ``cells``; the widest give way first."""
    room = cells - GAP * (len(natural) - 1)
    widths = list(natural)
    if sum(widths) <= room:
        return widths
    share, left = 0, sorted(widths)
    for place, width in enumerate(left):
        share = max(1, room // (len(left) - place))
        if width > share:
            break
        room -= width
    return [min(width, share) for width in widths]
