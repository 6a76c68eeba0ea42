"""A run in memory: a cache of the database for the way of every worker.

It is built from the database alone, by one function, when a run is launched and when it is resumed.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from peewee import fn

from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.clock import from_ms
from mephisto_engine.data_model import Agent, TaskRun, Unit, Worker
from mephisto_engine.data_model.records import UnitRecord, WorkerRecord
from mephisto_engine.data_model.status import COSTED_UNIT, LIVE_AGENT, OPEN_UNIT, UnitStatus
from mephisto_engine.data_model.units import COMPENSATION_INDEX
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.operations.agents import HISTORY, UNIT_WITH_DATA, unit_record
from mephisto_engine.database.operations.assignments import HISTORY as UPDATES
from mephisto_engine.operations.live.unit_pool import Cursor, UnitPool

KEPT_CURSORS = 20_000
"""Workers whose way through a run is remembered; that of others is read again when they come."""

_COUNTS = Compiled(
    lambda: (
        Unit.select(Unit.status, fn.COUNT(Unit.id))
        .where((Unit.task_run == param("run")) & (Unit.unit_index != COMPENSATION_INDEX))
        .group_by(Unit.status)
    )
)
_LAUNCHED = Compiled(
    lambda: (
        Unit.select(Unit.assignment, Unit.id)
        .where(
            (Unit.task_run == param("run"))
            & (Unit.status == UnitStatus.LAUNCHED)
            & (Unit.unit_index >= 0)
        )
        .order_by(Unit.assignment, Unit.id)
    )
)
_SPECIAL = Compiled(
    lambda: (
        Unit.select(Unit.unit_index, fn.COUNT(Unit.id))
        .where(
            (Unit.task_run == param("run"))
            & (Unit.unit_index < 0)
            & Unit.status.in_(sorted(COSTED_UNIT))
        )
        .group_by(Unit.unit_index)
    )
)
_WIDEST = Compiled(
    lambda: (
        Unit.select(Unit.id).where((Unit.task_run == param("run")) & (Unit.unit_index > 0)).limit(1)
    )
)
_LIVE_AGENTS = Compiled(
    lambda: (
        Agent.select(
            Agent.id,
            Agent.token,
            Agent.registration_id,
            Agent.status,
            Agent.unit,
            Agent.deadline_at,
            Worker.id,
            Worker.name,
            Worker.provider_type,
        )
        .join(Worker)
        .where((Agent.task_run == param("run")) & Agent.status.in_(sorted(LIVE_AGENT)))
    )
)


def is_special(unit: UnitRecord) -> bool:
    """Whether a unit was made for one worker, and belongs to no item of the task data."""
    return unit.unit_index < 0


MakeAgent = Callable[[int, str, str, WorkerRecord, UnitRecord, str], LiveAgent]
"""Id, token, registration id, worker, unit, status → agent."""


@dataclass
class LiveRun:
    """What the engine knows of a run that it drives."""

    run_id: int
    counts: Counter[str] = field(default_factory=Counter)
    """Unit status → number."""
    pool: UnitPool = field(default_factory=UnitPool)
    agents: dict[str, LiveAgent] = field(default_factory=dict)
    """Token → agent that may still submit."""
    by_registration: dict[tuple[str, str], LiveAgent] = field(default_factory=dict)
    """``(worker name, registration id)`` → agent that may still submit."""
    deadlines: dict[str, datetime] = field(default_factory=dict)
    """Token → when the agent's time is over, as far as it was read from the database."""
    cursors: OrderedDict[str, Cursor] = field(default_factory=OrderedDict)
    """Worker name → way through the assignments; the latest comers."""
    has_wide_assignments: bool = False
    """Whether some assignment has several units, so that never-twice has to be looked after."""
    special: Counter[int] = field(default_factory=Counter)
    """Place of screening and gold units → how many of them are paid, or will be."""
    items_taken: int = 0
    is_data_exhausted: bool = False
    is_open: bool = True
    """Whether workers are let in at all; the run ends when the last one has left."""
    is_paused: bool = False
    """Whether nothing new is published and nobody new is let in until the operator goes on."""

    @property
    def costed(self) -> int:
        """Units that are paid or will be when they are done."""
        return sum(self.counts[status] for status in COSTED_UNIT)

    @property
    def published(self) -> int:
        """Units that are on offer or being worked on."""
        return self.counts[UnitStatus.LAUNCHED] + self.counts[UnitStatus.ASSIGNED]

    @property
    def is_finished(self) -> bool:
        """Whether there is nothing left to do, now or later."""
        return self.is_data_exhausted and not any(self.counts[name] for name in OPEN_UNIT)

    def moved(self, source: str, to: str, number: int = 1) -> None:
        """Units have changed their status in the database."""
        if source:
            self.counts[source] -= number
        self.counts[to] += number

    def cursor_of(self, db: MephistoDB, provider_type: str, worker_name: str) -> Cursor:
        """The worker's way through the run, read from the database if it is not at hand."""
        cursor = self.cursors.get(worker_name)
        if cursor is not None:
            self.cursors.move_to_end(worker_name)
            return cursor
        cursor = Cursor()
        if self.has_wide_assignments:
            rows = db.rows(HISTORY, provider=provider_type, name=worker_name, run=self.run_id)
            cursor.seen.update(row[0] for row in rows)
        self.cursors[worker_name] = cursor
        if len(self.cursors) > KEPT_CURSORS:
            self.cursors.popitem(last=False)
        return cursor

    def add_agent(self, agent: LiveAgent) -> None:
        """A worker has begun."""
        self.agents[agent.token] = agent
        self.by_registration[agent.worker.name, agent.registration_id] = agent

    def drop_agent(self, agent: LiveAgent) -> None:
        """A worker has submitted or left."""
        self.agents.pop(agent.token, None)
        self.by_registration.pop((agent.worker.name, agent.registration_id), None)
        self.deadlines.pop(agent.token, None)

    def forget_assignment(self, worker_name: str, assignment_id: int) -> None:
        """The worker's unit went back: they may meet the assignment again."""
        cursor = self.cursors.get(worker_name)
        if cursor is not None:
            cursor.seen.discard(assignment_id)


def load_live_run(
    db: MephistoDB, run_id: int, make_agent: MakeAgent, *, is_concurrent: bool = False
) -> LiveRun:
    """Build a run's memory from the database.

    Args:
        db: the open database.
        run_id: which run.
        make_agent: makes the agents that are restored.
        is_concurrent: whether workers do an assignment together.
    """

    def read() -> LiveRun:
        run = TaskRun.get_by_id(run_id)
        live = LiveRun(run_id, items_taken=run.items_taken, is_data_exhausted=run.is_data_exhausted)
        live.counts.update(dict(db.rows(_COUNTS, run=run_id)))
        live.special.update(dict(db.rows(_SPECIAL, run=run_id)))
        live.has_wide_assignments = bool(db.rows(_WIDEST, run=run_id))
        for assignment_id, unit_id in db.rows(_LAUNCHED, run=run_id):
            live.pool.add(assignment_id, unit_id)
        for row in db.rows(_LIVE_AGENTS, run=run_id):
            _restore_agent(db, live, row, make_agent)
        return live

    return db.read(read)


def history_of(db: MephistoDB, agent_id: int) -> list[dict[str, Any]]:
    """Live updates of an agent, both sides', in order."""
    return [orjson.loads(row[0]) for row in db.rows(UPDATES, agent=agent_id)]


def _restore_agent(
    db: MephistoDB, live: LiveRun, row: tuple[Any, ...], make_agent: MakeAgent
) -> None:
    agent_id, token, registration, status, unit_id, deadline, worker_id, name, provider = row
    unit = unit_record(db.rows(UNIT_WITH_DATA, unit=unit_id)[0])
    worker = WorkerRecord(worker_id, name, provider)
    agent = make_agent(agent_id, token, registration, worker, unit, status)
    live.add_agent(agent)
    if deadline is not None:
        live.deadlines[token] = from_ms(deadline)
