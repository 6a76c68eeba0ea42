"""A console whose every command has another key than it comes with."""

from __future__ import annotations

import re

from mephisto_tui.commands import COMMANDS, commands_for
from mephisto_tui.console_settings import ConsoleSettings
from mephisto_tui.keymap import KEPT, Keymap, shown
from mephisto_tui.screens.base import ConsoleScreen

CYRILLIC = [chr(code) for code in range(0x400, 0x500) if chr(code).isalpha()]
OTHER_KEYS = {
    command.id: (letter,)
    for command, letter in zip(COMMANDS, CYRILLIC[: len(COMMANDS)], strict=True)
}
OTHER = ConsoleSettings(Keymap(OTHER_KEYS))

_KEPT = {shown(key) for key in KEPT.values()}
_KEYS = {shown(key) for command in COMMANDS for key in command.keys} - _KEPT
_WORDS = {"end", "home"}
"""Keys whose names are words too."""
_NAMES = re.compile(
    r"(?<!\S)("
    + "|".join(re.escape(key) for key in _KEYS if len(key) > 1 and key not in _WORDS)
    + ")\\b|⏎"
)
_LETTER = re.compile(r"(?<![\w'’.+\-‘│])([a-zA-Z*/?])(?= {1,2}[a-zA-Z])")
_NO_KEY = re.compile(r"\b[aA] (?=[a-z]{2})|\d s\b|\d / \d|\? review")
"""The article, seconds, a share of all, a status."""
_OF_DIALOGS = re.compile(
    r"⏎ choose · esc|↑↓ and ⏎|⏎ goes on|⏎ does nothing|│ [▌ ]*([a-z]|esc) +\[? +[A-Z]"
)
"""Lines with the keys that are a dialog's own, on which no command leads anywhere."""


def other(screen: object, key: str) -> str:
    """The key that does here what ``key`` does in a console with the usual ones."""
    if isinstance(screen, ConsoleScreen):
        for command in commands_for(screen.SCOPES):
            if key in command.keys:
                return OTHER_KEYS[command.id][0]
    return key


def usual_keys_in(text: str) -> list[str]:
    """Lines that name a key as it comes."""
    lines = [line for line in text.splitlines() if not _OF_DIALOGS.search(line)]
    said = [_NO_KEY.sub(" ", line) for line in lines]
    return [line for line in said if _NAMES.search(line) or _LETTER.search(line)]
