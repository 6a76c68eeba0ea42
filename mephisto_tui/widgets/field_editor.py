"""The line in which the value of an option is typed, over the row that shows it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.widgets import Input


class FieldEditor(Input):
    """Every printable key is text here; esc leaves the value as it was, the others take it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("enter", "take(0)", show=False),
        Binding("down,tab", "take(1)", show=False),
        Binding("up,shift+tab", "take(-1)", show=False),
    ]

    class Taken(Message):
        """The value is to be as typed."""

        def __init__(self, text: str, step: int) -> None:
            super().__init__()
            self.text = text
            self.step = step
            """Which option comes next: 0 this one, 1 the one below, -1 the one above."""

    class Left(Message):
        """The value is to stay as it was."""

    def __init__(self) -> None:
        super().__init__(id="editor", compact=True)

    def open(self, text: str, place: Region) -> None:
        """Begin with ``text`` in these cells of the screen."""
        self.value = text
        self.cursor_position = len(text)
        self.put(place)
        self.display = True
        # At once, not by `focus`, which waits its turn: the next key may be here already.
        self.screen.set_focus(self)

    def put(self, place: Region) -> None:
        self.styles.offset = (place.x, place.y)
        self.styles.width = place.width

    def close(self) -> None:
        self.display = False

    def action_leave(self) -> None:
        self.post_message(self.Left())

    def action_take(self, step: int) -> None:
        self.post_message(self.Taken(self.value, step))
