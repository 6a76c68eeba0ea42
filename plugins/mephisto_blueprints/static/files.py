"""Source files of a page: checking them before the launch and copying them into the site."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from mephisto_blueprints.static.args import key
from mephisto_engine.errors import ConfigError, Problem

PAGE_FILES = ("index.html", "bundle.js", "mephisto_page.css")
"""The files of the page that comes with the static blueprints."""


def source_problems(option: str, path: str | None) -> Iterator[Problem]:
    """What keeps a required source file from being used."""
    if path is None:
        yield Problem(key(option), "is required", "the path of a file")
        return
    try:
        is_empty = not Path(path).expanduser().read_bytes().strip()
    except OSError as error:
        yield Problem(key(option), f"cannot read {path}: {error.strerror or error}")
        return
    if is_empty:
        yield Problem(key(option), f"{path} is empty")


def folder_problems(where: str, path: str | None) -> Iterator[Problem]:
    """What keeps a folder of extra files from being copied."""
    if path is None:
        return
    folder = Path(path).expanduser()
    if not folder.is_dir():
        yield Problem(where, f"{path} is not a folder")
        return
    for file in _entries(folder):
        fault = _link_fault(file, folder)
        if fault:
            yield Problem(where, f"{file} {fault}", "put the file itself there")


def copy_page(root: Path, *names: str) -> None:
    """Put files of the page that comes with the blueprints into a site."""
    page = resources.files("mephisto_blueprints.static") / "page"
    for name in names:
        (root / name).write_bytes((page / name).read_bytes())


def copy_source(path: str, target: Path) -> None:
    """Copy one source file over what stands there.

    Raises:
        ConfigError: it cannot be read.
    """
    # Not written into: what stands there may be a second name of the author's own file.
    target.unlink(missing_ok=True)
    try:
        shutil.copyfile(Path(path).expanduser(), target)
    except OSError as error:
        raise ConfigError(f"cannot copy {path}: {error.strerror or error}") from error


def copy_folder(path: str, root: Path) -> None:
    """Copy all files of a folder over a site. What lies outside the folder never gets there.

    Raises:
        ConfigError: the folder cannot be read, or has a link that leads out of it.
    """
    problems = list(folder_problems("", path))
    if problems:
        raise ConfigError(problems)
    folder = Path(path).expanduser()
    for file in _entries(folder):
        if file.is_dir():
            continue
        target = root / file.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        copy_source(str(file), target)


def _entries(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder, followlinks=False):
        for name in sorted(folders + files):
            yield Path(parent, name)


def _link_fault(file: Path, folder: Path) -> str:
    """A worker can ask for whatever is in the site, so a link must not bring in other files."""
    if not file.is_symlink():
        return ""
    if not file.resolve().is_relative_to(folder.resolve()):
        return "is a link that leads out of the folder"
    return "" if file.is_file() else "is a link to a folder, or to nothing"
