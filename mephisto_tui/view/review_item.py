"""The units of one item beside each other: the same fields aligned, differences marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from mephisto_engine.abstractions.review_view import PROMPT, Pairs, Section
from mephisto_tui.keymap import with_keys
from mephisto_tui.safe_text import clean, width
from mephisto_tui.view.decisions import MARKS, PAST
from mephisto_tui.view.glyphs import HERE, MARK, UNLIKE, WARNING
from mephisto_tui.view.sections import (
    FILE_KEYS,
    LABEL_CELLS,
    as_text,
    body_lines,
    long_text,
    section_lines,
    title_line,
    toned,
)
from mephisto_tui.view.side_by_side import GAP, side_by_side
from mephisto_tui.view.spans import BLANK, Line, Span, Tone, line, line_width, padded
from mephisto_tui.view.words import duration, plural

if TYPE_CHECKING:
    from mephisto_engine.operations.reviewing.review_detail import ItemUnit

NARROWEST: Final = 26
"""Cells of a column below which units stand one below the other."""
FEWEST_COLUMNS: Final = 3
"""With room for fewer columns than that, and than there are units, units are stacked too."""
MOST_STACKED: Final = 8
MOST_FIELDS: Final = 200
MOST_COUNTED: Final = 500
"""Fields of one section that are compared."""
AGREEMENT_CELLS: Final = 6
LONGEST_LABEL: Final = 40
"""Characters of an answer above which it is a text, which nobody expects to be like another."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An item's units as they are looked at."""

    units: Sequence[ItemUnit]
    here: int
    """The unit that the keys are about."""
    staged: Mapping[int, str]
    """Unit → the verdict that is staged; empty while nothing is. Others are not in the queue."""
    marked: frozenset[int] = frozenset()

    def around(self, number: int) -> Sequence[ItemUnit]:
        """So many of the units, the one at hand among them."""
        place = next(
            (n for n, unit in enumerate(self.units) if unit.record.unit.id == self.here), 0
        )
        first = max(0, min(place - number // 2, len(self.units) - number))
        return self.units[first : first + number]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of all units of an item, and what most of them say."""

    name: str
    values: Mapping[int, Any]
    """Unit → its value; units that lack the field are not there."""
    usual: str | None
    """What more units say than say anything else, as `value_key` has it, if there is such."""
    likes: int
    """How many agree with the most frequent value."""
    is_text: bool
    """Whether it is prose: everybody wrote their own, and some wrote more than a label."""

    @classmethod
    def of(cls, name: str, values: Mapping[int, Any]) -> Field:
        """Count what the units say."""
        keys = list(map(value_key, values.values()))
        counts = Counter(keys).most_common(2)
        number = counts[0][1] if counts else 0
        is_alone = len(counts) == 1 or (len(counts) == 2 and number > counts[1][1])
        usual = counts[0][0] if counts and is_alone else None
        is_text = number == 1 and any(len(key) > LONGEST_LABEL for key in keys)
        return cls(name, values, usual, number, is_text)

    @property
    def is_agreed(self) -> bool:
        return self.likes == len(self.values)

    def is_unlike(self, unit_id: int) -> bool:
        """Whether a unit's value stands out, among labels."""
        if self.is_agreed or self.is_text or unit_id not in self.values:
            return False
        return self.usual is None or value_key(self.values[unit_id]) != self.usual

    @property
    def agreement(self) -> Span:
        """How many of those who answered agree."""
        return Span(f"{self.likes}/{len(self.values)}", "dim" if self.is_agreed else "warn")


def of_one_alone(seen: Seen, sections: Sequence[Section], cells: int) -> list[Line]:
    """What is known of the unit at hand and was not read of the others, such as its checks."""
    known = {(type(part), part.title) for unit in seen.units for part in unit.sections}
    lines: list[Line] = []
    for part in sections:
        if (type(part), part.title) not in known:
            title = (*title_line(part, FILE_KEYS), Span(f"   of unit {seen.here}", "dim"))
            lines += [BLANK, title, *body_lines(part, cells)]
    return lines


def item_lines(seen: Seen, cells: int) -> list[Line]:
    """What was to be done, and each unit's answer: in columns where there is room for two."""
    shared, own = _parted(seen.units)
    rows = {key: _fields(parts) for key, parts in own.items() if key[0] is Pairs}
    fields = [field for found in rows.values() for field in found]
    label = min(max((width(clean(field.name)) for field in fields), default=0), LABEL_CELLS)
    label += AGREEMENT_CELLS + 2
    columns = (cells - label) // (NARROWEST + GAP)
    has_columns = columns >= min(len(seen.units), FEWEST_COLUMNS)
    shown = seen.around(columns if has_columns else MOST_STACKED)
    lines = [*section_lines(shared, cells), *([BLANK] if shared else [])]
    lines.append(_summary(seen, shown, fields))
    make = _columns if has_columns else _stacked
    layout = Layout(seen, shown, cells, label)
    lines += make(layout, None)
    for key, parts in own.items():
        lines += [BLANK, title_line(parts[0][1], FILE_KEYS)]
        for field in rows.get(key, ())[:MOST_FIELDS]:
            lines += make(layout, field)
        if key not in rows:
            lines += _bodies(layout, dict(parts), is_stacked=not has_columns)
        elif len(rows[key]) > MOST_FIELDS:
            lines.append(
                line(
                    f"  … {len(rows[key]) - MOST_FIELDS:,} more" + with_keys("; {raw} shows all"),
                    "dim",
                )
            )
    return lines


Parts = list[tuple[int, Section]]
"""Units, each with its section of one title."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which units are shown, and the room there is for them."""

    seen: Seen
    shown: Sequence[ItemUnit]
    cells: int
    label: int
    """Cells of the fields' names with their agreement, where units stand in columns."""

    @property
    def column(self) -> int:
        """Cells of one unit's column."""
        return (self.cells - self.label) // max(2, len(self.shown)) - GAP


def _parted(units: Sequence[ItemUnit]) -> tuple[list[Section], dict[tuple[type, str], Parts]]:
    """What was to be done, if it is the same for all; and the other sections by type and title."""
    found: dict[tuple[type, str], Parts] = {}
    for unit in units:
        for section in unit.sections:
            key = (type(section), section.title)
            found.setdefault(key, []).append((unit.record.unit.id, section))
    shared = [
        parts[0][1]
        for (_, title), parts in found.items()
        if title == PROMPT and all(_is_same(parts[0][1], section) for _, section in parts)
    ]
    return shared, {
        key: parts for key, parts in found.items() if not any(parts[0][1] is one for one in shared)
    }


def _fields(parts: Parts) -> list[Field]:
    """The fields of all units, in the order in which they come up first."""
    values: dict[str, dict[int, Any]] = {}
    for unit_id, section in parts:
        for name, value in section.rows[:MOST_COUNTED] if isinstance(section, Pairs) else ():
            values.setdefault(str(name), {})[unit_id] = value
    return [Field.of(name, given) for name, given in values.items()]


def _summary(seen: Seen, shown: Sequence[ItemUnit], fields: Sequence[Field]) -> Line:
    """How many units there are, and on how much they agree."""
    number = len(seen.units)
    spans = [Span(f" {plural(number, 'unit')} of this item", "strong")]
    labels = [field for field in fields if len(field.values) > 1 and not field.is_text]
    if labels:
        agreed = sum(field.is_agreed for field in labels)
        tone: Tone = "good" if agreed == len(labels) else "warn"
        spans.append(Span(f" · agreement on {agreed} of {plural(len(labels), 'field')}", tone))
    if len(shown) < number:
        first = next(place for place, unit in enumerate(seen.units) if unit is shown[0]) + 1
        keys = with_keys("{review.next} {review.previous} move on")
        words = f" · shown: {first} to {first + len(shown) - 1}, {keys}"
        spans.append(Span(words, "dim"))
    return tuple(spans)


def _columns(layout: Layout, field: Field | None) -> list[Line]:
    """A field in the column of each unit; without a field, the heads of the columns."""
    if field is None:
        first: list[Line] = []
        columns = [list(_head(layout.seen, unit)) for unit in layout.shown]
    else:
        name = padded(Span(f"  {clean(field.name, LABEL_CELLS)}", "dim"), layout.label - 6)
        first = [(name, padded(field.agreement, 5, to_right=True))]
        columns = [list(_value(field, unit.record.unit.id, layout.column)) for unit in layout.shown]
    widths = [layout.label, *([layout.column] * len(columns))]
    return list(side_by_side([first, *columns], widths))


def _stacked(layout: Layout, field: Field | None) -> list[Line]:
    """A field with each unit's value below it; without a field, which units there are."""
    if field is None:
        return [tuple(part for head in _head(layout.seen, unit) for part in (*head, Span("  ")))
                for unit in layout.shown]  # fmt: skip
    name = clean(field.name, layout.label - AGREEMENT_CELLS)
    title = (padded(Span(f"  {name}", "dim"), layout.label - AGREEMENT_CELLS + 2), field.agreement)
    if field.is_agreed and len(field.values) == len(layout.seen.units):
        said = _value(field, layout.seen.here, layout.cells - layout.label - 2)
        gap = (Span(" " * line_width(title)),)
        return [(*(gap if n else title), *part) for n, part in enumerate(said)]
    lines: list[Line] = [title]
    names = [clean(unit.record.worker_name or "-", 14) for unit in layout.shown]
    room = max(map(width, names), default=0)
    for unit, name in zip(layout.shown, names, strict=True):
        unit_id = unit.record.unit.id
        is_here = unit_id == layout.seen.here
        pointer = Span(f"  {HERE if is_here else ' '} ", "accent")
        head = (pointer, padded(Span(name, "strong" if is_here else ""), room + 1))
        gap = (Span(" " * (room + 5)),)
        for place, part in enumerate(_value(field, unit_id, layout.cells - room - 6)):
            lines.append((*(gap if place else head), *part))
    return lines


def _bodies(layout: Layout, parts: Mapping[int, Section], *, is_stacked: bool) -> Iterator[Line]:
    """Sections that have no fields: a column for each unit, or one below the other."""
    if not is_stacked:
        columns = [
            body_lines(parts[number], layout.column)
            if (number := unit.record.unit.id) in parts
            else [line("-", "dim")]
            for unit in layout.shown
        ]
        yield from side_by_side([[], *columns], [layout.label, *([layout.column] * len(columns))])
        return
    for unit in layout.shown:
        if unit.record.unit.id in parts:
            yield next(_head(layout.seen, unit))
            yield from body_lines(parts[unit.record.unit.id], layout.cells)


def _head(seen: Seen, unit: ItemUnit) -> Iterator[Line]:
    """Two lines: which unit by whom, and what was decided about it."""
    record = unit.record
    number = record.unit.id
    is_here = number == seen.here
    pointer = f"{MARK if number in seen.marked else ' '}{HERE if is_here else ' '}"
    name = f"{number} {clean(record.worker_name or '-', 16)}"
    yield (Span(pointer, "accent"), Span(name, "strong" if is_here else ""))
    verdict = seen.staged.get(number)
    known = record.unit.status if verdict is None else verdict
    glyph, tone = MARKS.get(known, MARKS[""])
    words = PAST.get(known, "undecided")
    said = f"{words}, staged" if verdict else words
    taken = ""
    if record.submitted_at is not None and record.started_at is not None:
        taken = f" · {duration((record.submitted_at - record.started_at).total_seconds())}"
    warning = (Span(f" {WARNING}", "warn"),) if unit.fault else ()
    yield (Span("  "), Span(glyph, tone), Span(f" {said}{taken}", "dim"), *warning)


def _value(field: Field, unit_id: int, cells: int) -> Iterator[Line]:
    """What a unit says in a field; marked where others say something else."""
    if unit_id not in field.values:
        yield (Span("  -", "dim"),)
        return
    is_unlike = field.is_unlike(unit_id)
    mark = Span(UNLIKE if is_unlike else " ", "warn")
    for part in long_text(as_text(field.values[unit_id]), cells - 1):
        yield (mark, *(toned(part, "warn") if is_unlike else part))
        mark = Span(" ")


def _is_same(one: Section, other: Section) -> bool:
    """Whether two sections are equal; those too deep to compare are not."""
    try:
        return one == other
    except RecursionError:
        return False


def value_key(value: Any) -> str:
    """The same text for equal values."""
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:
        # Too deep, or a number too large; deep values are not worth the time to compare.
        return str(value) if isinstance(value, int | float) else f"object {id(value)}"
