"""Where a console runs: host, multiplexer, database, plug-ins."""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mephisto_tui.state import shown_path
from mephisto_tui.view.empty import Surroundings
from mephisto_tui.view.words import plural

if TYPE_CHECKING:
    from mephisto_engine.abstractions.registry import PluginInfo

NOT_KEPT = "not in tmux: if SSH drops the console closes; live runs carry on"


def look_around(database: str, environ: Mapping[str, str] = os.environ) -> Surroundings:
    """What is known at once; `with_plugins` adds what takes a while."""
    path = Path(database.removeprefix("sqlite:///"))
    shown = shown_path(path) if path.is_absolute() else _without_password(database)
    return Surroundings(shown, socket.gethostname(), _multiplexer(environ))


def note_for(surroundings: Surroundings, environ: Mapping[str, str] = os.environ) -> str:
    """What an operator has to know all the time; empty where nothing is amiss."""
    is_remote = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    return NOT_KEPT if is_remote and not surroundings.multiplexer else ""


def with_plugins(surroundings: Surroundings) -> Surroundings:
    """The same, and which plug-ins there are. Loads all of them; blocks for a second or so."""
    from mephisto_engine.abstractions.registry import Registry

    found = Registry().survey()
    kinds = Counter(plugin.kind for plugin in found if not plugin.error)
    broken = tuple((plugin.name, plugin.error) for plugin in found if plugin.error)
    counted = ", ".join(plural(number, kind.value) for kind, number in kinds.items())
    report = "\n".join(map(_reported, found))
    return replace(surroundings, plugins=counted, broken_plugins=broken, plugin_report=report)


def _reported(plugin: PluginInfo) -> str:
    origin = f"{plugin.distribution or plugin.module} {plugin.version or ''}".rstrip()
    if not plugin.error:
        return f"{plugin.kind} {plugin.name}: ok ({origin})"
    parts = (f"{plugin.kind} {plugin.name}: {plugin.error} ({origin})", plugin.traceback)
    return "\n".join(part.rstrip() for part in parts if part)


def _multiplexer(environ: Mapping[str, str]) -> str:
    if environ.get("TMUX"):
        return "tmux"
    return "screen" if environ.get("STY") else ""


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
