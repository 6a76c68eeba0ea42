"""A table over a long list that changes all the time; it draws only what is in sight."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from textual import events
from textual.message import Message

from mephisto_engine.operations.watching.selection import Selection
from mephisto_engine.operations.watching.snapshot import Window
from mephisto_tui.keymap import with_keys
from mephisto_tui.view.glyphs import CURSOR, DOWN, MARK, MARK_AND_CURSOR, MOVED, UP
from mephisto_tui.view.spans import BLANK, Line, Span, line, padded
from mephisto_tui.view.tables import GAP, MARGIN, AnySpec, Place, header, layout
from mephisto_tui.widgets.line_widget import LineWidget
from mephisto_tui.widgets.marks import Marks, RangeEnds, has_same_filter

NEW_SECONDS: Final = 2.0
"""How long a changed cell stays bold."""
HOLD_SECONDS: Final = 3.0
"""How long after the last cursor move rows keep their order."""
ORDER_SECONDS: Final = 0.9
"""Rows change places at most this often, a second by ticks that are not exact: a row that jumps
all the time cannot be read, and each time all of them are sent to the terminal."""
BUSY_ORDER_SECONDS: Final = 2.0
"""The same while many rows move."""
BUSY_ROWS: Final = 3
"""So many rows that moved at once are many."""
COUNT_SECONDS: Final = 0.9
"""How often the number of rows in the frame may change."""
EDGE_ROWS: Final = 10
"""How near the end of the loaded rows the view may come before more are asked for."""
WIDE: Final = 80
"""Cells from which on the frame has room for more than counts."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The part of a list that is at hand."""

    records: Sequence[Any] = ()
    offset: int = 0
    """Place of the first record in the whole list."""
    total: int = 0


class LiveTable(LineWidget, can_focus=True):
    """Selection follows the row's key, not its place; rows come as a window of a longer list."""

    class CursorMoved(Message):
        """The selection is another row now."""

        def __init__(self, table: LiveTable) -> None:
            super().__init__()
            self.table = table

    class WindowWanted(Message):
        """The view came near the edge of what is at hand: the rows from ``offset`` are needed."""

        def __init__(self, table: LiveTable, offset: int) -> None:
            super().__init__()
            self.table = table
            self.offset = offset

    def __init__(
        self, spec: AnySpec, *, id: str, is_framed: bool = True, rests_on_top: bool = False
    ) -> None:
        super().__init__(id=id)
        self.spec = spec
        self.is_framed = is_framed
        self._rests_on_top = rests_on_top
        """On the first place the cursor stays there, whichever row that becomes: the newest stays
        in sight. Not for tables from which something dangerous can be done to the selected row."""
        self.window = Window()
        """What the screen last wished for this table."""
        self.empty: list[Line] = []
        """Shown in place of rows when there are none."""
        self.is_frozen = False
        self.moved = 0
        """Rows that would stand elsewhere if the order were not held."""
        self.marks = Marks()
        self.unfiltered = 0
        """How many rows there were when no filter hid any; 0 while that is not known."""
        self._is_restarted = False
        self._title = spec.name.capitalize()
        self._rows = Rows()
        self._now = datetime.now(UTC)
        self._ticks = 0.0
        self._moved_at = self._ordered_at = -HOLD_SECONDS
        self._counted = 0
        self._counted_at = -COUNT_SECONDS
        self._order_seconds = ORDER_SECONDS
        self._top = 0
        self._cursor = 0
        self._cursor_key: int | None = None
        self._kept_key: int | None = None
        """Where the cursor is to stand as soon as there are rows."""
        self._cells: dict[int, tuple[Span, ...]] = {}
        self._new_until: dict[tuple[int, int], float] = {}

    def show(self, rows: Rows, now: datetime, ticks: float) -> None:
        """Take new rows; ``ticks`` is a monotonic time in seconds."""
        self._now, self._ticks = now, ticks
        is_cursor_used = ticks - self._moved_at < HOLD_SECONDS
        is_early = ticks - self._ordered_at < self._order_seconds
        if not self.is_filtered:
            self.unfiltered = rows.total
        present = self._rows
        self._rows = self._held(rows) if is_cursor_used or is_early else rows
        if self._rows is rows:
            self._ordered_at = ticks
            is_busy = self._newcomers(present, rows) > BUSY_ROWS
            self._order_seconds = BUSY_ORDER_SECONDS if is_busy else ORDER_SECONDS
        if self._rows is rows or not is_cursor_used:
            self.moved = 0
        self._forget_gone(present)
        self._follow_key()
        if ticks - self._counted_at >= COUNT_SECONDS or not self._counted:
            self._counted_at, self._counted = ticks, rows.total
        self.redraw()

    def apply_order(self) -> None:
        """End the hold: the next rows stand where they belong."""
        self._moved_at = self._ordered_at = -HOLD_SECONDS

    @property
    def is_filtered(self) -> bool:
        """Whether a filter may hide rows."""
        return bool(self.window.text or self.window.status)

    @property
    def selected(self) -> Any:
        """The record under the cursor; None while it is not at hand."""
        return self._record(self._cursor)

    @property
    def kept_key(self) -> int | None:
        """What `return_to` takes to come back here; None where the cursor rests on the top."""
        is_resting = self._rests_on_top and self._cursor == 0
        return None if is_resting else self._cursor_key

    def return_to(self, key: int) -> None:
        """Put the cursor on the row with this key once rows come, if it is among the first."""
        self._kept_key = key

    @property
    def total(self) -> int:
        return self._rows.total

    @property
    def marked(self) -> Selection:
        """The marked rows; by their keys, or by the filter that they all pass."""
        return self.marks.selection()

    @property
    def marked_count(self) -> int:
        """How many rows are marked, also those that are out of sight."""
        return self.marks.count(self._rows.total)

    @property
    def picked(self) -> Selection:
        """What a command for several rows is about: the marked ones, else the one under the cursor.

        Empty where there is neither.
        """
        if self.marks:
            return self.marked
        record = self.selected
        return Selection(frozenset(() if record is None else [self.spec.key(record)]))

    def toggle_mark(self) -> bool:
        """Mark the row under the cursor, or no longer, and go on; False if there is none."""
        record = self.selected
        if record is None:
            return False
        self.marks.toggle(self.spec.key(record))
        self.move(1)
        return True

    def mark_range(self) -> bool:
        """Mark the rows from the last mark to the cursor; False if an end is not at hand."""
        keys = [self.spec.key(record) for record in self._rows.records]
        return self.selected is not None and self.mark_between(keys, self.range_ends)

    @property
    def range_ends(self) -> RangeEnds:
        """Where a range begins and ends, as of now."""
        return RangeEnds(self.marks.last, self._cursor_key, self._cursor)

    def mark_between(self, keys: Sequence[int], ends: RangeEnds) -> bool:
        """Mark a range of ``keys``, the list in its order; False if it lacks an end."""
        is_marked = self.marks.add_between(keys, ends)
        self.redraw()
        return is_marked

    def toggle_all(self) -> None:
        """Mark all that the filter shows, at hand or not; or nothing, if that is so already."""
        if self.marks.is_all:
            self.marks.clear()
        else:
            self.marks.mark_all(self.window)
        self.redraw()

    def clear_marks(self) -> bool:
        """Mark nothing; whether there were marks."""
        had_marks = bool(self.marks)
        self.marks.clear()
        self.redraw()
        return had_marks

    def move(self, delta: int) -> None:
        self.move_to(self._cursor + delta)

    def move_page(self, pages: int) -> None:
        self.move(pages * max(1, self._visible - 1))

    def move_to_end(self, *, is_last: bool) -> None:
        self.move_to(self._rows.total - 1 if is_last else 0)

    def move_to(self, place: int) -> None:
        """Put the cursor on a place of the whole list."""
        first, last = 0, self._rows.total - 1
        if self.is_frozen:
            first, last = self._rows.offset, self._rows.offset + len(self._rows.records) - 1
        self._cursor = max(first, min(place, last))
        record = self.selected
        self._cursor_key = None if record is None else self.spec.key(record)
        self._moved_at = self._ticks
        self._keep_in_sight()
        self.redraw()
        self._ask_for_more()
        self.post_message(self.CursorMoved(self))

    def restart(self, window: Window) -> None:
        """Another filter or order: begin at the first row of it."""
        if self.marks.is_all and not has_same_filter(self.window, window):
            self.marks.clear()
        self.window = window
        self._is_restarted = True
        self._top = self._cursor = 0
        self._cursor_key = None
        self._counted_at = -COUNT_SECONDS
        self.apply_order()

    def lines(self, width: int, height: int) -> list[Line]:
        places = layout(self.spec.columns, width)
        head = header(self.spec, places, self.window.sort, self.window.is_descending)
        if not self._rows.total:
            self._cells = {}
            return [head, BLANK, *((Span("  "), *text) for text in self.empty)]
        before, self._cells = self._cells, {}
        self._forget_old()
        rows = (self._row(self._top + y, places, before) for y in range(height - 1))
        return [head, *rows]

    def selected_line(self) -> int | None:
        return self._cursor - self._top + 1 if self._rows.total else None

    def frame_title(self) -> Line:
        return (Span(self._title, "strong"), Span(f" {self._counted}"))

    def frame_note(self) -> Line:
        if not self._rows.total:
            return BLANK
        parts = [f"{self._cursor + 1} of {self._counted}"]
        if self.has_focus and self.size.width >= WIDE:
            parts += [f"sort {self.order_in_words}", with_keys("{list.mark} mark")]
        late = self._rows_to_look_at()
        if late:
            parts.insert(0, f"{late} need a look" if late > 1 else "1 needs a look")
        if self.is_filtered:
            parts.insert(0, "filtered")
        if self.marks:
            parts.insert(0, f"{self.marked_count} marked")
        if self.moved:
            parts.insert(0, f"{MOVED} {self.moved} moved")
        return line(" · ".join(parts), "warn" if self.moved or late else "dim")

    @property
    def order_in_words(self) -> str:
        """``age↓``, or what the rows' own order is called."""
        arrow = DOWN if self.window.is_descending else UP
        for column in self.spec.columns:
            if self.window.sort and column.sort == self.window.sort:
                return column.title.lower() + arrow
        return self.spec.own_order if self.window.is_descending else f"{self.spec.own_order}{UP}"

    def _rows_to_look_at(self) -> int:
        needs_look = self.spec.needs_look
        if needs_look is None:
            return 0
        return sum(needs_look(record, self._now) for record in self._rows.records)

    def _row(
        self, place: int, places: tuple[Place, ...], before: dict[int, tuple[Span, ...]]
    ) -> Line:
        record = self._record(place)
        if record is None:
            return line("  …", "dim") if place < self._rows.total else BLANK
        key, cells = self.spec.key(record), self.spec.cells(record, self._now)
        self._cells[key] = cells
        if key in before:
            self._note_changes(key, before[key], cells)
        parts = [self._gutter(key, place)]
        for column, _x, width in places:
            span = padded(cells[column], width, to_right=self.spec.columns[column].to_right)
            is_new = (key, column) in self._new_until
            parts += [span._replace(is_new=is_new), Span(" " * GAP)]
        return tuple(parts)

    def _gutter(self, key: int, place: int) -> Span:
        """Whether the row is marked, under the cursor, or both."""
        if key in self.marks:
            is_here = place == self._cursor
            return Span(MARK_AND_CURSOR, "accent") if is_here else Span(MARK, "warn")
        return Span(CURSOR if place == self._cursor else " " * MARGIN, "accent")

    def _note_changes(self, key: int, old: tuple[Span, ...], new: tuple[Span, ...]) -> None:
        for column, (before, after) in enumerate(zip(old, new, strict=True)):
            if before != after and not self.spec.columns[column].is_ticking:
                self._new_until[key, column] = self._ticks + NEW_SECONDS

    def _forget_old(self) -> None:
        for cell, until in list(self._new_until.items()):
            if until <= self._ticks:
                del self._new_until[cell]

    @property
    def _visible(self) -> int:
        """Rows in sight: all lines but the header."""
        return max(1, self.content_height - 1)

    def _record(self, place: int) -> Any:
        index = place - self._rows.offset
        return self._rows.records[index] if 0 <= index < len(self._rows.records) else None

    def _follow_key(self) -> None:
        """Keep the cursor on its row, and that row where it stands on the screen."""
        if self._rests_on_top and self._cursor == 0:
            self._cursor_key = None
        keys = [self.spec.key(record) for record in self._rows.records]
        if self._kept_key in keys:
            self._cursor_key = self._kept_key
        if keys:
            self._kept_key = None
        if self._cursor_key in keys:
            place = self._rows.offset + keys.index(self._cursor_key)
            # At the head of the list new rows push down; further on, the view moves along.
            self._top += (place - self._cursor) if self._top else 0
            self._cursor = place
        else:
            self._cursor = max(0, min(self._cursor, self._rows.total - 1))
            record = self.selected
            if record is not None:
                self._cursor_key = self.spec.key(record)
        self._keep_in_sight()
        self._ask_for_more()

    def _forget_gone(self, before: Rows) -> None:
        """Marks vanish with their rows; told only where the whole list is at hand."""
        is_restarted, self._is_restarted = self._is_restarted, False
        if is_restarted or not self.marks or len(self._rows.records) < self._rows.total:
            return
        present = {self.spec.key(record) for record in self._rows.records}
        self.marks.forget({self.spec.key(record) for record in before.records} - present)

    def _keep_in_sight(self) -> None:
        highest = max(0, self._rows.total - self._visible)
        self._top = min(self._top, self._cursor, highest)
        self._top = max(self._top, self._cursor - self._visible + 1, 0)

    def _ask_for_more(self) -> None:
        """Tell the screen when the rows in sight, or soon to be, are not at hand."""
        first, last = self._rows.offset, self._rows.offset + len(self._rows.records)
        is_near_start = first > 0 and self._top - EDGE_ROWS < first
        is_near_end = last < self._rows.total and self._top + self._visible + EDGE_ROWS > last
        if self.is_frozen or not (is_near_start or is_near_end):
            return
        spare = max(0, self.window.limit - self._visible) // 2
        offset = max(0, min(self._top - spare, self._rows.total - self.window.limit))
        if offset != self.window.offset:
            self.window = replace(self.window, offset=offset)
            self.post_message(self.WindowWanted(self, offset))

    def _newcomers(self, before: Rows, after: Rows) -> int:
        """How many of the first rows were not among them before; a first look has none."""
        if not before.records:
            return 0
        most = self._visible
        known = {self.spec.key(record) for record in before.records[:most]}
        return sum(self.spec.key(record) not in known for record in after.records[:most])

    def _held(self, rows: Rows) -> Rows:
        """The new records in the order of the present ones; newcomers come last."""
        if rows.offset != self._rows.offset or len(rows.records) > rows.total:
            return rows
        fresh = {self.spec.key(record): record for record in rows.records}
        present = [self.spec.key(record) for record in self._rows.records]
        order = [key for key in present if key in fresh]
        order += [key for key in fresh if key not in set(order)]
        self.moved = moved_between(order, list(fresh))
        if not self.moved:
            return rows
        return Rows([fresh[key] for key in order], rows.offset, rows.total)

    def on_click(self, event: events.Click) -> None:
        row = event.y - self.is_framed - 1
        if 0 <= row < self._visible and self._top + row < self._rows.total:
            self.move_to(self._top + row)

    def on_mouse_scroll_down(self) -> None:
        self.move(3)

    def on_mouse_scroll_up(self) -> None:
        self.move(-3)

    def on_resize(self, event: events.Resize) -> None:
        self._keep_in_sight()
        self._ask_for_more()
        self.redraw()


def moved_between(shown: Sequence[int], wanted: Sequence[int]) -> int:
    """How many rows have to move for one order to become the other; both have the same rows.

    All but those of the longest sequence that keeps its order (patience sorting).
    """
    places = {key: place for place, key in enumerate(shown)}
    piles: list[int] = []
    for place in (places[key] for key in wanted):
        pile = bisect_left(piles, place)
        piles[pile : pile + 1] = [place]
    return len(wanted) - len(piles)
