"""A page whose lines may lead further, and that follows what is being said."""

from __future__ import annotations

from collections.abc import Callable

from mephisto_tui.keymap import with_keys
from mephisto_tui.view.glyphs import CURSOR
from mephisto_tui.view.spans import BLANK, Line, Row, Span, line
from mephisto_tui.view.words import plural
from mephisto_tui.widgets.page import Page

MakeRows = Callable[[int], list[Row]]
"""Width in cells → rows."""


class LinkedPage(Page):
    """The cursor goes from one line that leads somewhere to the next, and the text along with it.

    At its end the page follows: what is added there comes into sight. Further up it holds still,
    and says how many messages have come below since.
    """

    def __init__(self, *, id: str, title: Line, follows: bool = False) -> None:
        super().__init__(id=id, title=title)
        self._make = lambda cells: [row.line for row in self._rows]
        self._make_rows: MakeRows = lambda cells: []
        self._rows: list[Row] = []
        self._laid_for = -1
        """Width in cells for which the rows are laid out."""
        self._cursor: int | None = None
        self._follows = follows
        self._said = 0
        """Messages that there are."""
        self._seen: int | None = None
        """Messages that were there when the end was in sight last, or the page was opened."""

    @property
    def selected(self) -> str:
        """Where the line under the cursor leads; empty when it leads nowhere."""
        return "" if self._cursor is None else self._rows[self._cursor].key

    def show_rows(self, make: MakeRows, said: int = 0) -> None:
        """Show other rows; ``said`` is how many messages are among them, or were once."""
        self._make_rows, self._laid_for, self._said = make, -1, said
        self.redraw()

    def _lay_out(self, cells: int) -> None:
        """The rows for this width; text and cursor stay where they were, or follow the end."""
        former, had_links = self.selected, bool(self._links())
        on_top = self._rows[self._top].line if self._top < len(self._rows) else BLANK
        self._rows, self._laid_for = self._make_rows(cells), cells
        self._length = len(self._rows)
        self._hold(on_top)
        if self._seen is None:
            self._seen = self._said
        if self._follows:
            self._top = self._lowest
        self._note_end()
        self._return_to(former, is_first=not had_links)

    def _hold(self, on_top: Line) -> None:
        """Of what is said without end the beginning falls away: the line on top stays there."""
        if self._top and on_top:
            same = [place for place, row in enumerate(self._rows) if row.line == on_top]
            self._top = min(same, key=lambda place: abs(place - self._top), default=self._top)

    @property
    def _lowest(self) -> int:
        return max(0, self._length - self.content_height)

    def _note_end(self) -> None:
        if self._top >= self._lowest:
            self._seen = self._said

    def _links(self) -> list[int]:
        return [place for place, row in enumerate(self._rows) if row.key]

    def _in_sight(self) -> list[int]:
        end = self._top + self.content_height
        return [place for place in self._links() if self._top <= place < end]

    def _return_to(self, key: str, *, is_first: bool) -> None:
        """The cursor keeps to what it leads to, or stays about where it was."""
        place = self._cursor or 0
        same = [link for link in self._links() if self._rows[link].key == key]
        near = same or self._in_sight()
        if key or is_first:
            self._cursor = min(near, key=lambda link: abs(link - place), default=None)
        elif self._cursor is not None:
            self._cursor = None

    def move(self, delta: int) -> None:
        """To the next link where it is in sight or comes into it; else the text moves."""
        step = 1 if delta > 0 else -1
        for _ in range(abs(delta)):
            self._move_one(step)
        self._moved()

    def _move_one(self, step: int) -> None:
        ahead = self._ahead(step)
        if ahead not in self._in_sight():
            self._top = min(max(0, self._top + step), self._lowest)
            ahead = self._ahead(step)
        if ahead is not None and ahead in self._in_sight():
            self._cursor = ahead

    def _ahead(self, step: int) -> int | None:
        """The next link in this direction; from the edge of what is in sight if none is chosen."""
        edge = self._top - 1 if step > 0 else self._top + self.content_height
        start = edge if self._cursor is None else self._cursor
        links = self._links()[::step]
        return next((link for link in links if (link - start) * step > 0), None)

    def move_page(self, pages: int) -> None:
        super().move_page(pages)
        self._moved()

    def move_to_end(self, *, is_last: bool) -> None:
        super().move_to_end(is_last=is_last)
        links = self._in_sight()
        self._cursor = links[-1 if is_last else 0] if links else None
        self._moved()

    def _moved(self) -> None:
        """What has left the sight is not under the cursor; whoever is at the end follows it."""
        links = self._in_sight()
        if self._cursor not in links:
            place = self._cursor or 0
            self._cursor = min(links, key=lambda link: abs(link - place), default=None)
        self._follows = self._top >= self._lowest > 0
        self._note_end()
        self.redraw()

    def selected_line(self) -> int | None:
        return self._cursor - self._top if self._cursor in self._in_sight() else None

    def lines(self, width: int, height: int) -> list[Line]:
        if width != self._laid_for:
            self._lay_out(width)
        shown = super().lines(width, height)
        at = self.selected_line()
        if at is not None and at < len(shown) and shown[at]:
            first, *others = shown[at]
            shown[at] = (Span(CURSOR, "accent"), first._replace(text=first.text[1:]), *others)
        return shown

    def frame_note(self) -> Line:
        new = self._said - (self._said if self._seen is None else self._seen)
        if new > 0:
            follow = with_keys("{move.last} follows")
            return line(f"{plural(new, 'message')} more below, " + follow, "warn")
        note = super().frame_note()
        if not (self._said and self._follows):
            return note
        return (*note, Span(" · following" if note else "following", "dim"))
