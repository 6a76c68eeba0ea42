"""The folder in which an export is made, hidden beside the one that it will become.

Each part is written under another name, and renamed when it is whole; what an interrupted export
has left is gone on with if it belongs to the same export, and thrown away if not. Nothing of it is
synced on the way: what is taken up is compared with its hash first, and all of it is synced once,
before the folder appears.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from mephisto_engine.errors import StateError, StorageError
from mephisto_engine.operations.packaging.files import (
    sha256_of,
    sync_file_system,
    sync_folder,
    whole_file,
    write_whole,
)
from mephisto_engine.operations.packaging.listing import Listing

PLAN: Final = "plan.json"


class Stage:
    """One export in the making."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self.folder = out.parent / f".{out.name}.partial"
        self.result = self.folder / "result"
        """What becomes the finished folder."""
        self._parts = self.folder / "parts"

    @contextmanager
    def taken(self) -> Iterator[Stage]:
        """Hold the stage, so that no second process writes there.

        Raises:
            StateError: there is something at the export's place already, or another process is
                at the same export.
            StorageError: the folder cannot be made.
        """
        if self._out.exists() and (not self._out.is_dir() or any(self._out.iterdir())):
            if not self.result.exists():
                # It was finished, and then killed before it had cleared up.
                shutil.rmtree(self.folder, ignore_errors=True)
            raise StateError(
                f"{self._out} exists and is not empty.",
                "Choose another folder with --out, or move that one away.",
            )
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"{self.folder} cannot be made: {error.strerror}.") from error
        try:
            self._lock(lock)
            yield self
        except OSError as error:
            raise StorageError(
                f"The export could not be written: {error.strerror or error}.",
                "Free disk space and give the same command again: it goes on where it stopped.",
            ) from error
        finally:
            os.close(lock)

    def begin(self, identity: dict[str, Any]) -> bool:
        """Take up what is there if it is of the same export; whether it is."""
        plan = orjson.dumps(identity, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
        path = self.folder / PLAN
        is_same = path.exists() and path.read_bytes() == plan
        if not is_same:
            path.unlink(missing_ok=True)
            shutil.rmtree(self.result, ignore_errors=True)
            shutil.rmtree(self._parts, ignore_errors=True)
            self._parts.mkdir(mode=0o700)
            write_whole(path, plan)
        self.result.mkdir(mode=0o700, exist_ok=True)
        return is_same

    def part(self, name: str) -> Path:
        """File of rows of a part."""
        return self._parts / f"{name}.jsonl"

    def record_of(self, name: str) -> Any:
        """What was noted of a part that is whole; None for one that is not."""
        path, rows = self._note(name), self.part(name)
        if not (path.exists() and rows.exists()):
            return None
        try:
            note = orjson.loads(path.read_bytes())
        except ValueError:
            return None
        return note["record"] if note["sha256"] == sha256_of(rows) else None

    def rows(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The file of a part's rows, to be written; it is there when the block is left."""
        return whole_file(self.part(name))

    def note(self, name: str, record: Any) -> None:
        """Note of a part what is needed of it; only now it counts as whole."""
        note = {"record": record, "sha256": sha256_of(self.part(name))}
        write_whole(self._note(name), orjson.dumps(note))

    def listing(self, name: str) -> Listing:
        """The list of the files that a part has in the finished folder."""
        return Listing(self._parts / f"{name}.sums")

    def _note(self, name: str) -> Path:
        return self._parts / f"{name}.json"

    def finish(self) -> None:
        """Let the folder appear, whole, at the place where it was asked for."""
        sync_file_system(self.result)
        if self._out.exists():
            self._out.rmdir()
        self.result.rename(self._out)
        sync_folder(self._out.parent)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _lock(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError(f"Another process is writing {self._out} just now.") from None
