"""A block with the focus: what it holds can be paged through."""

from __future__ import annotations

from collections.abc import Callable

from mephisto_tui.view.spans import BLANK, Line, line
from mephisto_tui.widgets.block import Block, MakeLines


class Page(Block, can_focus=True):
    """A framed text that says how much of it is out of sight."""

    def show(self, make: MakeLines) -> None:
        """Whoever reads the end goes on reading the end."""
        is_at_end = 0 < self._top == self._length - self.content_height
        super().show(make)
        if is_at_end:
            self.scroll_lines(self._length)

    remark: Callable[[int], str] = staticmethod(lambda cells: "")
    """What the frame says at its foot beside that, given its width."""

    def frame_note(self) -> Line:
        parts = [self.remark(self.size.width)]
        if self._length > self.content_height:
            last = min(self._length, self._top + self.content_height)
            parts.insert(0, f"{last} of {self._length} lines")
        return line(" · ".join(part for part in parts if part), "dim") if any(parts) else BLANK

    def move(self, delta: int) -> None:
        self.scroll_lines(delta)

    def move_page(self, pages: int) -> None:
        self.scroll_lines(pages * max(1, self.content_height - 1))

    def move_to_end(self, *, is_last: bool) -> None:
        self.scroll_lines(self._length if is_last else -self._length)
