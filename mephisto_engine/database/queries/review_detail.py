"""What a reviewer needs beside one submitted unit."""

from __future__ import annotations

from dataclasses import dataclass

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
from mephisto_engine.data_model.status import DONE_UNIT, DecisionStatus
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.queries.reviewed_worker import LATEST, worker_figures
from mephisto_engine.database.queries.standing import Figures

LAST = 5
"""How many earlier decisions are shown."""

LAST_RUNS = 10
"""Runs of a task among whose decisions the last ones are looked for."""

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
    """Last decisions about what the worker did last, newest first."""
    of_task: tuple[EarlierDecision, ...]
    """Last decisions in this task, newest first."""
    siblings: tuple[Sibling, ...]


def surroundings(unit_id: int) -> Surroundings:
    """What is known around a unit that somebody has."""
    ((worker_id, assignment_id, task_id, task_name),) = _UNIT.fetch(unit=unit_id)
    here, ever = worker_figures(worker_id, task_id)
    return Surroundings(
        task_name,
        here,
        ever,
        tuple(_GRANTS.fetch(worker=worker_id)),
        tuple(EarlierDecision(*row) for row in _OF_WORKER.fetch(worker=worker_id)),
        _of_task(task_id),
        tuple(Sibling(*row) for row in _SIBLINGS.fetch(unit=unit_id, assignment=assignment_id)),
    )


def answered_units(assignment_id: int) -> list[int]:
    """Units of an assignment that somebody has handed in, in their order."""
    return [number for (number,) in _ANSWERED.fetch(assignment=assignment_id)]


def _of_task(task_id: int) -> tuple[EarlierDecision, ...]:
    """The last decisions of the task's last runs."""
    rows = [
        row
        for (run_id,) in _RUNS.fetch(task=task_id)
        for status in (DecisionStatus.STAGED, DecisionStatus.SENT)
        for row in _OF_RUN.fetch(run=run_id, status=status)
    ]
    rows.sort(key=lambda row: row[0], reverse=True)
    return tuple(EarlierDecision(*row[1:]) for row in rows[:LAST])


_UNIT = Compiled(
    lambda: (
        Unit.select(Unit.worker, Unit.assignment, Task.id, Task.name)
        .join(TaskRun)
        .join(Task)
        .where(Unit.id == param("unit"))
    )
)
_GRANTS = Compiled(
    lambda: (
        GrantedQualification.select(Qualification.name, GrantedQualification.value)
        .join(Qualification)
        .where(GrantedQualification.worker == param("worker"))
        .order_by(Qualification.name)
    )
)
_RUNS = Compiled(
    lambda: (
        TaskRun.select(TaskRun.id)
        .where(TaskRun.task == param("task"))
        .order_by(TaskRun.id.desc())
        .limit(LAST_RUNS)
    )
)
_OF_RUN = Compiled(
    lambda: (
        Decision.select(Decision.id, Decision.unit, Decision.verdict, Decision.note)
        .where((Decision.task_run == param("run")) & (Decision.status == param("status")))
        .order_by(Decision.created_at.desc())
        .limit(LAST)
    )
)
_ANSWERED = Compiled(
    lambda: (
        Unit.select(Unit.id)
        .where((Unit.assignment == param("assignment")) & Unit.status.in_(sorted(DONE_UNIT)))
        .order_by(Unit.unit_index, Unit.id)
        .limit(MOST_OF_ITEM)
    )
)
_LATEST = Agent.alias()
_OF_WORKER = Compiled(
    lambda: (
        Decision.select(Decision.unit, Decision.verdict, Decision.note)
        .where(
            Decision.unit.in_(
                _LATEST.select(_LATEST.unit)
                .where(_LATEST.worker == param("worker"))
                .order_by(_LATEST.id.desc())
                .limit(LATEST)
            )
            & (Decision.status != DecisionStatus.WITHDRAWN)
        )
        .order_by(Decision.id.desc())
        .limit(LAST)
    )
)
_SIBLINGS = Compiled(
    lambda: (
        Unit.select(
            Unit.id,
            Worker.name,
            Unit.status,
            fn.COALESCE(fn.SUBSTR(Submission.body, 1, LONGEST_PREVIEW), ""),
        )
        .join(Worker)
        .switch(Unit)
        .join(Agent, on=((Agent.unit == Unit.id) & (Agent.worker == Unit.worker)))
        .join(Submission, JOIN.LEFT_OUTER)
        .where(
            (Unit.assignment == param("assignment"))
            & (Unit.id != param("unit"))
            & Unit.status.in_(sorted(DONE_UNIT))
        )
        .order_by(Unit.unit_index)
    )
)
