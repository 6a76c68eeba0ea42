"""Fifty thousand submitted units: how soon the queue is there, and what a decision takes."""

from __future__ import annotations

import time

from benchmarks.child import in_child, new_home
from benchmarks.figure import Figure, quantile
from mephisto_engine.data_model import Unit
from mephisto_engine.database import MephistoDB, default_home
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.operations.review import Review
from mephisto_engine.testing.conformance.database import StoredRun
from mephisto_tui.review_queue import ReviewQueue, arranged

UNITS = 50_000
WORKERS = 500
DECISIONS = 100
OPEN_SECONDS = 0.3
DECISION_SECONDS = 0.02


def measure() -> list[Figure]:
    with new_home() as home:
        told = in_child(review, home=home, timeout=180.0)
    opened = Figure(f"queue of {UNITS:,} units opens", told["open"], "s", OPEN_SECONDS)
    decided = Figure(
        "a decision, until the next unit is there (p95)", told["decide"], "s", DECISION_SECONDS
    )
    return [opened, decided]


def review() -> dict[str, float]:
    """Submit units without an engine, then go through them as the screen does."""
    home = default_home()
    with MephistoDB.open(home=home) as db:
        _submit(db)
        door = Review(db, home, "operator:benchmark")
        queue = ReviewQueue()
        started = time.perf_counter()
        queue.load(arranged(door.queue(), "worker", ""), door.decided_before())
        opened = time.perf_counter() - started
        return {"open": opened, "decide": quantile(_decisions(door, queue), 0.95)}


def _submit(db: MephistoDB) -> None:
    run = StoredRun.create(db, assignments=WORKERS)
    workers = [run.arrive(f"worker-{place}", place).worker.id for place in range(WORKERS)]
    rest = StoredRun.create(db, assignments=UNITS)
    first = rest.units[0][0]
    # As a finished run leaves them; the agents play no part in the queue.
    change = Unit.update(status="completed", worker=Unit.id % WORKERS + workers[0])
    db.write_now(lambda tx: tx.select(change.where(Unit.id >= first)))


def _decisions(door: Review, queue: ReviewQueue) -> list[float]:
    times = []
    for _ in range(DECISIONS):
        started = time.perf_counter()
        here = queue.current
        assert here is not None
        door.stage(NewDecision(here.unit_id, "accepted"))
        queue.mark({here.unit_id: "accepted"})
        door.staged()
        queue.next_open()
        if queue.current is not None:
            door.detail(queue.current.unit_id)
        times.append(time.perf_counter() - started)
    return times
