"""A worker's way through a run: arrival, agent, submission, leaving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from mephisto_engine.data_model import (
    Agent,
    Assignment,
    GrantedQualification,
    Qualification,
    TaskRun,
    Unit,
    Worker,
)
from mephisto_engine.data_model.records import UnitRecord, WorkerRecord
from mephisto_engine.data_model.status import (
    HOLDING_AGENT,
    LIVE_AGENT,
    AgentStatus,
    UnitStatus,
)
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.transaction import Transaction


@dataclass(frozen=True, slots=True)
class KnownAgent:
    """An agent that is stored under a registration id or token."""

    id: int
    token: str
    worker_id: int
    unit_id: int
    status: str
    registration_id: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What is stored of an arriving worker and decides whether they may have a unit."""

    worker: WorkerRecord
    live_units: int
    """Units of this run that the worker is on."""
    used_units: int
    """Units of this task, over all its runs, that the worker is on or has done."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A worker at the door, with the unit that was claimed for them."""

    run_id: int
    provider_type: str
    worker_name: str
    registration_id: str
    claim: tuple[int, int] | None
    """``(assignment id, unit id)``; None where there is nothing to claim."""
    token: str
    status: str
    """How the agent begins: in task, or waiting for partners."""
    deadline_ms: int
    has_limits: bool
    """Whether the worker's units have to be counted."""
    judge: Callable[[Standing], str]
    """Names the reason for turning the worker away; empty if they may come in. Must be pure."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came of an arrival: an agent that is known, a new one, or a refusal."""

    worker: WorkerRecord
    known: KnownAgent | None = None
    """The agent that this registration has had before."""
    reason: str = ""
    """Why there is no agent; empty also where there was nothing to claim."""
    agent_id: int = 0
    unit: UnitRecord | None = None


_FIND_WORKER = Compiled(
    lambda: Worker.select(Worker.id, Worker.blocked_at).where(
        (Worker.provider_type == param("provider")) & (Worker.name == param("name"))
    )
)
_GRANTS = Compiled(
    lambda: (
        GrantedQualification.select(Qualification.name, GrantedQualification.value)
        .join(Qualification)
        .where(GrantedQualification.worker == param("worker"))
    )
)
_AGENT_COLUMNS = (
    Agent.id,
    Agent.token,
    Agent.worker,
    Agent.unit,
    Agent.status,
    Agent.registration_id,
)
BY_REGISTRATION = Compiled(
    lambda: Agent.select(*_AGENT_COLUMNS).where(
        (Agent.task_run == param("run"))
        & (Agent.registration_id == param("registration"))
        & (Agent.worker == param("worker"))
    )
)
BY_TOKEN = Compiled(
    lambda: Agent.select(*_AGENT_COLUMNS).where(
        (Agent.token == param("token")) & (Agent.task_run == param("run"))
    )
)
_LIVE_UNITS = Compiled(
    lambda: Agent.select(Agent.id).where(
        (Agent.task_run == param("run"))
        & (Agent.worker == param("worker"))
        & (Agent.status.in_(sorted(LIVE_AGENT)))
    )
)
_OWN_RUN: Any = TaskRun.alias()
_USED_UNITS = Compiled(
    lambda: (
        Agent.select(Agent.id)
        .join(TaskRun)
        .where(
            (Agent.worker == param("worker"))
            & TaskRun.task.in_(_OWN_RUN.select(_OWN_RUN.task).where(_OWN_RUN.id == param("run")))
            & (Agent.status.in_(sorted(HOLDING_AGENT)))
        )
    )
)
HISTORY = Compiled(
    lambda: (
        Agent.select(Agent.assignment)
        .join(Worker)
        .where(
            (Worker.provider_type == param("provider"))
            & (Worker.name == param("name"))
            & (Agent.task_run == param("run"))
            & (Agent.status.in_(sorted(HOLDING_AGENT)))
        )
    )
)


UNIT_COLUMNS: Final = 9
"""How many columns `units_with_data` has."""


def units_with_data() -> Any:
    """Query for the columns that `unit_record` reads."""
    return Unit.select(
        Unit.id,
        Unit.assignment,
        Unit.task_run,
        Unit.unit_index,
        Unit.status,
        Unit.pay_cents,
        Assignment.data,
        Unit.data,
        Unit.worker,
    ).join(Assignment)


UNIT_WITH_DATA = Compiled(lambda: units_with_data().where(Unit.id == param("unit")))
_AT_WORK = Compiled(
    lambda: (
        Agent.select(Agent.id, Agent.unit)
        .where((Agent.task_run == param("run")) & Agent.status.in_(sorted(LIVE_AGENT)))
        .order_by(Agent.id)
    )
)
_SHORTEN = Compiled(
    lambda: Agent.update({Agent.deadline_at: param("deadline")}).where(
        (Agent.id == param("agent")) & (Agent.deadline_at > param("deadline"))
    )
)


def meet(tx: Transaction, run_id: int, provider_type: str, worker_name: str) -> WorkerRecord:
    """The worker of that name, with their qualifications; added if they are new."""
    row = tx.one(_FIND_WORKER, provider=provider_type, name=worker_name)
    if row is None:
        worker_id = tx.insert(
            "worker", provider_type=provider_type, name=worker_name, created_at=tx.now_ms
        )
        actor = f"worker:{worker_id}"
        data = {"name": worker_name}
        tx.record("worker.created", "worker", worker_id, run=run_id, actor=actor, data=data)
        return WorkerRecord(worker_id, worker_name, provider_type)
    worker_id, blocked_at = row
    grants = dict(tx.all(_GRANTS, worker=worker_id))
    return WorkerRecord(worker_id, worker_name, provider_type, blocked_at is not None, grants)


def arrive(tx: Transaction, new: Arrival) -> Arrived:
    """Let a worker in: find or add them, judge them, and make the agent for the claimed unit.

    All in one transaction, so that no limit can be passed between the look and the leap.

    Raises:
        IntegrityError: the unit is held, or the worker is on the assignment already.
        StateError: the unit is not `launched`.
    """
    worker = meet(tx, new.run_id, new.provider_type, new.worker_name)
    known = tx.one(
        BY_REGISTRATION, run=new.run_id, registration=new.registration_id, worker=worker.id
    )
    if known is not None:
        return Arrived(worker, known=KnownAgent(*known))
    live, used = _load(tx, new.run_id, worker.id) if new.has_limits else (0, 0)
    reason = new.judge(Standing(worker, live, used))
    if reason or new.claim is None:
        return Arrived(worker, reason=reason)
    agent_id = _create_agent(tx, new, worker.id, *new.claim)
    unit = unit_record(tx.all(UNIT_WITH_DATA, unit=new.claim[1])[0])
    return Arrived(worker, agent_id=agent_id, unit=unit)


def _create_agent(
    tx: Transaction, new: Arrival, worker_id: int, assignment_id: int, unit_id: int
) -> int:
    agent_id = tx.insert(
        "agent",
        token=new.token,
        registration_id=new.registration_id,
        worker=worker_id,
        unit=unit_id,
        assignment=assignment_id,
        task_run=new.run_id,
        status=new.status,
        status_at=tx.now_ms,
        deadline_at=new.deadline_ms,
        created_at=tx.now_ms,
    )
    actor = f"worker:{worker_id}"
    tx.begin(
        "agent",
        agent_id,
        new.status,
        run=new.run_id,
        actor=actor,
        data={"unit": unit_id, "worker": new.worker_name},
    )
    tx.move(
        "unit",
        unit_id,
        UnitStatus.ASSIGNED,
        source=UnitStatus.LAUNCHED,
        run=new.run_id,
        actor=actor,
        data={"agent": agent_id},
        worker=worker_id,
    )
    return agent_id


def shorten_deadline(tx: Transaction, agent_id: int, deadline_ms: int) -> bool:
    """Have the agent's time end earlier; False if it ends no later anyway."""
    return bool(tx.run(_SHORTEN, agent=agent_id, deadline=deadline_ms).rowcount)


def end_agent(
    tx: Transaction,
    agent_id: int,
    unit_id: int,
    run_id: int,
    status: str,
    unit_status: str,
    actor: str,
    reason: str,
) -> None:
    """A worker is gone: end the agent, and give its unit back (`launched`) or withdraw it."""
    data = {"unit": unit_id, "reason": reason}
    tx.move("agent", agent_id, status, run=run_id, actor=actor, data=data)
    columns: dict[str, Any] = {"worker": None} if unit_status == UnitStatus.LAUNCHED else {}
    tx.move(
        "unit",
        unit_id,
        unit_status,
        source=UnitStatus.ASSIGNED,
        run=run_id,
        actor=actor,
        data={"agent": agent_id, "reason": reason},
        **columns,
    )


def end_everybody(tx: Transaction, run_id: int, actor: str, reason: str) -> int:
    """End every live agent of a run that no engine drives, and expire their units; how many."""
    found = tx.all(_AT_WORK, run=run_id)
    for agent_id, unit_id in found:
        ended = (AgentStatus.EXPIRED, UnitStatus.EXPIRED, actor, reason)
        end_agent(tx, agent_id, unit_id, run_id, *ended)
    return len(found)


def record_agent_event(
    tx: Transaction, kind: str, agent_id: int, run_id: int, actor: str, data: Any
) -> None:
    """Journal something that happened to an agent without changing its status."""
    tx.record(kind, "agent", agent_id, run=run_id, actor=actor, data=data)


def record_refusal(tx: Transaction, run_id: int, worker_id: int, reason: str, detail: str) -> None:
    """A worker got no unit, and why."""
    tx.record(
        "worker.refused",
        "worker",
        worker_id,
        run=run_id,
        actor=f"worker:{worker_id}" if worker_id else "gateway",
        data={"reason": reason, "detail": detail},
    )


def store_presence(tx: Transaction, seen: Sequence[tuple[int, int]]) -> None:
    """Note when live agents were last seen: ``(agent id, milliseconds)``."""
    tx.run_many(
        'INSERT INTO "presence" ("agent_id", "last_seen_at") VALUES (?, ?) '
        'ON CONFLICT ("agent_id") DO UPDATE SET "last_seen_at" = excluded."last_seen_at"',
        seen,
    )


def unit_record(row: tuple[Any, ...]) -> UnitRecord:
    """A row of `UNIT_WITH_DATA` as a record."""
    unit_id, assignment, run, index, status, pay, shared, data, worker = row
    return UnitRecord(
        unit_id,
        assignment,
        run,
        index,
        status,
        pay,
        orjson.loads(shared),
        orjson.loads(data),
        worker,
    )


def _load(tx: Transaction, run_id: int, worker_id: int) -> tuple[int, int]:
    """Units of the run that the worker is on; units of the task that they are on or have done."""
    live = len(tx.all(_LIVE_UNITS, run=run_id, worker=worker_id))
    return live, len(tx.all(_USED_UNITS, run=run_id, worker=worker_id))
