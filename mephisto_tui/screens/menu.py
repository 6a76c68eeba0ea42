"""A short list to choose from: columns to sort by, commands to run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from mephisto_tui.commands import Command, matching
from mephisto_tui.keymap import in_use
from mephisto_tui.view.glyphs import CURSOR
from mephisto_tui.view.spans import Line, Span, line
from mephisto_tui.widgets.line_widget import LOOKS, LineWidget

if TYPE_CHECKING:
    from mephisto_tui.app import ConsoleApp


class MenuList(LineWidget):
    """The choices, one of them under the cursor."""

    is_framed = True

    def __init__(self, title: str) -> None:
        super().__init__(id="choices")
        self._title = title
        self._choices: list[Line] = []
        self.cursor = 0

    def show(self, choices: list[Line], cursor: int) -> None:
        self._choices, self.cursor = choices, cursor
        self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        top = max(0, self.cursor - height + 1)
        shown = list(enumerate(self._choices))[top : top + height]
        if not shown:
            return [line(" nothing by that name", "dim")]
        return [
            (Span(CURSOR if index == self.cursor else " ", "accent"), Span(" "), *choice)
            for index, choice in shown
        ]

    def selected_line(self) -> int | None:
        if not self._choices:
            return None
        return self.cursor - max(0, self.cursor - self.content_height + 1)

    def frame_title(self) -> Line:
        return line(self._title, "strong")

    def frame_note(self) -> Line:
        return line("⏎ choose · esc leave it", "dim")


class DialogScreen(ModalScreen[str | None]):
    """A box in the middle; leaving it without a choice gives None."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*LOOKS}

    app: ConsoleApp

    def action_leave(self) -> None:
        self.dismiss(None)


class MenuScreen(DialogScreen):
    """Moves with the arrows; Enter gives the key of the choice."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,left,h", "leave", "Leave it"),
        Binding("down,j", "move(1)", "Down"),
        Binding("up,k", "move(-1)", "Up"),
        Binding("enter", "choose", "Choose"),
    ]

    def __init__(self, title: str, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._choices = list(choices)
        self._cursor = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield MenuList(self._title)

    def on_mount(self) -> None:
        self.query_one(MenuList).styles.height = min(self.most_choices, 14) + 2
        self.call_after_refresh(self._show)

    @property
    def most_choices(self) -> int:
        """How many lines the list may need."""
        return len(self._choices)

    def _show(self) -> None:
        lines = [line(label) for _key, label in self._choices]
        self.query_one(MenuList).show(lines, self._cursor)

    def action_move(self, delta: int) -> None:
        self._cursor = max(0, min(self._cursor + delta, len(self._choices) - 1))
        self._show()

    def action_choose(self) -> None:
        self.dismiss(self._choices[self._cursor][0] if self._choices else None)


class PaletteScreen(MenuScreen):
    """The commands of a screen, found by typing a part of their name."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave it", priority=True),
        Binding("down", "move(1)", "Down", priority=True),
        Binding("up", "move(-1)", "Up", priority=True),
        Binding("enter", "choose", "Choose", priority=True),
    ]

    def __init__(self, commands: Sequence[Command]) -> None:
        self._commands = list(commands)
        super().__init__("Commands", [(command.id, command.title) for command in commands])
        self._lines = [_palette_line(command) for command in commands]

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Input(compact=True, placeholder="a part of the command's name")
            yield MenuList(self._title)

    @property
    def most_choices(self) -> int:
        return len(self._commands)

    def on_input_changed(self, event: Input.Changed) -> None:
        typed = event.value.strip()
        found = matching(typed, self._commands) if typed else self._commands
        self._choices = [(command.id, command.title) for command in found]
        self._cursor = 0
        self._lines = [_palette_line(command) for command in found]
        self._show()

    def _show(self) -> None:
        self.query_one(MenuList).show(self._lines, self._cursor)


def _palette_line(command: Command) -> Line:
    return (
        Span(f"{command.title:<14}"),
        Span(f"{in_use().all(command):<10}", "strong"),
        Span(command.help, "dim"),
    )
