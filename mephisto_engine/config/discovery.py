"""Finds the launch configs that lie below a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

MOST_CONFIGS: Final = 200
MOST_FOLDERS: Final = 2000
MOST_FILES: Final = 5000
"""Somebody may start the console in a home folder with millions of files."""
DEEPEST: Final = 6

_HEAD_BYTES: Final = 64 * 1024
_PASSED_OVER: Final = frozenset({"node_modules", "__pycache__", "site-packages", "dist", "build"})
_IS_CONFIG: Final = re.compile(rb"^(mephisto:|\s*-\s*(override\s+)?/?mephisto/)", re.MULTILINE)
_TASK_NAME: Final = re.compile(r"^\s+task_name:\s*[\"']?([^\"'\n#]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FoundConfig:
    """A YAML file that looks like a launch config."""

    path: Path
    task_name: str
    """As it is written there; empty if it is not."""


def find_configs(folder: Path) -> list[FoundConfig]:
    """Launch configs below ``folder``, nearest first. Blocks; reads at most some hundred files."""
    found: list[FoundConfig] = []
    for path in islice(_yaml_files(folder), MOST_FILES):
        config = _as_config(path)
        if config is not None:
            found.append(config)
            if len(found) == MOST_CONFIGS:
                break
    return sorted(found, key=lambda config: (len(config.path.parts), config.path))


def _yaml_files(folder: Path) -> Iterator[Path]:
    depth = len(folder.parts)
    for number, (name, folders, files) in enumerate(os.walk(folder)):
        if number >= MOST_FOLDERS:
            return
        here = Path(name)
        is_deepest = len(here.parts) - depth >= DEEPEST
        folders[:] = [] if is_deepest else sorted(filter(_is_looked_into, folders))
        yield from (here / file for file in sorted(files) if file.endswith(".yaml"))


def _is_looked_into(name: str) -> bool:
    return not name.startswith(".") and name not in _PASSED_OVER


def _as_config(path: Path) -> FoundConfig | None:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return None
    if not _IS_CONFIG.search(head):
        return None
    name = _TASK_NAME.search(head.decode(errors="replace"))
    return FoundConfig(path, name[1].strip() if name else "")
