"""The one writer: a thread that runs operations, commits them in groups, and only then answers.

Callers hand over plain functions. The thread takes all that are waiting, runs them in one
transaction, commits once, and resolves their futures after the commit. An operation that raises is
undone alone.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from peewee import Database, DatabaseError

from mephisto_engine.clock import Clock
from mephisto_engine.data_model.base import database as in_use
from mephisto_engine.database.transaction import Transaction, exception_wrapper
from mephisto_engine.errors import StorageError

log = logging.getLogger(__name__)

MAX_GROUP = 1000
"""Operations a commit; bounds how long the first of a group waits for the last."""

Operation = Callable[..., Any]


@dataclass(slots=True)
class Job:
    """One operation and whoever waits for it."""

    operation: Operation
    args: tuple[Any, ...]
    waiter: asyncio.Future[Any] | Future[Any]
    result: Any = None
    error: BaseException | None = None


class Writer:
    """Runs operations on a connection of its own, in the order in which they came."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        check: Callable[[Transaction], None],
        on_commit: Callable[[float], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._check = check
        self._on_commit = on_commit
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name="mephisto-writer", daemon=True)
        self._is_closed = False
        self._door = threading.Lock()
        self._thread.start()

    def put(
        self,
        operation: Operation,
        args: tuple[Any, ...],
        waiter: asyncio.Future[Any] | Future[Any],
    ) -> None:
        """Queue an operation; ``waiter`` gets its result after the commit."""
        with self._door:
            if self._is_closed:
                raise StorageError("The database is closed.")
            self._queue.put(Job(operation, args, waiter))

    def close(self) -> None:
        """Commit what is queued, then end the thread."""
        with self._door:
            if not self._is_closed:
                self._is_closed = True
                self._queue.put(None)
        self._thread.join()

    def _loop(self) -> None:
        is_open = True
        while is_open:
            group: list[Job] = []
            is_open = self._take(group)
            if group:
                self._run_group(group)
        self._database.close()

    def _take(self, group: list[Job]) -> bool:
        """Fill ``group`` with what is waiting; False when the writer is to end."""
        job = self._queue.get()
        while job is not None:
            group.append(job)
            if len(group) >= MAX_GROUP or self._queue.empty():
                return True
            job = self._queue.get()
        return False

    def _run_group(self, group: list[Job]) -> None:
        started = time.perf_counter()
        try:
            with in_use.using(self._database):
                if not self._run_together(group):
                    self._run_apart(group)
        except Exception as error:
            self._abandon(group, error)
        _resolve(group)
        try:
            self._on_commit((time.perf_counter() - started) * 1000)
        except Exception:
            log.exception("a listener failed after a commit")

    def _run_together(self, group: list[Job]) -> bool:
        """The usual way: no operation fails. False if one did; then nothing has been stored."""
        transaction = self._begin()
        try:
            with exception_wrapper:
                for job in group:
                    job.result = job.operation(transaction, *job.args)
        except Exception:
            self._roll_back()
            return False
        self._commit(transaction)
        return True

    def _run_apart(self, group: list[Job]) -> None:
        """Run the group again with a savepoint around each, so that one that fails fails alone.

        That an operation can be run twice follows from its being a function of the database and
        its arguments; savepoints around all of them would cost a tenth of the writer's time.
        """
        transaction = self._begin()
        for job in group:
            self._run_job(transaction, job)
        self._commit(transaction)

    def _run_job(self, transaction: Transaction, job: Job) -> None:
        mark = transaction.journal.mark()
        self._database.execute_sql("SAVEPOINT job")
        try:
            with exception_wrapper:
                job.result = job.operation(transaction, *job.args)
        except Exception as error:
            # A full disk or an I/O error may have ended the whole transaction already.
            if not self._database.connection().in_transaction:
                raise
            self._database.execute_sql("ROLLBACK TO job")
            transaction.journal.rewind(mark)
            job.result = None
            job.error = _as_storage_error(error)
        self._database.execute_sql("RELEASE job")

    def _begin(self) -> Transaction:
        self._database.execute_sql("BEGIN IMMEDIATE")
        transaction = Transaction(self._database, self._clock.now())
        self._check(transaction)
        return transaction

    def _commit(self, transaction: Transaction) -> None:
        with exception_wrapper:
            transaction.flush()
        self._database.execute_sql("COMMIT")

    def _roll_back(self) -> None:
        if self._database.connection().in_transaction:
            self._database.execute_sql("ROLLBACK")

    def _abandon(self, group: list[Job], error: Exception) -> None:
        """Nothing of the group was stored: everybody is told so."""
        log.error("a commit failed: %s", error)
        try:
            self._roll_back()
        except Exception:
            # The connection is beyond use; the next group gets a new one.
            log.exception("a transaction could not be rolled back")
            self._database.close()
        for job in group:
            job.result = None
            job.error = job.error or _as_storage_error(error)


def _as_storage_error(error: Exception) -> Exception:
    if not isinstance(error, DatabaseError) or type(error).__name__ == "IntegrityError":
        return error
    return StorageError(
        f"The database did not take the change: {error}.",
        "Free disk space or end the process that holds the database, then try again.",
    )


def _resolve(group: list[Job]) -> None:
    """Answer everybody; the waiters of one event loop with a single wake-up."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in group:
        if isinstance(job.waiter, asyncio.Future):
            by_loop.setdefault(job.waiter.get_loop(), []).append(job)
        else:
            _settle(job)
    for loop, jobs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle_all, jobs)
        except RuntimeError:
            log.warning("%d answers came after their event loop had ended", len(jobs))


def _settle_all(jobs: list[Job]) -> None:
    for job in jobs:
        _settle(job)


def _settle(job: Job) -> None:
    if job.waiter.done():
        return
    if job.error is not None:
        job.waiter.set_exception(job.error)
    else:
        job.waiter.set_result(job.result)
