from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from mephisto_engine.data_model import Event, Worker
from mephisto_engine.database import MephistoDB, schema
from mephisto_engine.database.operations import agents
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import StorageError
from mephisto_engine.testing.conformance.database import StoredRun


class Gate:
    """Holds the writer in an operation, so that what comes meanwhile is one group."""

    def __init__(self, db: MephistoDB) -> None:
        self._entered, self._leave = threading.Event(), threading.Event()
        self._db = db

    def __enter__(self) -> None:
        threading.Thread(target=self._db.write_now, args=(self._hold,)).start()
        assert self._entered.wait(10)

    def __exit__(self, *_: object) -> None:
        self._leave.set()

    def _hold(self, tx: Transaction) -> None:
        self._entered.set()
        assert self._leave.wait(10)


def meet(tx: Transaction, name: str) -> int:
    return agents.meet(tx, 0, "mock", name).id


def fail(tx: Transaction, name: str) -> None:
    meet(tx, name)
    raise ValueError(name)


def names(db: MephistoDB) -> list[str]:
    return [name for (name,) in db.stream(Worker.select(Worker.name).order_by(Worker.id))]


def put(db: MephistoDB, operation: Any, *args: Any) -> Future[Any]:
    future: Future[Any] = Future()
    db._writer.put(operation, args, future)
    return future


def test_a_group_is_run_in_the_order_of_coming_and_committed_once(db: MephistoDB) -> None:
    commits: list[None] = []
    with Gate(db):
        futures = [put(db, meet, str(number)) for number in range(100)]
        db.on_commit(lambda: commits.append(None))
    assert [future.result(10) for future in futures] == list(range(1, 101))
    db.write_now(meet, "after")
    assert names(db) == [*map(str, range(100)), "after"]
    # The operation that held the gate was a group of its own; the last commit may be unheard yet.
    assert len(commits) in (2, 3)


def test_nothing_is_answered_before_the_commit(db: MephistoDB) -> None:
    seen: list[tuple[bool, int]] = []
    with Gate(db):
        first = put(db, meet, "first")
        second = put(
            db, lambda tx: seen.append((first.done(), db.read(Worker.select().count))), *()
        )
    second.result(10)
    assert seen == [(False, 0)]
    assert first.result() == 1


def test_one_failing_operation_of_a_group_is_undone_alone(db: MephistoDB) -> None:
    with Gate(db):
        before = put(db, meet, "before")
        broken = put(db, fail, "broken")
        after = put(db, meet, "after")
    assert (before.result(10), after.result(10)) == (1, 2)
    with pytest.raises(ValueError, match="broken"):
        broken.result(10)
    assert names(db) == ["before", "after"]
    assert db.read(Event.select().count) == 2


def test_the_writer_survives_any_exception_of_an_operation(db: MephistoDB) -> None:
    cases = [
        (KeyError("x"), KeyError),
        (RecursionError(), RecursionError),
        (sqlite3.OperationalError("odd"), StorageError),
    ]
    for error, seen in cases:

        def raise_it(tx: Transaction, error: Exception = error) -> None:
            raise error

        with pytest.raises(seen):
            db.write_now(raise_it)
    assert db.write_now(meet, "alive") == 1


def test_a_listener_that_fails_harms_nobody(
    db: MephistoDB, caplog: pytest.LogCaptureFixture
) -> None:
    def listener() -> None:
        raise RuntimeError("listener")

    stop = db.on_commit(listener)
    assert db.write_now(meet, "one") == 1
    assert db.write_now(meet, "two") == 2
    stop()
    assert "a listener failed" in caplog.text


def test_closing_stores_what_is_queued(tmp_path: Path) -> None:
    db = MephistoDB.open(str(tmp_path / "data.db"), home=tmp_path)
    with Gate(db):
        futures = [put(db, meet, str(number)) for number in range(50)]
        closing = threading.Thread(target=db.close)
        closing.start()
    closing.join(10)
    assert [future.result(0) for future in futures] == list(range(1, 51))


async def test_event_loops_and_threads_write_side_by_side(db: MephistoDB) -> None:
    def in_a_loop_of_its_own(number: int) -> list[int]:
        async def work() -> list[int]:
            return await asyncio.gather(*(db.write(meet, f"{number}-{i}") for i in range(100)))

        return asyncio.run(work())

    found = await asyncio.gather(*(asyncio.to_thread(in_a_loop_of_its_own, n) for n in range(5)))
    assert sorted(row for rows in found for row in rows) == list(range(1, 501))


def test_an_answer_for_a_loop_that_is_gone_harms_nobody(
    db: MephistoDB, caplog: pytest.LogCaptureFixture
) -> None:
    loop = asyncio.new_event_loop()
    with Gate(db):
        db._writer.put(meet, ("lost",), loop.create_future())
        loop.close()
    # A group is answered before the next one is begun.
    assert [db.write_now(meet, name) for name in ("next", "last")] == [2, 3]
    assert "their event loop had ended" in caplog.text


async def test_a_caller_who_gave_up_has_written_all_the_same(db: MephistoDB) -> None:
    with Gate(db):
        task = asyncio.ensure_future(db.write(meet, "impatient"))
        await asyncio.sleep(0)
        task.cancel()
    assert await db.write(meet, "next") == 2
    assert task.cancelled()


@pytest.fixture
def full(db: MephistoDB) -> Iterator[MephistoDB]:
    """A database that may grow by a few pages only, as on a disk that is full."""
    StoredRun.create(db, assignments=3)
    db.write_now(_limit_pages, 3)
    return db


def _limit_pages(tx: Transaction, more: int) -> None:
    pages = tx.database.execute_sql("PRAGMA page_count").fetchone()[0]
    tx.database.execute_sql(f"PRAGMA max_page_count={pages + more}")


def test_on_a_full_disk_everybody_of_the_group_is_told(full: MephistoDB) -> None:
    with Gate(full):
        small = put(full, meet, "small")
        large = put(full, meet, "x" * 100_000)
        last = put(full, meet, "last")
    for future in (small, large, last):
        error = future.exception(10)
        assert error is None or isinstance(error, StorageError), error
    assert isinstance(large.exception(), StorageError)
    stored = names(full)
    assert ("small" in stored) is (small.exception() is None)
    assert ("last" in stored) is (last.exception() is None)


def test_a_full_disk_in_the_journal_is_no_end_of_the_writer(full: MephistoDB) -> None:
    def noisy(tx: Transaction) -> None:
        for number in range(200):
            tx.record("worker.noted", "worker", number, data={"text": "x" * 500})

    with pytest.raises(StorageError):
        full.write_now(noisy)
    assert full.read(Event.select().where(Event.kind == "worker.noted").count) == 0


def test_when_there_is_space_again_it_goes_on(full: MephistoDB) -> None:
    with pytest.raises(StorageError, match="full"):
        full.write_now(meet, "x" * 100_000)
    full.write_now(_limit_pages, 1_000_000)
    assert full.write_now(meet, "x" * 100_000) == 1


def test_an_outsider_who_locks_the_database_delays_and_then_refuses(
    db: MephistoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.write_now(lambda tx: tx.database.execute_sql("PRAGMA busy_timeout=300"))
    outsider = sqlite3.connect(db.path, isolation_level=None, check_same_thread=False)
    outsider.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match="locked"):
        db.write_now(meet, "refused")

    waiting = put(db, meet, "patient")
    outsider.execute("ROLLBACK")
    outsider.close()
    assert waiting.result(10) == 1
    assert schema.BUSY_SECONDS >= 1
