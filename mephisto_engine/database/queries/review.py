"""What is to be reviewed, what is staged, and what was decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from peewee import Expression, Query, fn

from mephisto_engine.clock import from_ms
from mephisto_engine.data_model import Assignment, Decision, Task, TaskRun, Unit, Worker
from mephisto_engine.data_model.base import database
from mephisto_engine.data_model.status import DecisionStatus, UnitStatus
from mephisto_engine.data_model.units import COMPENSATION_INDEX


@dataclass(frozen=True, slots=True)
class Scope:
    """Which units a review is about: those of a run, of a task, or all."""

    run_id: int | None = None
    task_name: str | None = None

    def of(self, field: Any) -> Expression:
        """The condition that a column with a run's id fulfils."""
        if self.run_id is not None:
            is_of_run: Expression = field == self.run_id
            return is_of_run
        runs = TaskRun.select(TaskRun.id)
        if self.task_name is not None:
            runs = runs.join(Task).where(Task.name == self.task_name)
        # All runs are named too, because the indexes of units and decisions begin with the run.
        condition: Expression = field.in_(runs)
        return condition


class QueuedUnit(NamedTuple):
    """A submitted unit that waits for a decision, or for its decision to be sent."""

    unit_id: int
    run_id: int
    task_name: str
    assignment_id: int
    item_index: int
    unit_index: int
    status: str
    worker_id: int
    worker_name: str
    pay_cents: int
    submitted_ms: int
    staged: str = ""
    """The verdict that is staged; empty while nothing is."""

    @property
    def submitted_at(self) -> datetime:
        """When it was; made when asked for, of tens of thousands few are looked at."""
        return from_ms(self.submitted_ms)


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision with what a person needs to recognise it."""

    id: int
    unit_id: int
    unit_status: str
    run_id: int
    task_name: str
    worker_id: int
    worker_name: str
    verdict: str
    status: str
    status_at: datetime
    note: str
    is_note_sent: bool
    pay_cents: int
    bonus_cents: int
    block_reason: str | None
    error: str | None
    decided_by: str
    created_at: datetime


def queue(scope: Scope) -> list[QueuedUnit]:
    """Submitted units without a sent decision, by worker and then oldest first."""
    decisions = staged_decisions(scope)
    staged = {row.unit_id: row.verdict for row in decisions}
    is_queued = Unit.status == UnitStatus.COMPLETED
    # A decision that was sent in part has moved its unit and is not done with it.
    moved = [row.unit_id for row in decisions if row.unit_status != UnitStatus.COMPLETED]
    if moved:
        is_queued |= Unit.id.in_(moved)
    query = (
        Unit.select(
            Unit.id,
            Unit.task_run,
            Unit.assignment,
            Assignment.item_index,
            Unit.unit_index,
            Unit.status,
            Worker.id,
            Worker.name,
            Unit.pay_cents,
            Unit.status_at,
        )
        .join(Worker)
        .switch(Unit)
        .join(Assignment)
        .where(is_queued & scope.of(Unit.task_run))
        .order_by(Worker.id, Unit.status_at, Unit.id)
    )
    # A join costs each unit its part; there are far fewer runs than units.
    task_of = dict(_rows(TaskRun.select(TaskRun.id, Task.name).join(Task)))
    return [
        QueuedUnit._make((unit_id, run_id, task_of[run_id], *row, staged.get(unit_id, "")))
        for unit_id, run_id, *row in _rows(query)
    ]


def decided_before(scope: Scope) -> dict[int, tuple[int, int, int]]:
    """Worker → how many of their units were accepted, passed and rejected."""
    kinds = (UnitStatus.ACCEPTED, UnitStatus.SOFT_REJECTED, UnitStatus.REJECTED)
    query = (
        Unit.select(Unit.worker, Unit.status, fn.COUNT(Unit.id))
        .where(
            Unit.status.in_(kinds)
            & (Unit.unit_index != COMPENSATION_INDEX)
            & scope.of(Unit.task_run)
        )
        .group_by(Unit.worker, Unit.status)
    )
    found: dict[int, list[int]] = {}
    for worker_id, status, number in _rows(query):
        found.setdefault(worker_id, [0, 0, 0])[kinds.index(UnitStatus(status))] = number
    return {worker_id: (row[0], row[1], row[2]) for worker_id, row in found.items()}


def staged_decisions(scope: Scope) -> list[DecisionRow]:
    """What is staged, in the order in which it was decided."""
    is_staged = Decision.status == DecisionStatus.STAGED
    query = _decisions().where(is_staged & scope.of(Decision.task_run))
    return [_decision(row) for row in _rows(query.order_by(Decision.id))]


def history(scope: Scope, limit: int | None = None) -> list[DecisionRow]:
    """All decisions, those that were sent and withdrawn too; newest first."""
    query = _decisions().where(scope.of(Decision.task_run)).order_by(Decision.id.desc())
    return [_decision(row) for row in _rows(query if limit is None else query.limit(limit))]


def _decisions() -> Any:
    return (
        Decision.select(
            Decision.id,
            Decision.unit,
            Unit.status,
            Decision.task_run,
            Task.name,
            Worker.id,
            Worker.name,
            Decision.verdict,
            Decision.status,
            Decision.status_at,
            Decision.note,
            Decision.is_note_sent,
            Unit.pay_cents,
            Decision.bonus_cents,
            Decision.block_reason,
            Decision.error,
            Decision.decided_by,
            Decision.created_at,
        )
        .join(Unit)
        .join(Worker)
        .switch(Decision)
        .join(TaskRun)
        .join(Task)
    )


def _decision(row: Sequence[Any]) -> DecisionRow:
    values = _timed(row, 9, 17)
    values[11] = bool(values[11])
    return DecisionRow(*values)


def _timed(row: Sequence[Any], *places: int) -> list[Any]:
    """The row, with the milliseconds at some places as times."""
    values = list(row)
    for place in places:
        values[place] = from_ms(values[place])
    return values


def _rows(query: Query) -> Iterator[tuple[Any, ...]]:
    """Rows as they are stored, without a model instance for each."""
    rows: Iterator[tuple[Any, ...]] = database.stream(query)
    return rows
