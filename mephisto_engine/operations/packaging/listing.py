"""Which files a part of an export has put into the finished folder, with the hash of each.

The list is in the form of `sha256sum`, so that the list of the whole export is made of these. It
counts once a note of it is beside it: an export that goes on finds what is done already.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

import orjson

from mephisto_engine.operations.packaging.files import sha256_of, write_whole


@dataclass
class Placed:
    """What is known of the files of a list."""

    number: int = 0
    size: int = 0
    """Bytes of all of them."""
    uploads: int = 0
    """How many of them workers sent."""
    missing: list[str] = field(default_factory=list)
    """Files of workers that are gone, or are not what the worker sent."""


class Listing:
    """The list of one part."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.placed = Placed()
        self._note = path.with_suffix(".placed")
        self._file: BinaryIO | None = None

    def is_done(self, folder: Path) -> bool:
        """Whether the part's files are in a folder already, each as it was written."""
        if not (self._note.exists() and self.path.exists()):
            return False
        try:
            note = orjson.loads(self._note.read_bytes())
        except ValueError:
            return False
        if note["sha256"] != sha256_of(self.path) or not self._are_whole(folder):
            return False
        self.placed = Placed(**note["placed"])
        return True

    @contextmanager
    def written(self) -> Iterator[Listing]:
        """The list, to be added to; it counts as done when the block is left."""
        self._note.unlink(missing_ok=True)
        self.placed = Placed()
        with self.path.open("wb") as self._file:
            yield self
        note = {"placed": asdict(self.placed), "sha256": sha256_of(self.path)}
        write_whole(self._note, orjson.dumps(note))

    def add(self, name: str, sha256: str, size: int) -> None:
        """Note a file that was put into the folder."""
        assert self._file is not None, "inside `written` alone"
        self._file.write(f"{sha256}  {name}\n".encode())
        self.placed.number += 1
        self.placed.size += size

    def _are_whole(self, folder: Path) -> bool:
        for sha256, name in read_list(self.path):
            path = folder / name
            if not path.is_file() or sha256_of(path) != sha256:
                return False
        return True


def read_list(path: Path) -> Iterator[tuple[str, str]]:
    """``(SHA-256, name)`` of each line of a list."""
    with path.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            digest, _, name = line.removesuffix("\n").partition("  ")
            yield digest, name
