"""The log: newest line on top, standing still once one has moved down in it."""

from __future__ import annotations

from collections.abc import Sequence

from mephisto_engine.operations.watching.snapshot import LogRow
from mephisto_tui.keymap import with_keys
from mephisto_tui.view.empty import filtered_out
from mephisto_tui.view.filtering import Filter, log_matches
from mephisto_tui.view.log_lines import log_line
from mephisto_tui.view.spans import Line, Span, line
from mephisto_tui.view.words import plural
from mephisto_tui.widgets.line_widget import LineWidget


class LogPane(LineWidget, can_focus=True):
    """Follows the newest line until one moves down; then it holds the line on top."""

    is_framed = True

    def __init__(self, *, id: str, title: str, has_run: bool = False) -> None:
        super().__init__(id=id)
        self._title = title
        self._has_run = has_run
        self._rows: list[LogRow] = []
        self._all: Sequence[LogRow] = ()
        self._wish = Filter()
        self._held: int | None = None
        """Id of the line that stays on top; None: the newest, whichever it is."""

    @property
    def top_row(self) -> LogRow | None:
        """The line on top, which is the one to copy."""
        return self._rows[self._top] if self._rows else None

    def show(self, rows: Sequence[LogRow]) -> None:
        self._all = rows
        self._rows = [row for row in reversed(rows) if log_matches(row, self._wish)]
        self.redraw()

    def retitle(self, title: str) -> None:
        self._title = title
        self.redraw()

    def narrow(self, wish: Filter) -> None:
        self._wish = wish
        self._held = None
        self.show(self._all)

    def move(self, delta: int) -> None:
        top = min(max(0, self._top + delta), max(0, len(self._rows) - self.content_height))
        self._held = self._rows[top].id if top else None
        self.redraw()

    def move_page(self, pages: int) -> None:
        self.move(pages * max(1, self.content_height - 1))

    def move_to_end(self, *, is_last: bool) -> None:
        self.move(len(self._rows) if is_last else -len(self._rows))

    @property
    def _top(self) -> int:
        if self._held is None:
            return 0
        # Ids only grow and the newest is first, so the line, or its elder, is found by order.
        newer = sum(row.id > self._held for row in self._rows)
        return min(newer, max(0, len(self._rows) - 1))

    def lines(self, width: int, height: int) -> list[Line]:
        if not self._rows:
            if self._all:
                return [(Span(" "), *filtered_out(len(self._all), "event"))]
            return [line(" no events yet", "dim")]
        shown = self._rows[self._top : self._top + height]
        return [(Span(" "), *log_line(row, has_run=self._has_run)) for row in shown]

    def frame_title(self) -> Line:
        return line(self._title, "strong")

    def frame_note(self) -> Line:
        errors = sum(row.level == "error" for row in self._all)
        state = "following"
        if self._top:
            above = plural(self._top, "newer line")
            state = f"{above} above, " + with_keys("{move.first} follows")
        counted = f" · {plural(errors, 'error')}" if errors else ""
        hidden = len(self._all) - len(self._rows)
        counted += f" · {hidden} hidden" if hidden and self._rows else ""
        return line(
            f"{state}{counted}" + with_keys(" · {list.filter} filter"),
            "warn" if self._top else "dim",
        )
