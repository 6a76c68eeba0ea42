"""Lines of text that a screen hands over: bars, boxes, pages."""

from __future__ import annotations

from collections.abc import Callable

from mephisto_tui.view.spans import BLANK, Line
from mephisto_tui.widgets.line_widget import LineWidget

MakeLines = Callable[[int], list[Line]]
"""Width in cells → lines."""


def _nothing(width: int) -> list[Line]:
    return []


class Block(LineWidget):
    """Shows what it was last given; longer content can be scrolled."""

    def __init__(self, *, id: str | None = None, title: Line | None = None) -> None:
        super().__init__(id=id)
        self.is_framed = title is not None
        self._title = title or BLANK
        self._make: MakeLines = _nothing
        self._top = 0
        self._length = 0

    def show(self, make: MakeLines) -> None:
        self._make = make
        self.redraw()

    def retitle(self, title: Line) -> None:
        self._title = title
        self.redraw()

    def scroll_lines(self, delta: int) -> None:
        """Move what is shown down by ``delta`` lines, as far as there is content."""
        lowest = max(0, self._length - self.content_height)
        self._top = min(max(0, self._top + delta), lowest)
        self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        lines = self._make(width)
        self._length = len(lines)
        self._top = min(self._top, max(0, self._length - height))
        return lines[self._top : self._top + height]

    def frame_title(self) -> Line:
        return self._title
