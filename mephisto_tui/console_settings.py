"""The operator's settings of the console: keys, theme, bell, opener; one small YAML file.

    keys:
      run.stop: ctrl+x
      list.filter: [/, ctrl+f]
    theme: tokyo-night
    bell: true
    opener: chafa

What cannot be used is left aside as a whole, and said in one sentence.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from mephisto_tui.keymap import KEPT, NAMES, OWN_KEYS, Keymap, shown

THEMES: Final = (
    "gruvbox",
    "tokyo-night",
    "monokai",
    "textual-dark",
    "paper",
    "ansi-dark",
    "ansi-light",
)
"""Those in which every tone can be read, also where a terminal has only 256 colours."""

_TAKEN: Final = {
    "ctrl+c": "copies or says how to leave",
    "ctrl+q": "always quits",
    "escape": "always leads back",
}
_SPELLINGS: Final = {
    **{name: key for key, name in NAMES.items()},
    "return": "enter",
    "esc": "escape",
    "spc": "space",
}


@dataclass(frozen=True)
class ConsoleSettings:
    """What the file says, as far as it can be used."""

    keymap: Keymap = OWN_KEYS
    theme: str = ""
    """Empty: what suits the terminal."""
    rings: bool = False
    """Whether the terminal's bell rings."""
    opener: str = ""
    """The program, with its arguments, that shows files which workers sent."""
    complaint: str = ""
    """What is wrong with the file, and what is done instead; may hold foreign words."""


def theme_for(wished: str, has_few_colours: bool) -> str:
    """The theme that can be read; with sixteen colours only the terminal's own palette can."""
    if has_few_colours:
        return wished if wished.startswith("ansi-") else "ansi-dark"
    return wished or THEMES[0]


SETTINGS: Final = ("keys", "theme", "bell", "opener")


def settings_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the file lies (XDG base directories)."""
    given = environ.get("XDG_CONFIG_HOME", "")
    base = Path(given) if given.startswith("/") else Path.home() / ".config"
    return base / "mephisto" / "console.yaml"


def load_settings(path: Path, *, has_to_exist: bool = False) -> ConsoleSettings:
    """The settings in a file; none if there is no file, unless it ``has_to_exist``."""
    import yaml

    if not path.exists() and not has_to_exist:
        return ConsoleSettings()
    try:
        # Every value as text: `n`, `y` and `1` are keys here.
        content = yaml.load(path.read_text("utf-8"), yaml.BaseLoader) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        return ConsoleSettings(complaint=f"{path} cannot be read: {first}")
    if not isinstance(content, dict):
        return ConsoleSettings(complaint=f"{path} is not a mapping of settings to values")
    return _checked(path, content)


def _checked(path: Path, content: dict[str, Any]) -> ConsoleSettings:
    unknown = [str(name) for name in content if name not in SETTINGS]
    faults = [f"unknown setting {name!r} ({', '.join(SETTINGS)})" for name in unknown]
    theme = content.get("theme", "")
    if theme and theme not in THEMES:
        faults.append(f"there is no theme {theme!r} ({', '.join(THEMES)})")
        theme = ""
    bell = str(content.get("bell", "")).lower()
    if bell not in ("", "true", "false"):
        faults.append(f"bell is {bell!r} (true, false)")
    opener = content.get("opener", "")
    if not isinstance(opener, str):
        faults.append("opener is not the name of a program")
        opener = ""
    keymap, key_faults = read_keys(content.get("keys") or {})
    if key_faults:
        key_faults[-1] += "; all keys are as they come"
    faults += key_faults
    return ConsoleSettings(
        keymap, theme, bell == "true", opener, f"{path}: {'; '.join(faults)}" if faults else ""
    )


def read_keys(given: Any) -> tuple[Keymap, list[str]]:
    """The keymap that is asked for, and everything that is wrong with it; then it is the usual."""
    from mephisto_engine.abstractions.registry import did_you_mean
    from mephisto_tui.commands import COMMANDS

    if not isinstance(given, dict):
        return OWN_KEYS, ["keys is not a mapping of commands to keys"]
    known = {command.id for command in COMMANDS}
    changed: dict[str, tuple[str, ...]] = {}
    faults: list[str] = []
    for command_id, value in given.items():
        keys = tuple(map(_key, value if isinstance(value, list) else [value]))
        if command_id not in known:
            hint = did_you_mean(str(command_id), known).strip()
            faults.append(f"unknown command {command_id!r}{f' ({hint})' if hint else ''}")
        elif not keys or not all(keys):
            faults.append(f"{command_id} has no key, or one that there is not")
        else:
            changed[str(command_id)] = keys
    keymap = Keymap(changed)
    faults += [] if faults else _clashes(keymap)
    return (OWN_KEYS, faults) if faults else (keymap, [])


def _key(given: Any) -> str:
    """A key as Textual names it; empty if there is none of that name."""
    from textual.keys import KEY_ALIASES, Keys, _character_to_key

    text = str(given).strip()
    *modifiers, name = text.split("+") if len(text) > 1 else [text]
    name = _SPELLINGS.get(name, name)
    if len(name) == 1:
        name = _character_to_key(name)
    elif name not in {key.value for key in Keys} and name not in KEY_ALIASES:
        name = name if name in NAMES else ""
    is_sound = bool(name) and all(part in ("ctrl", "shift", "alt") for part in modifiers)
    return "+".join([*modifiers, name]) if is_sound else ""


def _clashes(keymap: Keymap) -> Iterator[str]:
    """Keys that would mean two things on one screen, or that the console itself needs."""
    from mephisto_tui.commands import COMMANDS, commands_for

    for command in COMMANDS:
        for key in keymap.keys(command):
            if key in _TAKEN and KEPT.get(command.id) != key:
                yield f"{key} {_TAKEN[key]}, {command.id} cannot have it"
    said = set()
    for scopes in _scopes_in_use():
        for one, other in combinations(commands_for(scopes), 2):
            both = set(keymap.keys(one)) & set(keymap.keys(other))
            if both and (one.id, other.id) not in said:
                said.add((one.id, other.id))
                yield f"{shown(min(both))} is of both {one.id} and {other.id}"


def _scopes_in_use() -> set[tuple[Any, ...]]:
    """Which scopes hold together: those of each screen there is."""
    import pkgutil
    from importlib import import_module

    from mephisto_tui import screens
    from mephisto_tui.screens.base import ConsoleScreen

    for module in pkgutil.iter_modules(screens.__path__):
        import_module(f"{screens.__name__}.{module.name}")
    found, waiting = set(), [ConsoleScreen]
    while waiting:
        screen = waiting.pop()
        found.add(screen.SCOPES)
        waiting += screen.__subclasses__()
    return found
