"""Fifty thousand submitted units: how soon queue and units are there, and what a decision takes."""

from __future__ import annotations

import random
import time
from typing import Any

from peewee import SQL, Value, fn

from benchmarks.child import in_child, new_home
from benchmarks.figure import Figure, quantile
from mephisto_engine.abstractions.review_view import sections_of
from mephisto_engine.data_model import Agent, Submission, Unit
from mephisto_engine.database import MephistoDB, default_home
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.operations.reviewing.review import Review
from mephisto_engine.testing.conformance.database import StoredRun
from mephisto_tui.review_queue import ReviewQueue, arranged
from mephisto_tui.view.sections import section_lines

UNITS = 50_000
WORKERS = 500
DECISIONS = 100
OPEN_SECONDS = 0.3
DECISION_SECONDS = 0.02
UNIT_SECONDS = 0.02
OPENED = 200
BUSY = 10
"""Workers who have done everything between them."""


def measure() -> list[Figure]:
    with new_home() as home:
        told = in_child(review, home=home, timeout=180.0)
    opened = Figure(f"queue of {UNITS:,} units opens", told["open"], "s", OPEN_SECONDS)
    decided = Figure(
        "a decision, until the next unit is there (p95)", told["decide"], "s", DECISION_SECONDS
    )
    unit = Figure("a unit opens in review (p95)", told["unit"], "s", UNIT_SECONDS)
    busy = Figure(
        f"the same, of a worker with {UNITS // BUSY:,} (p95)", told["busy"], "s", UNIT_SECONDS
    )
    hostile = Figure("the slowest of the hostile answers is laid out", worst_layout(), "s", 0.1)
    return [opened, unit, busy, decided, hostile]


def worst_layout() -> float:
    """Seconds until the slowest of some answers that were made to be slow stands in lines."""
    deep: object = 1
    for _ in range(1000):
        deep = {"a": [deep]}
    answers = (
        {"text": "\x1b[31m" * 200_000},
        {"text": "\u202eשלום " * 150_000},
        {"text": "e" + "\u0301" * 500_000},
        {"text": "👩\u200d👩\u200d👧" * 100_000},
        {f"key {n}": "v" * 200 for n in range(10_000)},
        {"list": list(range(100_000))},
        {"rows": [{"a": "b" * 100, "c": n} for n in range(10_000)]},
        deep,
    )
    return max(map(_seconds_to_lay_out, answers))


def _seconds_to_lay_out(answer: object) -> float:
    sections = sections_of("ANSWER", answer)
    started = time.perf_counter()
    section_lines(sections, 90)
    return time.perf_counter() - started


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
        told = {"open": opened, "unit": _opening(door, queue)}
        told["decide"] = quantile(_decisions(door, queue), 0.95)
        _give_to(db, BUSY)
        told["busy"] = _opening(door, queue)
        return told


def _opening(door: Review, queue: ReviewQueue) -> float:
    """Seconds that a unit from anywhere in the queue takes to be there."""
    times = []
    for unit in random.Random(1).sample(queue.units, OPENED):
        started = time.perf_counter()
        door.detail(unit.unit_id)
        times.append(time.perf_counter() - started)
    return quantile(times, 0.95)


def _submit(db: MephistoDB) -> None:
    run = StoredRun.create(db, assignments=WORKERS)
    workers = [run.arrive(f"worker-{place}", place).worker.id for place in range(WORKERS)]
    rest = StoredRun.create(db, assignments=UNITS)
    first = rest.units[0][0]
    is_of_run = Unit.id >= first
    whose = SQL(f"id % {WORKERS} + {workers[0]}")
    change = Unit.update(status="completed", worker=whose).where(is_of_run)
    for query in (change, _agents(is_of_run), _answers(Agent.unit >= first)):
        db.write_now(lambda tx, query=query: tx.select(query))


def _agents(is_of_run: Any) -> Any:
    """One for each unit, who took one to two minutes."""
    took = SQL("60000 + abs(random() % 60000)")
    columns = {
        Agent.token: fn.LOWER(fn.HEX(fn.RANDOMBLOB(16))),
        Agent.registration_id: fn.PRINTF("%d", Unit.id),
        Agent.worker: Unit.worker,
        Agent.unit: Unit.id,
        Agent.assignment: Unit.assignment,
        Agent.task_run: Unit.task_run,
        Agent.status: Value("completed"),
        Agent.status_at: Unit.status_at,
        Agent.created_at: Unit.status_at,
        Agent.submitted_at: Unit.status_at + took,
    }
    return Agent.insert_from(Unit.select(*columns.values()).where(is_of_run), list(columns))


def _answers(is_of_run: Any) -> Any:
    """A label and thirty words that nobody else has."""
    words = " || ' ' || ".join(["substr(hex(randomblob(4)), 1, 5)"] * 30)
    label = "abs(random() % 3)"
    body = SQL(f"""'{{"rating":"' || {label} || '","why":"' || {words} || '"}}'""")
    columns = {
        Submission.agent: Agent.id,
        Submission.body: body,
        Submission.sha256: Value(""),
        Submission.is_late: Value(0),
        Submission.received_at: Agent.submitted_at,
    }
    return Submission.insert_from(Agent.select(*columns.values()).where(is_of_run), list(columns))


def _give_to(db: MephistoDB, workers: int) -> None:
    """Have so few workers done all of it."""
    for model in (Unit, Agent):
        change = model.update(worker=SQL(f"worker_id % {workers} + 1"))
        db.write_now(lambda tx, change=change: tx.select(change))


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
