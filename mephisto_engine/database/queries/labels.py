"""Answers in the order of their coming, with what statistics need of them and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import orjson
from peewee import Expression

from mephisto_engine.data_model import (
    Agent,
    Assignment,
    Judgement,
    Submission,
    TaskRun,
    Unit,
    Worker,
)
from mephisto_engine.data_model.base import database
from mephisto_engine.data_model.records import GOLD_INDEX
from mephisto_engine.data_model.status import HOLDING_AGENT
from mephisto_engine.database.compiled import Compiled, param, unindexed
from mephisto_engine.database.queries.answers import runs_of_task


class StoredAnswer(NamedTuple):
    """An answer with where it belongs."""

    id: int
    """Grows with each answer that comes."""
    unit_id: int
    unit_index: int
    assignment_id: int
    run_id: int
    item_index: int
    worker_id: int
    worker_name: str
    begun_ms: int
    submitted_ms: int | None
    body: str
    """JSON text."""


def answers_after(run_ids: tuple[int, ...], last_id: int, limit: int) -> Iterator[StoredAnswer]:
    """The next answers of some runs, oldest first; late ones are left out."""
    rows = _answers(len(run_ids)).fetch(
        last=last_id,
        limit=limit,
        **{f"run{place}": run_id for place, run_id in enumerate(run_ids)},
    )
    return map(StoredAnswer._make, rows)


def golds_after(run_ids: Sequence[int], last_id: int) -> Iterator[tuple[int, int, bool]]:
    """``(id, worker, whether it was right)`` of judged gold units, in the order of judging."""
    query = (
        Judgement.select(Judgement.id, Unit.worker, Judgement.is_right)
        .join(Unit)
        .where(
            (Judgement.id > last_id)
            & (Unit.unit_index < 0)  # what the index of special units says
            & (Unit.unit_index == GOLD_INDEX)
            & Unit.task_run.in_(list(run_ids))
            & Judgement.is_right.is_null(False)
            & Unit.worker.is_null(False)
        )
        .order_by(Judgement.id)
    )
    for row_id, worker, is_right in database.stream(query):
        yield row_id, worker, bool(is_right)


def shared_data(assignment_id: int) -> dict[str, Any]:
    """The shared data of an assignment."""
    query = Assignment.select(Assignment.data).where(Assignment.id == assignment_id)
    text = next(iter(database.stream(query)))[0]
    found = orjson.loads(text)
    return found if isinstance(found, dict) else {}


def find_runs(text: str) -> tuple[str, tuple[int, ...]]:
    """What a person means by a run's number or a task's name: in words, and the runs.

    Raises:
        NotFoundError: there is neither such a run nor such a task.
    """
    if text.isascii() and text.isdigit() and len(text) < 19:
        run = TaskRun.get_or_none(TaskRun.id == int(text))
        if run is not None:
            return f"run {run.id}", (run.id,)
    return f"task {text}", runs_of_task(text)


@cache
def _answers(runs: int) -> Compiled:
    wanted = [param(f"run{place}") for place in range(runs)]
    query = (
        Submission.select(
            Submission.id,
            Agent.unit,
            Unit.unit_index,
            Agent.assignment,
            Agent.task_run,
            Assignment.item_index,
            Worker.id,
            Worker.name,
            Agent.created_at,
            Agent.submitted_at,
            Submission.body,
        )
        .join(Agent)
        .join(Unit)
        .switch(Agent)
        .join(Assignment)
        .switch(Agent)
        .join(Worker)
        .where(
            (Submission.id > param("last"))
            & ~Submission.is_late
            & Expression(unindexed(Agent.task_run), "IN", wanted)
            & Agent.status.in_(sorted(HOLDING_AGENT))
        )
        .order_by(Submission.id)
        .limit(param("limit"))
    )
    return Compiled(lambda: query)
