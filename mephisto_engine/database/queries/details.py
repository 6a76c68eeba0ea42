"""All that is stored about one unit or one agent, for whoever looks at it closely."""

from __future__ import annotations

from typing import Any, NamedTuple

from peewee import JOIN, fn

from mephisto_engine.data_model import (
    Agent,
    AgentMetadata,
    Assignment,
    Decision,
    Intent,
    LiveUpdate,
    Presence,
    Submission,
    Task,
    TaskRun,
    Unit,
    Upload,
    Worker,
)
from mephisto_engine.data_model.status import HOLDING_AGENT
from mephisto_engine.database.compiled import Compiled, param

MOST_CHARACTERS = 200_000
"""How much of an item or an answer is read; more is no reading matter."""
MOST_SAID = 20_000
"""How many characters of one message are read."""
MOST_UPDATES = 500
"""Newest messages that are read."""
MOST_ROWS = 100
"""Rows read of what is listed beside a unit."""


class UnitFacts(NamedTuple):
    """A unit with its assignment and run; times as milliseconds."""

    id: int
    run_id: int
    task_name: str
    assignment_id: int
    item_index: int
    unit_index: int
    status: str
    status_ms: int
    created_ms: int
    pay_cents: int
    worker_id: int | None
    worker_name: str | None
    shared: str
    data: str


class AgentFacts(NamedTuple):
    """An agent with worker, run and what it handed in; times as milliseconds."""

    id: int
    run_id: int
    task_name: str
    unit_id: int
    unit_status: str
    worker_id: int
    worker_name: str
    status: str
    created_ms: int
    status_ms: int
    submitted_ms: int | None
    deadline_ms: int | None
    last_seen_ms: int | None
    answer: str | None
    answer_characters: int | None
    is_late: int | None


def unit_facts(unit_id: int) -> UnitFacts | None:
    """One unit; None if there is none."""
    return next((UnitFacts(*row) for row in _UNIT.fetch(unit=unit_id)), None)


def agent_facts(agent_id: int) -> AgentFacts | None:
    """One agent; None if there is none."""
    return next((AgentFacts(*row) for row in _AGENT.fetch(agent=agent_id)), None)


def agents_of_unit(unit_id: int) -> list[AgentFacts]:
    """Everybody who was ever on a unit, the first one first."""
    return [AgentFacts(*row) for row in _AGENTS_OF_UNIT.fetch(unit=unit_id)]


def units_of_assignment(assignment_id: int) -> list[tuple[Any, ...]]:
    """``(id, unit index, status, worker name, answer)`` of an assignment's units."""
    return _UNITS_OF_ASSIGNMENT.fetch(assignment=assignment_id)


def updates(agent_id: int) -> list[tuple[Any, ...]]:
    """``(milliseconds, from the worker, JSON text)`` of the newest messages, oldest first."""
    return _UPDATES.fetch(agent=agent_id)[::-1]


def uploads(agent_id: int) -> list[tuple[Any, ...]]:
    """``(field, name given, name stored, type, bytes)`` of an agent's files."""
    return _UPLOADS.fetch(agent=agent_id)


def metadata(agent_id: int) -> list[tuple[Any, ...]]:
    """``(milliseconds, JSON text)`` of tips, feedback and opinions."""
    return _METADATA.fetch(agent=agent_id)


def decisions(unit_id: int) -> list[tuple[Any, ...]]:
    """``(created, verdict, status, status at, note, bonus, by, error)``, oldest first."""
    return _DECISIONS.fetch(unit=unit_id)


def intents(unit_id: int) -> list[tuple[Any, ...]]:
    """``(status at, kind, status, cents, error)`` of calls to the provider, oldest first."""
    return _INTENTS.fetch(unit=unit_id)


def _text(column: Any, most: int = MOST_CHARACTERS) -> Any:
    return fn.SUBSTR(column, 1, most)


def _agents() -> Any:
    return (
        Agent.select(
            Agent.id,
            Agent.task_run,
            Task.name,
            Agent.unit,
            Unit.status,
            Agent.worker,
            Worker.name,
            Agent.status,
            Agent.created_at,
            Agent.status_at,
            Agent.submitted_at,
            Agent.deadline_at,
            Presence.last_seen_at,
            _text(Submission.body),
            fn.LENGTH(Submission.body),
            Submission.is_late,
        )
        .join(Worker)
        .switch(Agent)
        .join(Unit)
        .switch(Agent)
        .join(TaskRun)
        .join(Task)
        .switch(Agent)
        .join(Presence, JOIN.LEFT_OUTER, on=(Presence.agent == Agent.id))
        .switch(Agent)
        .join(Submission, JOIN.LEFT_OUTER, on=(Submission.agent == Agent.id))
    )


_UNIT = Compiled(
    lambda: (
        Unit.select(
            Unit.id,
            Unit.task_run,
            Task.name,
            Unit.assignment,
            Assignment.item_index,
            Unit.unit_index,
            Unit.status,
            Unit.status_at,
            Unit.created_at,
            Unit.pay_cents,
            Unit.worker,
            Worker.name,
            _text(Assignment.data),
            _text(Unit.data),
        )
        .join(Assignment)
        .switch(Unit)
        .join(Worker, JOIN.LEFT_OUTER)
        .switch(Unit)
        .join(TaskRun)
        .join(Task)
        .where(Unit.id == param("unit"))
    )
)
_AGENT = Compiled(lambda: _agents().where(Agent.id == param("agent")))
_AGENTS_OF_UNIT = Compiled(
    lambda: _agents().where(Agent.unit == param("unit")).order_by(Agent.id).limit(MOST_ROWS)
)
_UNITS_OF_ASSIGNMENT = Compiled(
    lambda: (
        Unit.select(
            Unit.id, Unit.unit_index, Unit.status, Worker.name, fn.SUBSTR(Submission.body, 1, 1000)
        )
        .join(Worker, JOIN.LEFT_OUTER)
        .switch(Unit)
        .join(
            Agent,
            JOIN.LEFT_OUTER,
            on=((Agent.unit == Unit.id) & Agent.status.in_(sorted(HOLDING_AGENT))),
        )
        .join(Submission, JOIN.LEFT_OUTER, on=(Submission.agent == Agent.id))
        .where(Unit.assignment == param("assignment"))
        .order_by(Unit.unit_index)
        .limit(MOST_ROWS)
    )
)
_UPDATES = Compiled(
    lambda: (
        LiveUpdate.select(
            LiveUpdate.at, LiveUpdate.is_from_worker, _text(LiveUpdate.body, MOST_SAID)
        )
        .where(LiveUpdate.agent == param("agent"))
        .order_by(LiveUpdate.id.desc())
        .limit(MOST_UPDATES)
    )
)
_UPLOADS = Compiled(
    lambda: (
        Upload.select(
            Upload.field_name,
            Upload.original_name,
            Upload.stored_name,
            Upload.mime_type,
            Upload.size,
        )
        .where(Upload.agent == param("agent"))
        .order_by(Upload.id)
        .limit(MOST_ROWS)
    )
)
_METADATA = Compiled(
    lambda: (
        AgentMetadata.select(AgentMetadata.received_at, _text(AgentMetadata.body))
        .where(AgentMetadata.agent == param("agent"))
        .order_by(AgentMetadata.id)
        .limit(MOST_ROWS)
    )
)
_DECISIONS = Compiled(
    lambda: (
        Decision.select(
            Decision.created_at,
            Decision.verdict,
            Decision.status,
            Decision.status_at,
            Decision.note,
            Decision.bonus_cents,
            Decision.decided_by,
            Decision.error,
        )
        .where(Decision.unit == param("unit"))
        .order_by(Decision.id)
        .limit(MOST_ROWS)
    )
)
_INTENTS = Compiled(
    lambda: (
        Intent.select(
            Intent.status_at, Intent.kind, Intent.status, Intent.amount_cents, Intent.error
        )
        .where(Intent.unit == param("unit"))
        .order_by(Intent.id)
        .limit(MOST_ROWS)
    )
)
