"""Letters that are typed before the line that they are meant for is open are not lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Key
from textual.widgets import Input

from mephisto_tui.screens.asking import AskingScreen
from mephisto_tui.screens.prompt import PromptScreen

if TYPE_CHECKING:
    from mephisto_tui.app import ConsoleApp


def is_kept(app: ConsoleApp, event: Key) -> bool:
    """Keep a letter for the line that is about to open; whether there is one.

    Only letters: what would end the line, or answer a question that nobody has seen, is not kept.
    """
    if event.is_forwarded or not event.is_printable or event.character is None:
        return False
    screen = app.screen
    is_opening = isinstance(screen, PromptScreen) and not isinstance(screen.focused, Input)
    if is_opening or (isinstance(screen, AskingScreen) and screen.is_asking):
        app.typed_ahead += event.character
        return True
    return False
