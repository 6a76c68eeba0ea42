"""A table of foreign values in as many cells as there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, zip_longest
from typing import Any, Final

from mephisto_tui.safe_text import clean, cut, width
from mephisto_tui.view.reading import wrapped_words
from mephisto_tui.view.spans import Line, Span, line, padded

NARROWEST: Final = 6
"""Cells of a column below which a table is no help: its records then stand one below the other."""
WIDEST: Final = 60
"""Cells that one column takes at most on a terminal."""
WIDEST_TERMINAL: Final = 400
"""What is asked for in more cells is read line by line: nothing is wrapped or shortened."""
HIGHEST: Final = 4
"""Lines of one row; what is longer ends in an ellipsis."""
LONGEST: Final = 1000
"""Characters of a value that are looked at."""
_MARGIN: Final = "  "

Texts = list[str]


def grid_lines(
    columns: Sequence[Any], rows: Sequence[Sequence[Any]], as_text: Callable[[Any], str], cells: int
) -> list[Line]:
    """Titles and rows; values longer than their column are wrapped."""
    most = WIDEST if cells <= WIDEST_TERMINAL else LONGEST
    titles = [clean(str(title), most) for title in columns]
    texts = [[as_text(value)[:LONGEST] for value in row[: len(titles)]] for row in rows]
    is_right = [_are_numbers(rows, place) for place in range(len(titles))]
    widths = _fitting([_natural(titles, texts, place, most) for place in range(len(titles))], cells)
    if not widths:
        return list(_one_below_the_other(titles, texts, cells))
    lines = [_row(titles, widths, is_right, "dim")]
    for row in texts:
        lines += _wrapped(row, widths, is_right)
    return lines


def _natural(titles: Texts, rows: Sequence[Texts], place: int, most: int) -> int:
    of_rows = (width(clean(row[place], most)) for row in rows if place < len(row))
    return max([width(titles[place]), *of_rows])


def _fitting(wanted: Sequence[int], cells: int) -> list[int]:
    """The widths that columns get: the widest give way. None if even that does not do."""
    room = cells - len(_MARGIN) * len(wanted)
    if not wanted or min(NARROWEST * len(wanted), sum(wanted)) > room:
        return []
    most = max(wanted)
    while sum(min(one, most) for one in wanted) > room:
        most -= 1
    return [min(one, most) for one in wanted]


def _are_numbers(rows: Sequence[Sequence[Any]], place: int) -> bool:
    values = [row[place] for row in rows if place < len(row)]
    return bool(values) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    )


def _wrapped(row: Texts, widths: Sequence[int], is_right: Sequence[bool]) -> Iterator[Line]:
    columns = [_column(text, room) for text, room in zip(row, widths, strict=False)]
    for parts in zip_longest(*columns, fillvalue=""):
        yield _row(parts, widths, is_right)


def _column(text: str, room: int) -> Texts:
    parts = list(islice(wrapped_words(text, room), HIGHEST + 1))
    if len(parts) > HIGHEST:
        parts[HIGHEST - 1 :] = [cut(f"{parts[HIGHEST - 1]} ", room - 1).rstrip("…") + "…"]
    return parts


def _row(
    texts: Sequence[str], widths: Sequence[int], is_right: Sequence[bool], tone: Any = ""
) -> Line:
    spans: list[Span] = []
    for text, room, to_right in zip(texts, widths, is_right, strict=False):
        spans += [Span(_MARGIN), padded(Span(text, tone), room, to_right=to_right)]
    return tuple(spans)


def _one_below_the_other(titles: Texts, rows: Sequence[Texts], cells: int) -> Iterator[Line]:
    """Records of a table that is too wide, each under its number."""
    label = min(max((width(title) for title in titles), default=0), 24)
    for number, row in enumerate(rows, 1):
        yield line(f"{_MARGIN}{number}.", "dim")
        for title, text in zip(titles, row, strict=False):
            head = (Span(_MARGIN * 2), padded(Span(title, "dim"), label), Span(" "))
            first, *more = list(wrapped_words(text, max(10, cells - label - 6))) or [""]
            yield (*head, Span(first))
            yield from ((Span(" " * (label + 5)), Span(part)) for part in more)
