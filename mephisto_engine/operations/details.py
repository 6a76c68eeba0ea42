"""One unit, agent or worker in full: what a detail screen shows, read in one consistent view.

Strings from workers, providers and files are raw here, as in `snapshot`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson

from mephisto_engine.abstractions.review_view import Moment
from mephisto_engine.clock import from_ms
from mephisto_engine.data_model.answers import UpdateRecord
from mephisto_engine.data_model.status import HOLDING_AGENT
from mephisto_engine.database.queries import details as queries
from mephisto_engine.database.queries.details import AgentFacts, UnitFacts
from mephisto_engine.database.queries.onboarding import OnboardingRow, onboardings
from mephisto_engine.database.queries.standing import WorkerHistory, worker_history
from mephisto_engine.database.queries.worker_list import units_of_worker
from mephisto_engine.database.queries.workers import RefusalRow, last_refusals
from mephisto_engine.errors import NotFoundError
from mephisto_engine.operations.snapshot import Subject

SHOWN_REFUSALS: Final = 5


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that a worker sent."""

    field_name: str
    original_name: str
    stored_name: str
    mime_type: str
    size: int


@dataclass(frozen=True, slots=True)
class SiblingRow:
    """Another unit of the same assignment."""

    id: int
    unit_index: int
    status: str
    worker_name: str
    answer: Any


@dataclass(frozen=True, slots=True)
class AgentDetail:
    """A worker on a unit, with all that they said and sent."""

    id: int
    run_id: int
    task_name: str
    unit_id: int
    unit_status: str
    worker_id: int
    worker_name: str
    status: str
    created_at: datetime
    status_at: datetime
    submitted_at: datetime | None
    deadline_at: datetime | None
    last_seen_at: datetime | None
    answer: Any
    """As it was submitted; text where it is too long to be read whole. None: there is none."""
    answer_characters: int
    is_late: bool
    files: tuple[FileRow, ...]
    updates: tuple[UpdateRecord, ...]
    """The newest messages, oldest first."""
    metadata: tuple[tuple[datetime, Any], ...]

    @property
    def seconds_worked(self) -> float | None:
        """From getting the unit to submitting it."""
        if self.submitted_at is None:
            return None
        return (self.submitted_at - self.created_at).total_seconds()


@dataclass(frozen=True, slots=True)
class UnitDetail:
    """A unit: what was asked, what was answered, and all that happened to it."""

    id: int
    run_id: int
    task_name: str
    assignment_id: int
    item_index: int
    unit_index: int
    status: str
    status_at: datetime
    pay_cents: int
    shared: Any
    """Data of the assignment."""
    data: Any
    """Data of this unit alone."""
    agent: AgentDetail | None
    """Who has it or did it."""
    timeline: tuple[Moment, ...]
    siblings: tuple[SiblingRow, ...]


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


def read_detail(subject: Subject) -> Detail | None:
    """What is stored about the subject now, inside `MephistoDB.read`; None if there is no such."""
    if subject.kind == "unit":
        return _unit(subject.id)
    if subject.kind == "agent":
        facts = queries.agent_facts(subject.id)
        return None if facts is None else _agent(facts)
    return _worker(subject.id)


def uploaded_file(home: Path, run_id: int, file: FileRow) -> Path:
    """Where a file that a worker sent lies on the host whose engine drove the run."""
    return home / "runs" / str(run_id) / "uploads" / file.stored_name


def updates_of(agent_id: int) -> Iterator[UpdateRecord]:
    """The newest messages of an agent, oldest first; very long ones as the text that was read."""
    for at, is_from_worker, body in queries.updates(agent_id):
        yield UpdateRecord(from_ms(at), bool(is_from_worker), _value(body))


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


def _unit(unit_id: int) -> UnitDetail | None:
    facts = queries.unit_facts(unit_id)
    if facts is None:
        return None
    tries = queries.agents_of_unit(unit_id)
    holder = next((one for one in reversed(tries) if one.status in HOLDING_AGENT), None)
    return UnitDetail(
        id=facts.id,
        run_id=facts.run_id,
        task_name=facts.task_name,
        assignment_id=facts.assignment_id,
        item_index=facts.item_index,
        unit_index=facts.unit_index,
        status=facts.status,
        status_at=from_ms(facts.status_ms),
        pay_cents=facts.pay_cents,
        shared=_value(facts.shared),
        data=_value(facts.data),
        agent=None if holder is None else _agent(holder),
        timeline=tuple(sorted(_moments(facts, tries), key=lambda moment: moment.at)),
        siblings=tuple(
            SiblingRow(row_id, index, status, name or "", _value(body))
            for row_id, index, status, name, body in queries.units_of_assignment(
                facts.assignment_id
            )
            if row_id != facts.id
        ),
    )


def _agent(facts: AgentFacts) -> AgentDetail:
    return AgentDetail(
        id=facts.id,
        run_id=facts.run_id,
        task_name=facts.task_name,
        unit_id=facts.unit_id,
        unit_status=facts.unit_status,
        worker_id=facts.worker_id,
        worker_name=facts.worker_name,
        status=facts.status,
        created_at=from_ms(facts.created_ms),
        status_at=from_ms(facts.status_ms),
        submitted_at=_moment(facts.submitted_ms),
        deadline_at=_moment(facts.deadline_ms),
        last_seen_at=_moment(facts.last_seen_ms),
        answer=_value(facts.answer),
        answer_characters=facts.answer_characters or 0,
        is_late=bool(facts.is_late),
        files=tuple(FileRow(*row) for row in queries.uploads(facts.id)),
        updates=tuple(updates_of(facts.id)),
        metadata=tuple((from_ms(at), _value(body)) for at, body in queries.metadata(facts.id)),
    )


def _moments(facts: UnitFacts, tries: list[AgentFacts]) -> Iterator[Moment]:
    """What happened to a unit; the journal names units by ranges, so the rows themselves tell."""
    yield Moment(from_ms(facts.created_ms), "created")
    for one in tries:
        who = f"agent {one.id}, worker {one.worker_name},"
        yield Moment(from_ms(one.created_ms), f"{who} began")
        if one.submitted_ms is not None:
            yield Moment(from_ms(one.submitted_ms), f"{who} submitted")
        elif one.status not in HOLDING_AGENT:
            yield Moment(from_ms(one.status_ms), f"{who} left: {one.status}", is_bad=True)
    for created, verdict, status, status_ms, note, bonus, by, error in queries.decisions(facts.id):
        extra = f", bonus {bonus} cents" if bonus else ""
        yield Moment(from_ms(created), f"{by} staged {verdict}{extra}: {note}".rstrip(": "))
        if status != "staged":
            yield Moment(from_ms(status_ms), f"the decision was {status}")
        if error:
            yield Moment(from_ms(status_ms), f"sending failed: {error}", is_bad=True)
    for at, kind, status, cents, error in queries.intents(facts.id):
        is_bad = status in ("failed", "unknown")
        yield Moment(from_ms(at), f"{kind} {cents} cents: {error or status}", is_bad)


def _value(text: str | None) -> Any:
    """Stored JSON; text that was cut off, and is no JSON any more, as it is."""
    if text is None:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)
