"""MephistoDB: one door to the stored truth."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from peewee import PeeweeException, Query

from mephisto_engine.clock import Clock, SystemClock
from mephisto_engine.data_model.base import database as in_use
from mephisto_engine.database import schema
from mephisto_engine.database.compiled import Compiled
from mephisto_engine.database.journal_mode import settle_journal
from mephisto_engine.database.lease_watch import LeaseWatch
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.database.writer import Writer
from mephisto_engine.errors import LeaseLostError, StorageError

P = ParamSpec("P")
T = TypeVar("T")


def default_home() -> Path:
    """`MEPHISTO_HOME`, or `~/.mephisto-tui`."""
    return Path(os.environ.get("MEPHISTO_HOME") or "~/.mephisto-tui").expanduser()


class MephistoDB:
    """An open database: operations through the one writer, reads on connections of their own."""

    def __init__(self, path: Path, clock: Clock, home: Path | None = None) -> None:
        self.path = path
        self.home = home or path.parent
        """The data folder: what workers sent, and what is no row, lies below it."""
        self.clock = clock
        self.last_commit_ms: float | None = None
        self.leases = LeaseWatch(clock)
        """What this process has seen of the engines that drive runs."""
        self._fences: dict[int, Callable[[Transaction], bool]] = {}
        self._listeners: list[Callable[[], None]] = []
        self.journal = settle_journal(path)
        self._reader = schema.connect(path, self.journal, is_reader=True)
        self._writer_database = schema.connect(path, self.journal, is_reader=False)
        try:
            schema.migrate(self._writer_database, path)
        finally:
            # The writer thread opens its own connection; this one was for the migrations.
            self._writer_database.close_all()
        self._writer = Writer(self._writer_database, clock, self._refuse_if_lost, self._committed)

    @classmethod
    def open(
        cls,
        url: str | None = None,
        *,
        home: Path | None = None,
        clock: Clock | None = None,
    ) -> MephistoDB:
        """Open (and create, and bring up to date) a database.

        Args:
            url: `sqlite:///path` or a path; default `MEPHISTO_DB`, else `data.db` in ``home``.
            home: data folder; default `MEPHISTO_HOME`, else `~/.mephisto-tui`.
            clock: where the time of changes comes from.

        Raises:
            StorageError: the file or folder cannot be used.
            MigrationError: the schema could not be brought up to date.
        """
        folder = home or default_home()
        schema.make_private(folder)
        path = schema.sqlite_path(url or os.environ.get("MEPHISTO_DB") or str(folder / "data.db"))
        schema.create_file(path)
        return cls(path, clock or SystemClock(), folder)

    async def write(
        self, operation: Callable[Concatenate[Transaction, P], T], *args: P.args, **_: P.kwargs
    ) -> T:
        """Run an operation in the writer; returns after its commit.

        Raises:
            StorageError: it was not stored. Whatever the operation raises comes out too.
        """
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._writer.put(operation, args, waiter)
        return await waiter

    def write_now(
        self, operation: Callable[Concatenate[Transaction, P], T], *args: P.args, **_: P.kwargs
    ) -> T:
        """The same from a plain thread: waits for the commit."""
        waiter: Future[T] = Future()
        self._writer.put(operation, args, waiter)
        return waiter.result()

    def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query function on this thread's read connection, in one consistent view."""
        try:
            with in_use.using(self._reader), self._reader.atomic():
                return function(*args, **kwargs)
        except PeeweeException as error:
            raise StorageError(f"The database could not be read: {error}.") from error

    def rows(self, query: Compiled, **values: Any) -> list[tuple[Any, ...]]:
        """All rows of a compiled query on this thread's read connection."""
        return self._reader.fetch(query.sql(self._reader), query.values(values))

    def stream(self, query: Query) -> Iterator[tuple[Any, ...]]:
        """Rows of a query as they are stored, one at a time; inside `read`, of one view."""
        return self._reader.stream(query)

    def change_counter(self) -> int:
        """A number that changes when another connection, of any process, has committed."""
        # Asked several times a second for days, so past what a query passes through elsewhere.
        try:
            connection = self._reader.connection()  # type: ignore[no-untyped-call]
            [(number,)] = connection.execute("PRAGMA data_version")
        except sqlite3.Error as error:
            raise StorageError(f"The database could not be read: {error}.") from error
        return int(number)

    def on_commit(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have ``listener`` called in the writer thread after each commit; returns how to stop."""
        self._listeners.append(listener)

        def stop() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return stop

    def fence(self, run_id: int, is_held: Callable[[Transaction], bool]) -> None:
        """Store nothing more unless the lease of a run is still held: asked in every transaction.

        An engine that stood still for long (a stopped machine, a disk that hung) has been given
        up by others; whatever it still wanted to write must not come between what they do.
        """
        self._fences[run_id] = is_held

    def unfence(self, run_id: int) -> None:
        """The run is no longer driven from here."""
        self._fences.pop(run_id, None)

    def close(self) -> None:
        """Commit what is queued and close every connection."""
        self._writer.close()
        self._reader.close_all()
        self._writer_database.close_all()

    def __enter__(self) -> MephistoDB:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _refuse_if_lost(self, transaction: Transaction) -> None:
        fences = tuple(self._fences.items())
        lost = [run_id for run_id, is_held in fences if not is_held(transaction)]
        if lost:
            raise LeaseLostError(lost)

    def _committed(self, elapsed_ms: float) -> None:
        self.last_commit_ms = elapsed_ms
        for listener in tuple(self._listeners):
            listener()
