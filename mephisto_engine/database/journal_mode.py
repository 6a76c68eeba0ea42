"""Which journal SQLite keeps for a database, and changing that safely."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from enum import StrEnum
from pathlib import Path

from mephisto_engine.database.filesystem import Sharing, bind_to_host, file_system_of
from mephisto_engine.errors import StorageError

BUSY_SECONDS = 5.0
"""How long a statement waits for another process's transaction before it fails."""


class Journal(StrEnum):
    """SQLite's names of the two modes used here; with synchronous=FULL both are durable."""

    AHEAD = "wal"
    """Readers and the writer do not wait for each other; for processes of one machine."""
    ROLLBACK = "truncate"
    """A commit waits until nobody reads; its locks are the file system's."""


def settle_journal(path: Path) -> Journal:
    """The journal with which a database may be opened where it lies.

    A database that has a rollback journal keeps it also on a local disk: to other hosts, that disk
    may be a network mount.

    Raises:
        StorageError: it must not be opened here, or not now.
    """
    found = file_system_of(path)
    bind_to_host(path, found)
    kept = journal_of(path)
    if found.sharing is Sharing.LOCAL:
        return kept or Journal.AHEAD
    if kept is Journal.AHEAD:
        _leave_log(path, found.kind)
    return Journal.ROLLBACK


def journal_of(path: Path) -> Journal | None:
    """What the header of a database says, without opening it; None for an empty file."""
    with path.open("rb") as file:
        header = file.read(100)
    if len(header) < 100:
        return None
    # Bytes 18 and 19: versions for writing and reading; 2 is write-ahead (fileformat2, 1.3.3).
    return Journal.AHEAD if 2 in header[18:20] else Journal.ROLLBACK


def _leave_log(path: Path, kind: str) -> None:
    """Go from write-ahead to rollback, alone: with exclusive locks no memory is shared."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as alone:
            alone.execute("PRAGMA locking_mode=exclusive")
            alone.execute("PRAGMA journal_mode=delete").fetchall()
    except sqlite3.Error as error:
        raise StorageError(
            f"The database {path} lies on {kind} and has a write-ahead log, which works on one "
            f"machine only; it cannot be changed now: {error}.",
            "End every program that has it open, on every host, then try again: it is changed by "
            "the first that opens it. Until then use `ssh` to the host that has it open.",
        ) from error
