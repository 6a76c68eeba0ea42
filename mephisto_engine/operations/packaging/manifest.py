"""The manifest of an export: what it holds, of what state, and how to see that it is whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import orjson

from mephisto_engine.errors import NotFoundError, StateError
from mephisto_engine.operations.packaging.files import sha256_of, write_whole
from mephisto_engine.operations.packaging.listing import Listing, read_list

MANIFEST: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"
"""One line a file, for `sha256sum --check` too."""


def write_sums(folder: Path, listings: Iterable[Listing], names: Iterable[str]) -> dict[str, Any]:
    """List every file of a folder with its SHA-256; what the manifest says of the list.

    Args:
        folder: the finished folder.
        listings: lists of files whose hashes are known.
        names: the files that are on none of them.
    """
    number = size = 0
    with (folder / SUMS).open("wb") as sums:
        for listing in listings:
            with listing.path.open("rb") as lines:
                shutil.copyfileobj(lines, sums)
            number, size = number + listing.placed.number, size + listing.placed.size
        for name in names:
            path = folder / name
            sums.write(f"{sha256_of(path)}  {name}\n".encode())
            number, size = number + 1, size + path.stat().st_size
    return {"list": SUMS, "sha256": sha256_of(folder / SUMS), "number": number, "bytes": size}


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
    for digest, name in read_list(listed):
        _check(folder / name, digest)
        number += 1
    if number != manifest["files"]["number"]:
        raise StateError(f"{listed} does not list every file.", _AGAIN)
    return manifest


def files_by_stem(folder: Path) -> dict[str, tuple[str, str]]:
    """Stem of a name → SHA-256 and name of the files of an export; none if there is no export.

    Uploads are found so, whatever the format: their stems are the names they are stored under.
    """
    if not (folder / SUMS).is_file():
        return {}
    return {
        name.rpartition("/")[2].partition(".")[0]: (digest, name)
        for digest, name in read_list(folder / SUMS)
    }


def _check(path: Path, digest: str) -> None:
    if not path.is_file():
        raise StateError(f"{path} is missing.", _AGAIN)
    if sha256_of(path) != digest:
        raise StateError(f"{path} is not as it was written.", _AGAIN)


_AGAIN: Final = "Export again, into another folder."
