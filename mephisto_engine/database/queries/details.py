"""All that is stored about one unit or one agent, for whoever looks at it closely."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import orjson
from peewee import JOIN, Field, fn

from mephisto_engine.clock import from_ms
from mephisto_engine.data_model import (
    Agent,
    AgentMetadata,
    Assignment,
    Decision,
    Intent,
    LiveUpdate,
    OnboardingAgent,
    Presence,
    Submission,
    Task,
    TaskRun,
    Unit,
    Upload,
    Worker,
)
from mephisto_engine.data_model.answers import UpdateRecord
from mephisto_engine.data_model.status import HOLDING_AGENT, LIVE_AGENT, DecisionStatus
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.operations.assignments import SIZE

Facts = TypeVar("Facts")

MOST_CHARACTERS = 200_000
"""How much of an item or an answer is read; more is no reading matter."""
MOST_SAID = 20_000
"""How many characters of one message are read."""
MOST_UPDATES = 500
"""Newest messages that are read."""
MOST_ROWS = 100
"""Rows read of what is listed beside a unit."""


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A unit with its assignment and run."""

    id: int
    run_id: int
    task_name: str
    assignment_id: int
    item_index: int
    unit_index: int
    status: str
    status_at: datetime
    created_at: datetime
    pay_cents: int
    worker_id: int | None
    worker_name: str | None
    shared: Any
    """Data of the assignment."""
    data: Any
    """Data of this unit alone."""


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """An agent with worker, run and what it handed in."""

    id: int
    run_id: int
    task_name: str
    unit_id: int
    assignment_id: int
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

    @property
    def seconds_worked(self) -> float | None:
        """From getting the unit to submitting it."""
        if self.submitted_at is None:
            return None
        return (self.submitted_at - self.created_at).total_seconds()


@dataclass(frozen=True, slots=True)
class SiblingRow:
    """Another unit of the same assignment, with what was decided on it."""

    id: int
    unit_index: int
    status: str
    worker_name: str
    answer: Any
    verdict: str
    """Of the last decision that was not withdrawn; empty: there is none."""
    decision_status: str
    decided_by: str
    note: str


def value(text: str | None) -> Any:
    """Stored JSON; text that was cut off, and is no JSON any more, as it is."""
    if text is None:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def unit_facts(unit_id: int) -> UnitFacts | None:
    """One unit; None if there is none."""
    return next((_read(UnitFacts, _UNIT_COLUMNS, row) for row in _UNIT.fetch(unit=unit_id)), None)


def unit_created_at(unit_id: int) -> datetime:
    """When a unit, which there is, was made."""
    return from_ms(_CREATED.fetch(unit=unit_id)[0][0])


def agent_facts(agent_id: int) -> AgentFacts | None:
    """One agent; None if there is none."""
    return next(iter(_agents(_AGENT.fetch(agent=agent_id))), None)


def agents_of_unit(unit_id: int) -> list[AgentFacts]:
    """Everybody who was ever on a unit, the first one first."""
    return _agents(_AGENTS_OF_UNIT.fetch(unit=unit_id))


def room_of(assignment_id: int) -> list[AgentFacts]:
    """Everybody who is on a unit of an assignment now, the first who came first."""
    return _agents(_ROOM.fetch(assignment=assignment_id))


def units_of_assignment(assignment_id: int) -> list[SiblingRow]:
    """The units of an assignment, with the answers and the decisions on them."""
    rows = _UNITS_OF_ASSIGNMENT.fetch(assignment=assignment_id)
    return [_sibling(*row) for row in rows]


def updates_of(agent_id: int) -> Iterator[UpdateRecord]:
    """The newest messages of an agent, oldest first; very long ones as the text that was read."""
    for at, is_from_worker, body in reversed(_UPDATES.fetch(agent=agent_id)):
        yield UpdateRecord(from_ms(at), bool(is_from_worker), value(body))


def units_to_fill(assignment_id: int) -> int:
    """How many workers an assignment takes that is done together."""
    return len(SIZE.fetch(assignment=assignment_id))


def count_updates(agent_id: int) -> int:
    """How many messages there are of an agent, also those that `updates_of` leaves out."""
    return int(_COUNT_UPDATES.fetch(agent=agent_id)[0][0])


def uploads(agent_id: int) -> list[tuple[Any, ...]]:
    """``(field, name given, name stored, type, bytes, export that has it)`` of an agent's files."""
    return _UPLOADS.fetch(agent=agent_id)


def metadata(agent_id: int) -> list[tuple[Any, ...]]:
    """``(milliseconds, JSON text)`` of tips, feedback and opinions."""
    return _METADATA.fetch(agent=agent_id)


def onboarding_times(worker_id: int, run_id: int) -> list[tuple[Any, ...]]:
    """``(begun, status, status at)`` of a worker's times at the qualifying task of a run."""
    return _ONBOARDINGS.fetch(worker=worker_id, run=run_id)


def message_times(agent_id: int) -> tuple[Any, ...] | None:
    """``(number, first, last)`` of an agent's messages; None if there are none."""
    found = _MESSAGES.fetch(agent=agent_id)[0]
    return found if found[0] else None


def decisions(unit_id: int) -> list[tuple[Any, ...]]:
    """``(created, verdict, status, status at, note, bonus, by, error)``, oldest first."""
    return _DECISIONS.fetch(unit=unit_id)


def intents(unit_id: int) -> list[tuple[Any, ...]]:
    """``(status at, kind, status, cents, error)`` of calls to the provider, oldest first."""
    return _INTENTS.fetch(unit=unit_id)


def _sibling(
    number: int, index: int, status: str, worker: str, answer: str | None, *decision: Any
) -> SiblingRow:
    return SiblingRow(number, index, status, worker, value(answer), *decision)


def _text(column: Any, most: int = MOST_CHARACTERS) -> Any:
    return fn.SUBSTR(column, 1, most)


def _read(record: type[Facts], columns: Sequence[Column], row: Sequence[Any]) -> Facts:
    """A row of these columns as the record whose fields they are, in this order."""
    readers: list[Any] = [
        column.python_value if isinstance(column, Field) else column[1] for column in columns
    ]
    return record(*(read(stored) for read, stored in zip(readers, row, strict=True)))


def _selected(columns: Sequence[Column]) -> list[Any]:
    return [column if isinstance(column, Field) else column[0] for column in columns]


def _agents(rows: Iterable[tuple[Any, ...]]) -> list[AgentFacts]:
    return [_read(AgentFacts, _AGENT_COLUMNS, row) for row in rows]


Column = Field | tuple[Any, Callable[[Any], Any]]
"""A column that is read as its table says; or any other, and how it is read."""
_UNIT_COLUMNS: tuple[Column, ...] = (
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
    (_text(Assignment.data), value),
    (_text(Unit.data), value),
)
_AGENT_COLUMNS: tuple[Column, ...] = (
    Agent.id,
    Agent.task_run,
    Task.name,
    Agent.unit,
    Agent.assignment,
    Unit.status,
    Agent.worker,
    Worker.name,
    Agent.status,
    Agent.created_at,
    Agent.status_at,
    Agent.submitted_at,
    Agent.deadline_at,
    Presence.last_seen_at,
    (_text(Submission.body), value),
    (fn.COALESCE(fn.LENGTH(Submission.body), 0), int),
    (Submission.is_late, bool),
)
_UNIT = Compiled(
    lambda: (
        Unit.select(*_selected(_UNIT_COLUMNS))
        .join(Assignment)
        .switch(Unit)
        .join(Worker, JOIN.LEFT_OUTER)
        .switch(Unit)
        .join(TaskRun)
        .join(Task)
        .where(Unit.id == param("unit"))
    )
)


def _agent_query() -> Any:
    return (
        Agent.select(*_selected(_AGENT_COLUMNS))
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


_AGENT = Compiled(lambda: _agent_query().where(Agent.id == param("agent")))
_AGENTS_OF_UNIT = Compiled(
    lambda: _agent_query().where(Agent.unit == param("unit")).order_by(Agent.id).limit(MOST_ROWS)
)
_ROOM = Compiled(
    lambda: (
        _agent_query()
        .where((Agent.assignment == param("assignment")) & Agent.status.in_(sorted(LIVE_AGENT)))
        .order_by(Agent.id)
        .limit(MOST_ROWS)
    )
)
_OTHER_DECISION: Any = Decision.alias()
_LAST_DECISION = _OTHER_DECISION.select(fn.MAX(_OTHER_DECISION.id)).where(
    (_OTHER_DECISION.unit == Unit.id) & (_OTHER_DECISION.status != DecisionStatus.WITHDRAWN)
)
_UNITS_OF_ASSIGNMENT = Compiled(
    lambda: (
        Unit.select(
            Unit.id,
            Unit.unit_index,
            Unit.status,
            fn.COALESCE(Worker.name, ""),
            fn.SUBSTR(Submission.body, 1, 1000),
            fn.COALESCE(Decision.verdict, ""),
            fn.COALESCE(Decision.status, ""),
            fn.COALESCE(Decision.decided_by, ""),
            fn.COALESCE(Decision.note, ""),
        )
        .join(Worker, JOIN.LEFT_OUTER)
        .switch(Unit)
        .join(
            Agent,
            JOIN.LEFT_OUTER,
            on=((Agent.unit == Unit.id) & Agent.status.in_(sorted(HOLDING_AGENT))),
        )
        .join(Submission, JOIN.LEFT_OUTER, on=(Submission.agent == Agent.id))
        .switch(Unit)
        .join(Decision, JOIN.LEFT_OUTER, on=(Decision.id == _LAST_DECISION))
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
_COUNT_UPDATES = Compiled(
    lambda: LiveUpdate.select(fn.COUNT(LiveUpdate.id)).where(LiveUpdate.agent == param("agent"))
)
_UPLOADS = Compiled(
    lambda: (
        Upload.select(
            Upload.field_name,
            Upload.original_name,
            Upload.stored_name,
            Upload.mime_type,
            Upload.size,
            fn.COALESCE(Upload.archived_in, ""),
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
_CREATED = Compiled(lambda: Unit.select(Unit.created_at).where(Unit.id == param("unit")))
_ONBOARDINGS = Compiled(
    lambda: (
        OnboardingAgent.select(
            OnboardingAgent.created_at, OnboardingAgent.status, OnboardingAgent.status_at
        )
        .where(
            (OnboardingAgent.worker == param("worker")) & (OnboardingAgent.task_run == param("run"))
        )
        .order_by(OnboardingAgent.id)
        .limit(MOST_ROWS)
    )
)
_MESSAGES = Compiled(
    lambda: LiveUpdate.select(
        fn.COUNT(LiveUpdate.id), fn.MIN(LiveUpdate.at), fn.MAX(LiveUpdate.at)
    ).where(LiveUpdate.agent == param("agent"))
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
