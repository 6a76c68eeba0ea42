"""One unit, agent or worker in full: what a detail screen shows, read in one consistent view.

Strings from workers, providers and files are raw here, as in `snapshot`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from mephisto_engine.abstractions.blueprint import ConcurrentArgs
from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.abstractions.review_view import Moment, Section
from mephisto_engine.clock import from_ms
from mephisto_engine.data_model.answers import UpdateRecord
from mephisto_engine.data_model.status import HOLDING_AGENT, LIVE_AGENT, AgentStatus
from mephisto_engine.database.queries import details as queries
from mephisto_engine.database.queries.browse import run_config
from mephisto_engine.database.queries.details import AgentFacts, SiblingRow, UnitFacts
from mephisto_engine.database.queries.journal import (
    RefusalRow,
    last_refusals,
    reasons_of_leaving,
)
from mephisto_engine.database.queries.onboarding import OnboardingRow, onboardings
from mephisto_engine.database.queries.worker_history import WorkerHistory, worker_history
from mephisto_engine.database.queries.worker_list import units_of_worker
from mephisto_engine.errors import NotFoundError
from mephisto_engine.operations.reading.timeline import holder_of, timeline_of
from mephisto_engine.operations.runs.run_folders import upload_path
from mephisto_engine.operations.watching.snapshot import Subject
from mephisto_engine.operations.watching.waiting import (
    Waiting,
    asked_of_run,
    outcome_without_partner,
)

SHOWN_REFUSALS: Final = 5


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that a worker sent."""

    field_name: str
    original_name: str
    stored_name: str
    mime_type: str
    size: int
    archived_in: str = ""
    """Folder of the export that has it, where it was removed here."""


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """Somebody else who is on the same assignment now."""

    agent_id: int
    worker_name: str
    status: str


@dataclass(frozen=True, slots=True)
class TryRow:
    """Somebody who was on a unit and left it."""

    agent_id: int
    worker_id: int
    worker_name: str
    status: str
    """`returned`, `expired`, `disconnect` …"""
    began_at: datetime
    left_at: datetime
    reason: str
    """In the journal's words; empty if it has none."""


@dataclass(frozen=True, slots=True)
class AgentDetail(AgentFacts):
    """A worker on a unit, with all that they said and sent."""

    files: tuple[FileRow, ...] = ()
    updates: tuple[UpdateRecord, ...] = ()
    """The newest messages, oldest first."""
    said: int = 0
    """How many messages there are altogether."""
    metadata: tuple[tuple[datetime, Any], ...] = ()
    reason: str = ""
    """Why they left, where they have left."""
    partners: tuple[PartnerRow, ...] = ()
    waiting: Waiting | None = None
    """What the worker waits for; None: for nobody."""


@dataclass(frozen=True, slots=True)
class UnitDetail(UnitFacts):
    """A unit: what was asked, what was answered, and all that happened to it."""

    agent: AgentDetail | None = None
    """Who has it or did it."""
    timeline: tuple[Moment, ...] = ()
    siblings: tuple[SiblingRow, ...] = ()
    tries: tuple[TryRow, ...] = ()
    """Who had it before, the first one first."""
    sections: tuple[Section, ...] = ()
    """Its data as they read in review, with what the answer was checked for."""
    fault: str = ""
    """Why the sections are not as the blueprint would have them; usually empty."""


@dataclass(frozen=True, slots=True)
class WorkerUnit:
    """One try of a worker at a unit."""

    unit_id: int
    run_id: int
    task_name: str
    agent_id: int
    agent_status: str
    unit_status: str
    begun_at: datetime
    seconds_worked: float | None
    pay_cents: int


@dataclass(frozen=True, slots=True)
class WorkerDetail:
    """A worker over all runs."""

    id: int
    history: WorkerHistory
    units: tuple[WorkerUnit, ...]
    """What they worked on, the latest first; not all of it if it is much."""
    onboardings: tuple[OnboardingRow, ...] = ()
    """What they did at qualifying tasks, newest first."""
    refusals: tuple[RefusalRow, ...] = ()
    """The last times when they were turned away, newest first."""


Detail = UnitDetail | AgentDetail | WorkerDetail


def read_detail(subject: Subject, registry: Registry, home: Path) -> Detail | None:
    """What is stored about the subject now, inside `MephistoDB.read`; None if there is no such.

    Args:
        subject: which unit, agent or worker.
        registry: where the blueprints come from that say how a unit's data read.
        home: the data folder, below which files of workers lie.
    """
    if subject.kind == "unit":
        return _unit(subject.id, registry, home)
    if subject.kind == "agent":
        facts = queries.agent_facts(subject.id)
        return None if facts is None else _agent(facts)
    return _worker(subject.id)


def said_in(detail: Detail) -> int:
    """How many messages a detail has, also those that are not shown any more."""
    agent = detail.agent if isinstance(detail, UnitDetail) else detail
    return agent.said if isinstance(agent, AgentDetail) else 0


def uploaded_file(home: Path, run_id: int, file: FileRow) -> Path:
    """Where a file that a worker sent lies on the host whose engine drove the run.

    Of one that was archived, the folder of the export that has it.
    """
    if file.archived_in:
        return Path(file.archived_in)
    return upload_path(home, run_id, file.stored_name)


def _worker(worker_id: int) -> WorkerDetail | None:
    try:
        history = worker_history(worker_id)
    except NotFoundError:
        return None
    return WorkerDetail(
        worker_id,
        history,
        tuple(map(_worker_unit, units_of_worker(worker_id))),
        tuple(onboardings(worker_id)),
        tuple(last_refusals(None, worker_id, SHOWN_REFUSALS)),
    )


def _worker_unit(row: tuple[Any, ...]) -> WorkerUnit:
    unit, run, task, agent, agent_status, unit_status, begun, submitted, pay = row
    seconds = None if submitted is None else (submitted - begun) / 1000
    return WorkerUnit(
        unit, run, task, agent, agent_status, unit_status, from_ms(begun), seconds, pay
    )


def _unit(unit_id: int, registry: Registry, home: Path) -> UnitDetail | None:
    facts = queries.unit_facts(unit_id)
    if facts is None:
        return None
    agents = queries.agents_of_unit(unit_id)
    holder = holder_of(agents)
    left = [one for one in agents if one.status not in HOLDING_AGENT]
    reasons = reasons_of_leaving([one.id for one in left])
    siblings = queries.units_of_assignment(facts.assignment_id)
    # All that checks answers is loaded when a unit is opened: no first picture needs it.
    from mephisto_engine.operations.reading.unit_reading import unit_reading

    reading = unit_reading(unit_id, registry, home)
    return UnitDetail(
        **_fields(facts),
        agent=None if holder is None else _agent(holder),
        timeline=timeline_of(facts.id, facts.run_id, facts.created_at, agents),
        siblings=tuple(row for row in siblings if row.id != facts.id),
        tries=tuple(_try(one, reasons.get(one.id, "")) for one in left),
        sections=reading.sections,
        fault=reading.fault,
    )


def _fields(facts: UnitFacts | AgentFacts) -> dict[str, Any]:
    return {item.name: getattr(facts, item.name) for item in fields(facts)}


def _try(facts: AgentFacts, reason: str) -> TryRow:
    return TryRow(
        facts.id,
        facts.worker_id,
        facts.worker_name,
        facts.status,
        facts.created_at,
        facts.status_at,
        reason,
    )


def _agent(facts: AgentFacts) -> AgentDetail:
    has_left = facts.status not in HOLDING_AGENT
    args = asked_of_run(run_config(facts.run_id)) if facts.status in LIVE_AGENT else None
    room = queries.room_of(facts.assignment_id) if args is not None else []
    is_waiting = args is not None and facts.status == AgentStatus.WAITING
    return AgentDetail(
        **_fields(facts),
        files=tuple(FileRow(*row) for row in queries.uploads(facts.id)),
        updates=tuple(queries.updates_of(facts.id)),
        said=queries.count_updates(facts.id),
        metadata=tuple(
            (from_ms(at), queries.value(body)) for at, body in queries.metadata(facts.id)
        ),
        reason=reasons_of_leaving([facts.id]).get(facts.id, "") if has_left else "",
        partners=tuple(
            PartnerRow(one.id, one.worker_name, one.status) for one in room if one.id != facts.id
        ),
        waiting=_waiting(facts, args, room) if args is not None and is_waiting else None,
    )


def _waiting(facts: AgentFacts, args: ConcurrentArgs, room: list[AgentFacts]) -> Waiting:
    """Those who wait with this one; who has left the room does not count."""
    there = sum(one.status == AgentStatus.WAITING for one in room)
    size = queries.units_to_fill(facts.assignment_id)
    outcome = outcome_without_partner(args, there)
    return Waiting(size, there, facts.deadline_at, outcome)
