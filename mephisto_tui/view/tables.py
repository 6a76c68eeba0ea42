"""What a table shows: its columns, and how they share the width there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, NamedTuple, TypeVar

from mephisto_tui.view.spans import Line, Span, padded

Record = TypeVar("Record")

GAP: Final = 1
MARGIN: Final = 1
"""The cell left of the first column, where the cursor is drawn."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: how wide, how aligned, and when there is room for it."""

    title: str
    cells: int
    to_right: bool = False
    sort: str = ""
    """The row's attribute that the engine sorts by; empty: not sortable."""
    is_ticking: bool = False
    """Its text changes by time alone, so a change is nothing to point at."""
    is_flexible: bool = False
    """Takes what the others leave; ``cells`` is then its least width."""
    from_width: int = 0
    """Shown only in tables at least so wide."""


@dataclass(frozen=True)
class TableSpec(Generic[Record]):
    """A kind of table: columns, and from a record its key and its cells."""

    name: str
    columns: tuple[Column, ...]
    key: Callable[[Record], int]
    cells: Callable[[Record, datetime], tuple[Span, ...]]
    statuses: tuple[str, ...] = ()
    """What ``status:`` may be in the filter; empty: these rows have none."""
    own_order: str = ""
    """The order in which the rows come when nobody sorts them, in a word."""
    needs_look: Callable[[Record, datetime], bool] | None = None
    """Whether something about the row wants an operator's eye."""

    def sortable(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.sort)


AnySpec = TableSpec[Any]


class Place(NamedTuple):
    """Where a column is drawn."""

    column: int
    x: int
    cells: int


def layout(columns: tuple[Column, ...], width: int) -> tuple[Place, ...]:
    """The columns that fit into ``width`` cells, and where; the flexible one takes the rest."""
    shown = [index for index, column in enumerate(columns) if column.from_width <= width]
    fixed = MARGIN + sum(columns[index].cells for index in shown) + GAP * (len(shown) - 1)
    flexible = [index for index in shown if columns[index].is_flexible]
    spare = max(0, width - fixed)
    places, x = [], MARGIN
    for index in shown:
        cells = columns[index].cells
        if index in flexible:
            share = spare // len(flexible) if index != flexible[-1] else spare
            spare -= share
            flexible.remove(index)
            cells += share
        if x + cells > width:
            break
        places.append(Place(index, x, cells))
        x += cells + GAP
    return tuple(places)


def header(spec: AnySpec, places: tuple[Place, ...], sort: str, is_descending: bool) -> Line:
    """The titles in their places; the sorted one carries an arrow."""
    arrow = "↓" if is_descending else "↑"
    parts = [Span(" " * MARGIN)]
    for place in places:
        column = spec.columns[place.column]
        is_sorted = bool(sort) and column.sort == sort
        title = column.title + arrow if is_sorted else column.title
        span = Span(title, "strong" if is_sorted else "dim")
        parts += [padded(span, place.cells, to_right=column.to_right), Span(" " * GAP)]
    return tuple(parts)
