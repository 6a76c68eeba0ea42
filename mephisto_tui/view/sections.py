"""Sections of a unit as lines: every value safe, none so long that it hides the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, Final

from mephisto_engine.abstractions.review_view import (
    Check,
    Compared,
    Json,
    Moment,
    Section,
    Turn,
)
from mephisto_tui.keymap import with_keys
from mephisto_tui.safe_text import clean, count_codes, width
from mephisto_tui.view.glyphs import DONE, FAILED, LATE, WARNING
from mephisto_tui.view.grid import WIDEST_TERMINAL, grid_lines
from mephisto_tui.view.raw import laid_out
from mephisto_tui.view.reading import wrapped_words
from mephisto_tui.view.spans import BLANK, Line, Span, Tone, line, line_width, padded
from mephisto_tui.view.words import clock_time, plural, size

LONGEST_VALUE: Final = 4000
"""Characters of one value that are shown; `v` shows all of it."""
MOST_ROWS: Final = 500
FILE_KEYS: Final = "{review.open} open · {copy} copy path"
LABEL_CELLS: Final = 24
RESULTS: Final[dict[str, tuple[str, Tone]]] = {
    "passed": (DONE, "good"),
    "odd": (LATE, "warn"),
    "failed": (FAILED, "bad"),
}
EXPECTED: Final = "expected"
_MARGIN: Final = Span("  ")
_LONGEST_LIST: Final = 200
"""Characters of a list or a dict that stands on one line."""


def section_lines(
    sections: Sequence[Section], cells: int, file_keys: str = FILE_KEYS
) -> list[Line]:
    """All sections, a blank line between two; `file_keys` says what can be done with files."""
    lines: list[Line] = []
    for section in sections:
        lines += [BLANK] if lines else []
        lines.append(title_line(section, file_keys if cells <= WIDEST_TERMINAL else ""))
        lines += body_lines(section, cells)
    return lines


def fault_line(text: str, cells: int) -> Line:
    """Why the sections are not as their blueprint would have them."""
    return line(f" {WARNING} {clean(text, max(20, cells - 4))}", "warn")


def title_line(section: Section, file_keys: str = "") -> Line:
    """A section's title, and what there is to say of it as a whole."""
    return (Span(f" {clean(section.title, 60)}", "accent"), *_remark(section, file_keys))


def _remark(section: Section, file_keys: str) -> Line:
    """What stands beside the title."""
    if section.kind == "files":
        return (Span(with_keys("   " + file_keys), "dim"),) if file_keys else ()
    if section.kind != "comparison":
        return ()
    right = sum(row.is_right for row in section.rows)
    return (Span(f"   {right} of {len(section.rows)} right", "dim"),)


def body_lines(section: Section, cells: int) -> list[Line]:
    """A section without its title."""
    if section.kind == "json":
        return long_text(_as_json(section), cells)
    if section.kind == "grid":
        return grid_lines(section.columns, section.rows[:MOST_ROWS], as_text, cells) + _more(
            section.rows
        )
    if section.kind == "pairs":
        label = _label_room((name for name, _ in section.rows), cells)
        return _each(section.rows, partial(_pair, label), cells)
    if section.kind == "transcript":
        label = _label_room((turn.who for turn in section.turns), cells)
        return _each(section.turns, partial(_turn, label), cells)
    if section.kind == "comparison":
        label = max(_label_room((row.name for row in section.rows), cells), len(EXPECTED))
        return _each(section.rows, partial(_compared, label), cells)
    if section.kind == "checks":
        return list(_side_by_side(_each(section.rows, _check, cells), cells))
    if section.kind == "timeline":
        first = section.moments[0].at if section.moments else None
        return list(_side_by_side(_each(section.moments, partial(_moment, first), cells), cells))
    return _each(section.files, _file, cells)


def _each(rows: Sequence[Any], draw: Callable[[Any, int], list[Line]], cells: int) -> list[Line]:
    lines = [part for row in rows[:MOST_ROWS] for part in draw(row, cells)]
    return [*lines, *_more(rows)] or [line("  nothing", "dim")]


def _more(rows: Sequence[Any]) -> list[Line]:
    left = len(rows) - MOST_ROWS
    return [line(f"  … {left} more" + with_keys("; {raw} shows all"), "dim")] if left > 0 else []


def _label_room(names: Iterable[Any], cells: int) -> int:
    """Cells that the names of rows take: at most a third, so that the values have room too."""
    most = max(LABEL_CELLS, cells // 3)
    shown = (width(clean(str(name), most)) for name in islice(names, MOST_ROWS))
    return max(shown, default=0)


def _pair(label: int, row: tuple[str, Any], cells: int) -> list[Line]:
    return _beside((_MARGIN,), row[0], label, row[1], cells)


def _turn(label: int, turn: Turn, cells: int) -> list[Line]:
    at = () if turn.at is None else (Span(f"  {clock_time(turn.at)}", "dim"),)
    lines = _beside((*at, _MARGIN), turn.who, label, turn.text, cells)
    return [toned(part, "bad") for part in lines] if turn.is_bad else lines


def _compared(label: int, row: Compared, cells: int) -> list[Line]:
    mark, tone = RESULTS["passed" if row.is_right else "failed"]
    lines = _beside((_MARGIN, Span(f"{mark} ", tone)), row.name, label, row.got, cells)
    if row.is_right:
        return lines
    wanted = _beside((_MARGIN, Span("  ")), EXPECTED, label, row.wanted, cells)
    return [*lines, *(toned(part, "good") for part in wanted)]


def _beside(head: Line, name: str, label: int, value: Any, cells: int) -> list[Line]:
    """A value, wrapped, beside a name; what goes before the name is on the first line alone."""
    before = line_width(head)
    first, *rest = long_text(as_text(value), max(10, cells - before - label - 2))
    gap = Span(" " * (before + label + 1))
    shown = padded(Span(clean(str(name), label), "dim"), label)
    return [(*head, shown, Span(" "), *first), *((gap, *more) for more in rest)]


def toned(spans: Line, tone: Tone) -> Line:
    """The line with its plain pieces in a tone."""
    return tuple(span if span.tone else span._replace(tone=tone) for span in spans)


def _check(check: Check, cells: int) -> list[Line]:
    mark, tone = RESULTS.get(check.result, RESULTS["odd"])
    return _marked((_MARGIN, Span(f"{mark} ", tone)), check.text, cells)


def _moment(first: datetime | None, moment: Moment, cells: int) -> list[Line]:
    """When and what; with the day, where it is not that of the first."""
    at, begun = moment.at.astimezone(), (first or moment.at).astimezone()
    day = "" if at.date() == begun.date() else f"{at:%m-%d} "
    head = (_MARGIN, Span(f"{day}{clock_time(moment.at)} ", "dim"))
    lines = _marked(head, moment.text, cells)
    return [toned(part, "bad") for part in lines] if moment.is_bad else lines


def _marked(head: Line, text: str, cells: int) -> list[Line]:
    before = line_width(head)
    first, *rest = list(wrapped_words(text[:LONGEST_VALUE], max(10, cells - before))) or [""]
    return [(*head, Span(first)), *((Span(" " * before), Span(part)) for part in rest)]


def _side_by_side(lines: Sequence[Line], cells: int) -> Iterator[Line]:
    """Two short lines in a row become one, where the terminal is wide enough for both."""
    half = cells // 2 if cells <= WIDEST_TERMINAL else 0
    left: Line | None = None
    for part in lines:
        if left is not None and line_width(part) <= half:
            yield (*left, Span(" " * (half - line_width(left))), *part)
            left = None
            continue
        if left is not None:
            yield left
        is_short = line_width(part) <= half - 2 and part[:1] == (_MARGIN,)
        left = part if is_short else None
        if not is_short:
            yield part
    if left is not None:
        yield left


def long_text(text: str, cells: int) -> list[Line]:
    """Wrapped text; what is cut off, and what could have steered the terminal, is said."""
    longest = LONGEST_VALUE if cells <= WIDEST_TERMINAL else len(text)
    shown = wrapped_words(text[:longest], max(1, cells - 1))
    lines = [line(f" {part}") for part in shown] or [line("")]
    if len(text) > longest:
        lines.append(
            line(f" … {len(text):,} characters in all" + with_keys("; {raw} shows them"), "dim")
        )
    codes = count_codes(text[:longest])
    if codes:
        lines.append(line(f" {WARNING} {plural(codes, 'control code')} shown", "warn"))
    return lines


def _file(file: tuple[str, str, int], cells: int) -> list[Line]:
    name, path, number = file
    head = (Span(f"  {clean(name, 40)}  "), Span(f"{size(number)}  "))
    return [(*head, Span(clean(path, 200), "dim"))]


def as_text(value: Any) -> str:
    """A value as it reads: short lists and dicts on one line, others as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, dict | list):
        return str(value)
    return _on_one_line(value) or _dumped(value)


def _on_one_line(value: dict[Any, Any] | list[Any]) -> str:
    """Plain values one after the other; empty if there are others among them, or many."""
    if len(value) > _LONGEST_LIST:
        return ""  # each takes a character at least
    parts = value.values() if isinstance(value, dict) else value
    if not value or any(isinstance(part, dict | list) for part in parts):
        return ""
    if isinstance(value, dict):
        text = ", ".join(f"{name}: {as_text(part)}" for name, part in value.items())
    else:
        text = ", ".join(map(as_text, value))
    return text if len(text) <= _LONGEST_LIST else ""


def _as_json(section: Json) -> str:
    return section.value if isinstance(section.value, str) else _dumped(section.value)


def _dumped(value: Any) -> str:
    try:
        return laid_out(value)
    except RecursionError:
        return with_keys("nested too deeply to be laid out; {raw} shows it as it came")
