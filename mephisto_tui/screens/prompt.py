"""Asks for one line of text."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from mephisto_tui.screens.menu import DialogScreen
from mephisto_tui.view.spans import Line, line
from mephisto_tui.widgets.block import Block


class PromptScreen(DialogScreen):
    """Gives what was typed; None when it was left, or nothing was typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave it", priority=True),
    ]

    def __init__(self, title: str, remark: str, text: str = "") -> None:
        super().__init__()
        self._title = title
        self._remark = remark
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Block(id="prompt", title=line(self._title, "strong"))
            yield Input(self._text, compact=True)

    def on_mount(self) -> None:
        typed, self.app.typed_ahead = self.app.typed_ahead, ""
        field = self.query_one(Input)
        field.insert_text_at_cursor(typed)
        # At once, not by `focus`, which waits its turn: the next letter may be here already.
        self.set_focus(field)
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        lines: list[Line] = [line(f" {self._remark}"), line(" ⏎ goes on · esc leaves it", "dim")]
        self.query_one(Block).show(lambda cells: lines)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)
