"""A list with headings and a cursor that passes over them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from mephisto_tui.view.glyphs import CURSOR
from mephisto_tui.view.spans import BLANK, Line, Row, Span, line
from mephisto_tui.widgets.line_widget import LineWidget


class CursorList(LineWidget, can_focus=True):
    """The cursor keeps to the key of its row when the rows change."""

    is_framed = True

    class Moved(Message):
        """The cursor is on another row."""

    def __init__(self, *, id: str, title: Line = BLANK, noun: str = "row") -> None:
        super().__init__(id=id)
        self._title = title
        self._noun = noun
        self._rows: list[Row] = []
        self._cursor = 0
        self._top = 0

    @property
    def selected(self) -> str:
        """Key of the row under the cursor; empty when there is none."""
        return self._rows[self._cursor].key if self._cursor < len(self._rows) else ""

    @property
    def keys(self) -> list[str]:
        """Keys of all rows, in order."""
        return [row.key for row in self._rows if row.key]

    @property
    def line_of_cursor(self) -> int:
        """How many lines below the widget's upper edge the cursor stands."""
        return self._cursor - self._top + self.is_framed

    def show(self, rows: Sequence[Row]) -> None:
        former, place = self.selected, self._cursor
        self._rows = list(rows)
        at = next((index for index, row in enumerate(rows) if row.key == former), None)
        self._set(at if former and at is not None else place)

    def go_to(self, key: str) -> None:
        at = next((index for index, row in enumerate(self._rows) if row.key == key), None)
        if at is not None:
            self._set(at)

    def move(self, delta: int) -> None:
        step = 1 if delta > 0 else -1
        place, left = self._cursor, abs(delta)
        while left and 0 <= place + step < len(self._rows):
            place += step
            left -= bool(self._rows[place].key)
        self._set(place, step)

    def move_page(self, pages: int) -> None:
        place = self._cursor + pages * max(1, self.content_height - 1)
        self._set(max(0, min(place, len(self._rows) - 1)), 1 if pages > 0 else -1)

    def move_to_end(self, *, is_last: bool) -> None:
        self._set(len(self._rows) - 1 if is_last else 0, -1 if is_last else 1)

    def _set(self, place: int, step: int = 1) -> None:
        """Put the cursor on the row at ``place``, or on the nearest that can carry it."""
        former = self.selected
        ahead = self._next_with_key(place, step)
        self._cursor = ahead if ahead is not None else self._next_with_key(place, -step) or 0
        self._scroll()
        self.redraw()
        if self.selected != former:
            self.post_message(self.Moved())

    def _next_with_key(self, place: int, step: int) -> int | None:
        place = max(0, min(place, len(self._rows) - 1))
        while 0 <= place < len(self._rows):
            if self._rows[place].key:
                return place
            place += step
        return None

    def _scroll(self) -> None:
        height = max(1, self.content_height)
        first = self._cursor
        while first and not self._rows[first - 1].key:
            first -= 1  # the heading above comes along
        if first < self._top:
            self._top = first
        self._top = max(self._top, self._cursor - height + 1)
        self._top = max(0, min(self._top, len(self._rows) - height))

    def lines(self, width: int, height: int) -> list[Line]:
        self._scroll()
        return [
            (Span(CURSOR if place == self._cursor and row.key else " ", "accent"), *row.line)
            for place, row in enumerate(self._rows[self._top : self._top + height], self._top)
        ]

    def selected_line(self) -> int | None:
        return self._cursor - self._top if self.selected else None

    def frame_title(self) -> Line:
        return self._title

    def frame_note(self) -> Line:
        keys = self.keys
        if len(self._rows) <= self.content_height or not self.selected:
            return BLANK
        return line(f"{keys.index(self.selected) + 1} of {len(keys)}", "dim")
