"""What a reviewer needs beside one submitted unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import JOIN, fn

from mephisto_engine.data_model import (
    Agent,
    Decision,
    GrantedQualification,
    Qualification,
    Submission,
    Task,
    TaskRun,
    Unit,
    Worker,
)
from mephisto_engine.data_model.base import database
from mephisto_engine.data_model.status import DONE_UNIT, DecisionStatus
from mephisto_engine.database.queries.standing import Figures, Within, figures

LAST = 5
"""How many earlier decisions are shown."""

MOST_OF_ITEM = 50
"""Units of one item that are set side by side."""

LONGEST_PREVIEW = 1000
"""Characters of another worker's answer that are read for one line."""


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another unit of the same item."""

    unit_id: int
    worker_name: str
    status: str
    preview: str
    """The beginning of its answer, as it is stored."""


@dataclass(frozen=True, slots=True)
class EarlierDecision:
    """A decision about another unit."""

    unit_id: int
    verdict: str
    note: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known around a unit."""

    task_name: str
    here: Figures
    """What the worker has done in this task."""
    ever: Figures
    """What the worker has done in all tasks."""
    grants: tuple[tuple[str, int], ...]
    """Qualifications of the worker."""
    of_worker: tuple[EarlierDecision, ...]
    """Last decisions about the worker, newest first."""
    of_task: tuple[EarlierDecision, ...]
    """Last decisions in this task, newest first."""
    siblings: tuple[Sibling, ...]


def surroundings(unit_id: int) -> Surroundings:
    """What is known around a unit that somebody has."""
    unit: Any = Unit.get_by_id(unit_id)
    task = Task.select(Task.id, Task.name).join(TaskRun).where(TaskRun.id == unit.task_run_id).get()
    runs = [run.id for run in TaskRun.select(TaskRun.id).where(TaskRun.task == task.id)]
    return Surroundings(
        task.name,
        figures(Within(task_name=task.name, worker_ids=(unit.worker_id,))),
        figures(Within(worker_ids=(unit.worker_id,))),
        _grants(unit.worker_id),
        _decisions(Unit.worker == unit.worker_id),
        _decisions(Decision.task_run.in_(runs)),
        _siblings(unit),
    )


def answered_units(assignment_id: int) -> list[int]:
    """Units of an assignment that somebody has handed in, in their order."""
    query = (
        Unit.select(Unit.id)
        .where((Unit.assignment == assignment_id) & Unit.status.in_(sorted(DONE_UNIT)))
        .order_by(Unit.unit_index, Unit.id)
        .limit(MOST_OF_ITEM)
    )
    return [number for (number,) in database.obj.stream(query)]


def _grants(worker_id: int) -> tuple[tuple[str, int], ...]:
    query = (
        GrantedQualification.select(Qualification.name, GrantedQualification.value)
        .join(Qualification)
        .where(GrantedQualification.worker == worker_id)
        .order_by(Qualification.name)
    )
    return tuple(database.stream(query))


def _decisions(where: Any) -> tuple[EarlierDecision, ...]:
    query = (
        Decision.select(Decision.unit, Decision.verdict, Decision.note)
        .join(Unit)
        .where(where & (Decision.status != DecisionStatus.WITHDRAWN))
        .order_by(Decision.id.desc())
        .limit(LAST)
    )
    return tuple(EarlierDecision(*row) for row in database.stream(query))


def _siblings(unit: Any) -> tuple[Sibling, ...]:
    """Answered units of the same assignment."""
    query = (
        Unit.select(
            Unit.id,
            Worker.name,
            Unit.status,
            fn.SUBSTR(Submission.body, 1, LONGEST_PREVIEW),
        )
        .join(Worker)
        .switch(Unit)
        .join(Agent, on=(Agent.unit == Unit.id) & (Agent.worker == Unit.worker))
        .join(Submission, JOIN.LEFT_OUTER)
        .where(
            (Unit.assignment == unit.assignment_id)
            & (Unit.id != unit.id)
            & Unit.status.in_(sorted(DONE_UNIT))
        )
        .order_by(Unit.unit_index)
    )
    rows = database.stream(query)
    return tuple(Sibling(number, name, status, body or "") for number, name, status, body in rows)
