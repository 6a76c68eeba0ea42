"""The line in which a filter is typed."""

from __future__ import annotations

from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input


class FilterLine(Input):
    """Filters while one types; Enter keeps the filter, esc drops it."""

    BINDINGS = [Binding("escape", "drop", show=False)]

    class Typed(Message):
        """The filter changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """Typing has ended; without ``is_kept`` the filter is to go."""

        def __init__(self, is_kept: bool) -> None:
            super().__init__()
            self.is_kept = is_kept

    def __init__(self) -> None:
        super().__init__(
            id="filter", compact=True, placeholder="words · !without · ~fuzzy · state:live"
        )

    @property
    def is_open(self) -> bool:
        """Whether a filter is being typed."""
        return bool(self.display)

    def open(self, text: str) -> None:
        """Take the place of the message line, with the filter as it is."""
        self.value = text
        self._take_place(is_open=True)
        # At once, not by `focus`, which waits its turn: the next key may be here already.
        self.screen.set_focus(self)

    def close(self) -> None:
        """Give the message line its place back."""
        self._take_place(is_open=False)

    def _take_place(self, *, is_open: bool) -> None:
        # Not by a class of the screen: that would style every widget on it anew.
        self.display = is_open
        self.screen.query_one("#message").display = not is_open

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Closed(is_kept=True))

    def action_drop(self) -> None:
        self.post_message(self.Closed(is_kept=False))
