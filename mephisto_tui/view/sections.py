"""Sections of a submitted unit as lines: every value safe, none so long that it hides the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from mephisto_engine.abstractions.review_view import (
    Comparison,
    Files,
    Grid,
    Json,
    Pairs,
    Section,
    Transcript,
)
from mephisto_tui.safe_text import clean, is_harmless, width
from mephisto_tui.view.glyphs import WARNING
from mephisto_tui.view.raw import json_text
from mephisto_tui.view.reading import wrapped_words
from mephisto_tui.view.spans import BLANK, Line, Span, line, padded

LONGEST_VALUE: Final = 4000
"""Characters of one value that are shown; `v` shows all of it."""
MOST_ROWS: Final = 500
LABEL_CELLS: Final = 24
_INDENT: Final = 2


def section_lines(sections: Sequence[Section], cells: int) -> list[Line]:
    """All sections, a blank line between two."""
    lines: list[Line] = []
    for section in sections:
        lines += [BLANK] if lines else []
        lines.append(line(f" {clean(section.title, 60)}", "accent"))
        lines += _body(section, cells)
    return lines


def _body(section: Section, cells: int) -> list[Line]:
    if isinstance(section, Pairs):
        return _pairs(section.rows, cells)
    if isinstance(section, Transcript):
        return _pairs(section.turns, cells)
    if isinstance(section, Comparison):
        return [part for row in section.rows[:MOST_ROWS] for part in _compared(*row, cells)]
    if isinstance(section, Grid):
        return _grid(section, cells)
    if isinstance(section, Files):
        return [_file(*item) for item in section.files[:MOST_ROWS]]
    return _long_text(_as_json(section), cells)


def _pairs(rows: Sequence[tuple[str, Any]], cells: int) -> list[Line]:
    shown = [(clean(str(name), LABEL_CELLS), value) for name, value in rows[:MOST_ROWS]]
    label = max((width(name) for name, _ in shown), default=0)
    lines: list[Line] = []
    for name, value in shown:
        lines += _pair(name, label, value, cells)
    if len(rows) > MOST_ROWS:
        lines.append(line(f"  … {len(rows) - MOST_ROWS} more; v shows all", "dim"))
    return lines or [line("  nothing", "dim")]


def _pair(name: str, label: int, value: Any, cells: int) -> list[Line]:
    room = max(10, cells - label - _INDENT - 3)
    first, *rest = _long_text(_as_text(value), room)
    head = Span(" " * _INDENT), padded(Span(name, "dim"), label), Span(" ")
    gap = Span(" " * (label + _INDENT + 1))
    return [(*head, *first), *((gap, *more) for more in rest)]


def _long_text(text: str, cells: int) -> list[Line]:
    """Wrapped text; what is cut off, and what could have steered the terminal, is said."""
    shown = wrapped_words(text[:LONGEST_VALUE], max(1, cells - 1))
    lines = [line(f" {part}") for part in shown] or [line("")]
    if len(text) > LONGEST_VALUE:
        lines.append(line(f" … {len(text):,} characters in all; v shows them", "dim"))
    codes = sum(
        not is_harmless(letter) for letter in text[:LONGEST_VALUE] if letter not in "\n\r\t"
    )
    if codes:
        plural = "s" if codes > 1 else ""
        lines.append(line(f" {WARNING} {codes} control code{plural} shown", "warn"))
    return lines


def _compared(name: str, wanted: Any, got: Any, cells: int) -> Iterator[Line]:
    is_right = wanted == got
    yield line(f"  {clean(str(name), cells - 4)}", "dim")
    for mark, value, tone in (("=", wanted, "dim"), ("·", got, "good" if is_right else "bad")):
        for part in _long_text(_as_text(value), cells - 6):
            yield (Span(f"   {mark} ", "good" if tone == "good" else "dim"), *part)


def _grid(section: Grid, cells: int) -> list[Line]:
    titles = [clean(str(title), LABEL_CELLS) for title in section.columns]
    rows = [[clean(_as_text(value), LABEL_CELLS) for value in row] for row in section.rows]
    rows = rows[:MOST_ROWS]
    widths = [
        max([width(title), *(width(row[place]) for row in rows if place < len(row))])
        for place, title in enumerate(titles)
    ]
    return [_row(titles, widths, is_title=True), *(_row(row, widths) for row in rows)]


def _row(cells: Sequence[str], widths: Sequence[int], *, is_title: bool = False) -> Line:
    tone = "dim" if is_title else ""
    parts = [
        padded(Span(text, "dim" if tone else ""), room)
        for text, room in zip(cells, widths, strict=False)
    ]
    return (Span("  "), *(item for part in parts for item in (part, Span("  "))))


def _file(name: str, path: str, size: int) -> Line:
    return (
        Span(f"  {clean(name, 40)}  "),
        Span(f"{size:,} bytes  "),
        Span(clean(path, 200), "dim"),
    )


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return "-"
    return _dumped(value) if isinstance(value, dict | list) else str(value)


def _as_json(section: Json) -> str:
    return section.value if isinstance(section.value, str) else _dumped(section.value)


def _dumped(value: Any) -> str:
    try:
        return json_text(value)
    except RecursionError:
        return "nested too deeply to be laid out; v shows it as it came"
