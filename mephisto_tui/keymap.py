"""Which keys lead to a command: its own, or those that the operator has given it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

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


class HasKeys(Protocol):
    """A command, as far as its keys go."""

    @property
    def id(self) -> str: ...
    @property
    def keys(self) -> tuple[str, ...]: ...


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

    def keys(self, command: HasKeys) -> tuple[str, ...]:
        """The keys of a command."""
        return self.changed.get(command.id, command.keys)

    def first(self, command: HasKeys) -> str:
        """The key to show where there is room for one."""
        return shown(self.keys(command)[0])

    def all(self, command: HasKeys) -> str:
        """All keys of a command, as they are shown."""
        return " ".join(map(shown, self.keys(command)))

    def for_textual(self) -> dict[str, str]:
        """The same for `App.set_keymap`."""
        return {command_id: ",".join(keys) for command_id, keys in self.changed.items()}


OWN_KEYS: Final = Keymap()
"""Every command has the keys it comes with."""
