"""The manifest of an export: what it holds, of what state, and how to see that it is whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from mephisto_engine.errors import NotFoundError, StateError
from mephisto_engine.operations.packaging.staging import write_whole

MANIFEST: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"
"""One line a file, for `sha256sum --check` too."""
_BLOCK: Final = 2**20


def write_sums(folder: Path) -> dict[str, Any]:
    """List every file of a folder with its SHA-256; what the manifest says of the list."""
    number = size = 0
    digest = hashlib.sha256()
    with (folder / SUMS).open("wb") as sums:
        for path in _files(folder):
            line = f"{sha256_of(path)}  {path.relative_to(folder).as_posix()}\n".encode()
            sums.write(line)
            digest.update(line)
            number, size = number + 1, size + path.stat().st_size
    return {"list": SUMS, "sha256": digest.hexdigest(), "number": number, "bytes": size}


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest, last of all."""
    write_whole(folder / MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2) + b"\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an export.

    Raises:
        NotFoundError: the folder has none that can be read.
    """
    try:
        manifest = orjson.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError) as error:
        raise NotFoundError(
            f"{folder} is no export: its {MANIFEST} cannot be read ({error}).",
            "`mephisto-tui export` makes one.",
        ) from error
    if not isinstance(manifest, dict) or "files" not in manifest:
        raise NotFoundError(f"{folder / MANIFEST} is not the manifest of an export.")
    return manifest


def verify(folder: Path) -> dict[str, Any]:
    """Read every file of an export and compare it with the manifest, which comes back.

    Raises:
        NotFoundError: it is no export.
        StateError: a file is missing, changed, or of no export.
    """
    manifest = read_manifest(folder)
    listed = folder / SUMS
    if not listed.is_file() or sha256_of(listed) != manifest["files"]["sha256"]:
        raise StateError(f"{listed} is not the list that the manifest names.", _AGAIN)
    number = 0
    with listed.open(encoding="utf-8") as lines:
        for line in lines:
            digest, _, name = line.rstrip("\n").partition("  ")
            _check(folder / name, digest)
            number += 1
    if number != manifest["files"]["number"]:
        raise StateError(f"{listed} does not list every file.", _AGAIN)
    return manifest


def _check(path: Path, digest: str) -> None:
    if not path.is_file():
        raise StateError(f"{path} is missing.", _AGAIN)
    if sha256_of(path) != digest:
        raise StateError(f"{path} is not as it was written.", _AGAIN)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


_AGAIN: Final = "Export again, into another folder."


def _files(folder: Path) -> Iterator[Path]:
    """All files below a folder, in an order that is always the same."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir():
            yield from _files(folder / entry.name)
        elif entry.name != SUMS:
            yield folder / entry.name
