"""Which keys lead to a command: its own, or those that the operator has given it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from mephisto_tui.commands import BY_ID, Command

NAMES: Final = {
    "enter": "⏎",
    "escape": "esc",
    "left": "←",
    "up": "↑",
    "down": "↓",
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "full_stop": ".",
    "space": "spc",
    "asterisk": "*",
    "pageup": "pgup",
    "pagedown": "pgdn",
}
"""Key as Textual names it → as it is shown, where that differs."""


KEPT: Final = {"back": "escape"}
"""Command → a key that it keeps: lines and dialogs are left with it, so screens are too."""


def shown(key: str) -> str:
    """A key as it is shown: by its character, if it has one that can be seen."""
    *modifiers, name = key.split("+")
    return "+".join([*modifiers, NAMES.get(name) or _character(name) or name])


def _character(name: str) -> str:
    from textual.keys import key_to_character

    found = key_to_character(name) if len(name) > 1 else None
    return found if found is not None and found.isprintable() and not found.isspace() else ""


@dataclass(frozen=True)
class Keymap:
    """The operator's own keys."""

    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Id of a command → all its keys, as Textual names them; the first is the one to show."""

    def keys(self, command: Command) -> tuple[str, ...]:
        """The keys of a command."""
        keys = self.changed.get(command.id, command.keys)
        kept = KEPT.get(command.id)
        return keys if kept is None or kept in keys else (*keys, kept)

    def first(self, command: Command) -> str:
        """The key to show where there is room for one."""
        return shown(self.keys(command)[0])

    def all(self, command: Command) -> str:
        """All keys of a command, as they are shown."""
        return " ".join(map(shown, self.keys(command)))

    def for_textual(self) -> dict[str, str]:
        """The same for `App.set_keymap`."""
        return {name: ",".join(self.keys(BY_ID[name])) for name in self.changed}


OWN_KEYS: Final = Keymap()
"""Every command has the keys it comes with."""

_in_use: ContextVar[Keymap] = ContextVar("keymap", default=OWN_KEYS)
_COMMAND_ID: Final = re.compile(r"\{([a-z_.]+)\}")


def use_keymap(keymap: Keymap) -> None:
    """From here on sentences name the keys of this keymap; a console has one, and says so once."""
    _in_use.set(keymap)


def in_use() -> Keymap:
    """The keymap of the console; where there is none, the keys that commands come with."""
    return _in_use.get()


def with_keys(sentence: str) -> str:
    """The sentence with the operator's key in place of each ``{command.id}``.

    No foreign text belongs in ``sentence``: it is put in afterwards.

    Raises:
        KeyError: there is no such command.
    """
    return _COMMAND_ID.sub(lambda found: in_use().first(BY_ID[found[1]]), sentence)
