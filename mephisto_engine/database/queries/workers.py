"""Workers and their qualifications, as people look for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, fn

from mephisto_engine.data_model import (
    Agent,
    GrantedQualification,
    Qualification,
    TaskRun,
    Unit,
    Worker,
)
from mephisto_engine.data_model.records import WorkerRecord
from mephisto_engine.data_model.status import COSTED_UNIT, HOLDING_AGENT, LIVE_AGENT, UnitStatus
from mephisto_engine.errors import NotFoundError, StateError

SHOWN_CANDIDATES = 10
"""How many workers an ambiguous name is explained with."""

_LIVES = Agent.status.in_(sorted(LIVE_AGENT))
_HOLDS = Agent.status.in_(sorted(HOLDING_AGENT))


@dataclass(frozen=True, slots=True)
class QualificationRow:
    """A kind of label."""

    name: str
    description: str
    holders: int
    """Workers who hold it."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A worker's value for a qualification."""

    worker_id: int
    provider_type: str
    worker_name: str
    qualification_name: str
    value: int
    granted_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class LiveAgentRow:
    """Where a worker is at work in a run."""

    agent_id: int
    unit_id: int
    status: str


def find_worker(text: str) -> WorkerRecord:
    """The worker that a person means: by name, by ``PROVIDER/NAME``, or by id.

    Raises:
        NotFoundError: nobody is called so.
        StateError: several workers may be meant; the message lists them.
    """
    provider_type, _, name = text.partition("/")
    where = (Worker.name == text) | (
        (Worker.provider_type == provider_type) & (Worker.name == name)
    )
    if text.isascii() and text.isdigit() and len(text) < 19:
        where |= Worker.id == int(text)
    query: Any = Worker.select(Worker.id, Worker.provider_type, Worker.name).where(where)
    found = list(query.order_by(Worker.id).limit(SHOWN_CANDIDATES + 1).tuples())
    if not found:
        raise NotFoundError(
            f"There is no worker {text!r}.",
            "Workers are known once they have come; `mephisto-tui workers` lists them.",
        )
    if len(found) > 1:
        raise StateError(_as_list(text, found), "Name one of them as PROVIDER/NAME, or by id.")
    return worker_record(found[0][0])


def worker_record(worker_id: int) -> WorkerRecord:
    """A worker with what decides whether they may work."""
    worker = Worker.get_or_none(Worker.id == worker_id)
    if worker is None:
        raise NotFoundError(f"There is no worker {worker_id}.")
    held: Any = (
        GrantedQualification.select(Qualification.name, GrantedQualification.value)
        .join(Qualification)
        .where(GrantedQualification.worker == worker_id)
    )
    return WorkerRecord(
        worker.id,
        worker.name,
        worker.provider_type,
        worker.blocked_at is not None,
        dict(held.tuples()),
    )


def block_of(worker_id: int) -> tuple[datetime, str] | None:
    """When a worker was blocked and why; None if they are not."""
    worker = Worker.get_by_id(worker_id)
    if worker.blocked_at is None:
        return None
    return worker.blocked_at, worker.block_reason or ""


def qualifications() -> list[QualificationRow]:
    """All kinds of labels, by name."""
    return [QualificationRow(*row) for row in _qualifications().tuples()]


def qualification(name: str) -> QualificationRow:
    """One kind of label.

    Raises:
        NotFoundError: there is none of that name.
    """
    row = next(iter(_qualifications().where(Qualification.name == name).tuples()), None)
    if row is None:
        raise NotFoundError(
            f"There is no qualification {name!r}.", "`mephisto-tui qualifications list` lists them."
        )
    return QualificationRow(*row)


def grants(qualification_name: str | None = None, worker_id: int | None = None) -> list[GrantRow]:
    """Who holds what, of one qualification or worker or of all; by qualification and worker."""
    query: Any = (
        GrantedQualification.select(
            Worker.id,
            Worker.provider_type,
            Worker.name,
            Qualification.name,
            GrantedQualification.value,
            GrantedQualification.granted_at,
            GrantedQualification.updated_at,
        )
        .join(Worker)
        .switch(GrantedQualification)
        .join(Qualification)
        .order_by(Qualification.name, Worker.provider_type, Worker.name)
    )
    if qualification_name is not None:
        query = query.where(Qualification.name == qualification_name)
    if worker_id is not None:
        query = query.where(GrantedQualification.worker == worker_id)
    return [GrantRow(*row) for row in query.tuples()]


def provider_types() -> set[str]:
    """Providers that workers have come from or runs were launched on."""
    seen: Any = Worker.select(Worker.provider_type) | TaskRun.select(TaskRun.provider_type)
    return {row[0] for row in seen.tuples()}


def units_used(run_id: int, worker_id: int) -> tuple[int, int]:
    """How many units a worker is on in a run; and is on or has done over all runs of its task."""
    own = Agent.worker == worker_id
    live = Agent.select(fn.COUNT(Agent.id)).where(own & _LIVES & (Agent.task_run == run_id))
    task = TaskRun.select(TaskRun.task).where(TaskRun.id == run_id)
    runs = TaskRun.alias()
    same_task = runs.select(runs.id).where(runs.task.in_(task))
    used = Agent.select(fn.COUNT(Agent.id)).where(own & _HOLDS & Agent.task_run.in_(same_task))
    return int(live.scalar() or 0), int(used.scalar() or 0)


def units_on_offer(run_id: int, worker_id: int) -> tuple[int, int]:
    """Units of a run that can be handed out; and those of assignments that are new to a worker."""
    offered = (Unit.task_run == run_id) & (Unit.status == UnitStatus.LAUNCHED)
    met = Agent.select(Agent.assignment).where(
        (Agent.worker == worker_id) & (Agent.task_run == run_id) & _HOLDS
    )
    unmet = offered & Unit.assignment.not_in(met)
    return _count(offered), _count(unmet)


def special_units_used(run_id: int) -> dict[int, int]:
    """Place of screening and gold units of a run → how many of them are paid, or will be."""
    query: Any = (
        Unit.select(Unit.unit_index, fn.COUNT(Unit.id))
        .where(
            (Unit.task_run == run_id) & (Unit.unit_index < 0) & Unit.status.in_(sorted(COSTED_UNIT))
        )
        .group_by(Unit.unit_index)
    )
    return dict(query.tuples())


def live_agents(run_id: int, worker_id: int) -> list[LiveAgentRow]:
    """Where the worker is at work in a run, first begun first."""
    query: Any = (
        Agent.select(Agent.id, Agent.unit, Agent.status)
        .where((Agent.worker == worker_id) & (Agent.task_run == run_id) & _LIVES)
        .order_by(Agent.id)
    )
    return [LiveAgentRow(*row) for row in query.tuples()]


def _count(where: Any) -> int:
    return int(Unit.select(fn.COUNT(Unit.id)).where(where).scalar() or 0)


def _qualifications() -> Any:
    return (
        Qualification.select(
            Qualification.name,
            Qualification.description,
            fn.COUNT(GrantedQualification.id),
            Qualification.created_at,
        )
        .join(GrantedQualification, JOIN.LEFT_OUTER)
        .group_by(Qualification.id)
        .order_by(Qualification.name)
    )


def _as_list(text: str, found: list[tuple[int, str, str]]) -> str:
    lines = [f"{text!r} may mean several workers:"]
    lines += [f"{row_id}  {provider}/{name}" for row_id, provider, name in found[:SHOWN_CANDIDATES]]
    if len(found) > SHOWN_CANDIDATES:
        lines.append("and more")
    return "\n".join(lines)
