"""The doctor: is this installation fit to run, and are its data whole? It changes nothing."""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import stat
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from mephisto_engine.abstractions.registry import PluginInfo, Registry
from mephisto_engine.database.schema import sqlite_path
from mephisto_engine.errors import ConfigError, PluginError
from mephisto_engine.operations.checks.database_checks import check_database
from mephisto_engine.operations.checks.findings import Finding
from mephisto_engine.operations.checks.invariants import check_invariants
from mephisto_engine.operations.watching.limits import LITTLE_SPACE, NO_SPACE

__all__ = ["Finding", "check_health", "check_invariants"]

DISTRIBUTION: Final = "mephisto-tui"
LEAST_PYTHON: Final = (3, 11)
DEFAULT_PORT: Final = 3000


def check_health(home: Path, db_url: str | None) -> list[Finding]:
    """Look at the installation, the data folder and the stored data, in that order.

    Args:
        home: data folder.
        db_url: database URL or path; default `MEPHISTO_DB`, else `data.db` in ``home``.
    """
    return list(_findings(home, db_url or os.environ.get("MEPHISTO_DB")))


def _findings(home: Path, db_url: str | None) -> Iterator[Finding]:
    yield _python()
    yield _packages()
    yield from _plugins()
    yield _folder(home)
    yield _disk(home)
    yield _port(DEFAULT_PORT)
    try:
        path = sqlite_path(db_url or str(home / "data.db"))
    except ConfigError as error:
        yield Finding("database", "error", error.message, error.hint)
    else:
        yield from check_database(path)


def _python() -> Finding:
    text = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info < LEAST_PYTHON:
        least = ".".join(map(str, LEAST_PYTHON))
        return Finding("python", "error", text, f"Install Python {least} or newer.")
    return Finding("python", "ok", text)


def _packages() -> Finding:
    """Versions of this program and of everything that it needs."""
    try:
        required = metadata.requires(DISTRIBUTION) or []
        found = [f"{DISTRIBUTION} {metadata.version(DISTRIBUTION)}"]
    except metadata.PackageNotFoundError:
        return Finding("packages", "warn", f"{DISTRIBUTION} is not installed", "`pip install .`")
    missing = []
    for line in required:
        name = re.split(r"[^\w.-]", line, maxsplit=1)[0]
        if "extra ==" in line:
            continue
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            if ";" not in line:
                missing.append(name)
    if missing:
        text = f"missing: {', '.join(missing)}"
        return Finding("packages", "error", text, f"Install {DISTRIBUTION} again with pip.")
    return Finding("packages", "ok", ", ".join(found))


def _plugins() -> Iterator[Finding]:
    try:
        plugins = Registry().survey()
    except PluginError as error:
        yield Finding("plugins", "error", error.message, error.hint)
        return
    names = ", ".join(f"{item.kind} {item.name}" for item in plugins if not item.error)
    if names:
        yield Finding("plugins", "ok", names)
    else:
        hint = f"Install {DISTRIBUTION} again with pip."
        yield Finding("plugins", "error", "none can be used", hint)
    yield from (_broken(item) for item in plugins if item.error)


def _broken(plugin: PluginInfo) -> Finding:
    source = plugin.distribution or "the package it comes from"
    return Finding(
        f"plugin {plugin.name}",
        "warn",
        plugin.error or "",
        f"Reinstall or uninstall {source}; all other plugins work.",
    )


def _folder(home: Path) -> Finding:
    """Answers and secrets lie in the data folder: its owner alone may enter it."""
    try:
        found = home.stat()
    except FileNotFoundError:
        return Finding("data folder", "ok", f"{home} is made at the first launch")
    except OSError as error:
        hint = "Choose another folder with --home or MEPHISTO_HOME."
        return Finding("data folder", "error", f"{home}: {error.strerror}", hint)
    if not stat.S_ISDIR(found.st_mode):
        hint = "Choose another folder with --home or MEPHISTO_HOME."
        return Finding("data folder", "error", f"{home} is not a folder", hint)
    if found.st_uid != os.geteuid():
        text = f"{home} belongs to user {found.st_uid}, not to you"
        return Finding("data folder", "error", text, "Choose another with --home or MEPHISTO_HOME.")
    if stat.S_IMODE(found.st_mode) & 0o077:
        text = f"others can look into {home} ({stat.S_IMODE(found.st_mode):04o})"
        return Finding("data folder", "error", text, f"chmod 700 {home}")
    return Finding("data folder", "ok", f"{home}, yours alone")


def _disk(home: Path) -> Finding:
    folder = next(part for part in (home, *home.absolute().parents) if part.is_dir())
    free = shutil.disk_usage(folder).free
    text = f"{free / 1024**3:.1f} GiB free at {folder}"
    hint = "Free some space: what does not fit is refused, and workers are asked to wait."
    if free >= LITTLE_SPACE:
        return Finding("disk", "ok", text)
    return Finding("disk", "error" if free < NO_SPACE else "warn", text, hint)


def _port(port: int) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            hint = "A launch needs another one: mephisto.architect.port=0 takes any that is free."
            return Finding("port", "warn", f"{port} cannot be used: {error.strerror}", hint)
    return Finding("port", "ok", f"{port} is free")
