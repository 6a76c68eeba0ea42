"""Windows on the lists that an operator looks at: the rows that are shown, and how many there are.

The default order of every list follows an index, so that a window costs the same on a run of a
hundred thousand units as on one of ten. A console asks four times a second: the queries are
compiled once for each combination of order and filter, and rows come as plain tuples, with times
as milliseconds (except for runs, which are few).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, cast

import orjson
from peewee import JOIN, Case, fn

from mephisto_engine.clock import from_ms
from mephisto_engine.data_model import (
    Agent,
    Lease,
    Presence,
    Submission,
    Task,
    TaskRun,
    Unit,
    Worker,
)
from mephisto_engine.data_model.status import HOLDING_AGENT, LIVE_AGENT, LOST_AGENT
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.lease_watch import LeaseSight
from mephisto_engine.database.queries.windows import (
    Asked,
    conditions,
    contains,
    direction,
    filtered,
    number,
    windowed,
)

PREVIEW_CHARACTERS = 1000
"""How much of an answer is read for one line of a list; most answers are whole in it."""
IDS_AT_A_TIME = 500
"""Ids in one statement; databases take a limited number of parameters."""

MOST_IDS = 10_000
"""So many ids are looked up; for more the whole list is read, which is sooner done."""

_HOLDS = Agent.status.in_(sorted(HOLDING_AGENT))
_LIVES = Agent.status.in_(sorted(LIVE_AGENT))

UNIT_ORDERS: Mapping[str, Any] = {
    "": Unit.status_at,
    "id": Unit.id,
    "status": Unit.status,
    "worker_name": Worker.name,
    "status_at": Unit.status_at,
    "pay_cents": Unit.pay_cents,
}
AGENT_ORDERS: Mapping[str, Any] = {
    "id": Agent.id,
    "status": Agent.status,
    "worker_name": Worker.name,
    "unit_id": Agent.unit,
    "status_at": Agent.status_at,
    "created_at": Agent.created_at,
    "deadline_at": Agent.deadline_at,
}
RUN_ORDERS: Mapping[str, Any] = {
    "": TaskRun.id,
    "id": TaskRun.id,
    "task_name": Task.name,
    "status": TaskRun.status,
    "created_at": TaskRun.created_at,
    "provider_type": TaskRun.provider_type,
}


class RunFacts(NamedTuple):
    """A task run with its task and lease."""

    id: int
    task_name: str
    provider_type: str
    architect_type: str
    blueprint_type: str
    status: str
    status_reason: str | None
    url: str | None
    pay_cents: int
    unit_cost_cents: int
    budget_cents: int | None
    is_sandbox: bool
    is_data_exhausted: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    host: str | None
    pid: int | None
    renewed_at: datetime | None
    health: dict[str, Any]
    holder: str | None
    process: str | None
    fence: int | None
    renewals: int | None

    @property
    def lease(self) -> LeaseSight | None:
        """The lease of the run's engine, if one has it."""
        if self.holder is None:
            return None
        found = (self.pid, self.process, self.fence, self.renewals, self.renewed_at)
        return LeaseSight(self.id, self.holder, *cast(Any, found))


def runs(asked: Asked) -> list[RunFacts]:
    """Task runs with their task and lease."""
    return [_facts(row) for row in _runs(*asked.shape).fetch(**asked.values)]


def run(run_id: int) -> RunFacts | None:
    """One run, as `runs` gives it."""
    return next((_facts(row) for row in _ONE_RUN.fetch(run=run_id)), None)


def run_config(run_id: int) -> Any:
    """The resolved config that a run was launched with."""
    return TaskRun.get_by_id(run_id).config


def run_blueprint(run_id: int) -> tuple[int, str, Any] | None:
    """``(task, blueprint type, resolved config)`` of a run; None if there is none."""
    for task_id, blueprint_type, config in _BLUEPRINT.fetch(run=run_id):
        return task_id, blueprint_type, orjson.loads(config)
    return None


def count_runs(asked: Asked) -> int:
    """How many runs the filter lets through."""
    return int(_count_runs(*asked.shape).fetch(**asked.values)[0][0])


def units(run_id: int, asked: Asked) -> list[tuple[Any, ...]]:
    """Units with worker, times and the beginning of the answer; columns as in `_unit_query`."""
    return _units(*asked.shape).fetch(run=run_id, **asked.values)


def count_units(run_id: int, asked: Asked) -> int:
    """How many units the filter lets through."""
    return int(_count_units(*asked.shape).fetch(run=run_id, **asked.values)[0][0])


def unit_statuses(run_id: int, unit_ids: Sequence[int]) -> list[tuple[int, str]]:
    """Id and status of those of the given units that the run has."""
    if len(unit_ids) > MOST_IDS:
        meant = set(unit_ids)
        return [pair for pair in all_unit_statuses(run_id, Asked()) if pair[0] in meant]
    found: list[tuple[int, str]] = []
    for first in range(0, len(unit_ids), IDS_AT_A_TIME):
        some = list(unit_ids[first : first + IDS_AT_A_TIME])
        query = Unit.select(Unit.id, Unit.status).where(Unit.task_run == run_id)
        found.extend(query.where(Unit.id.in_(some)).tuples().iterator())
    return found


def all_unit_statuses(run_id: int, asked: Asked) -> list[tuple[int, str]]:
    """Id and status of every unit that the filter lets through, whatever the window."""
    rows = _unit_statuses(*asked.shape).fetch(run=run_id, **asked.values)
    return [(unit_id, status) for unit_id, status in rows]


def agents(run_id: int, asked: Asked, live: int) -> list[tuple[Any, ...]]:
    """Agents with worker and last sign of life; the columns are those of `_agent_query`.

    In the list's own order those at work come first (there are ``live`` of them), then the rest,
    each with the newest first.
    """
    if asked.order or asked.text or asked.status:
        return _agents(None, *asked.shape).fetch(run=run_id, **asked.values)
    rows: list[tuple[Any, ...]] = []
    if asked.offset < live:
        rows = _agents(True, *asked.shape).fetch(run=run_id, **asked.values)
    rest = asked._replace(offset=max(0, asked.offset - live), limit=asked.limit - len(rows))
    if rest.limit > 0:
        rows += _agents(False, *asked.shape).fetch(run=run_id, **rest.values)
    return rows


def count_agents(run_id: int, asked: Asked) -> int:
    """How many agents the filter lets through."""
    return int(_count_agents(*asked.shape).fetch(run=run_id, **asked.values)[0][0])


def workers(run_id: int, asked: Asked) -> tuple[list[Any], int]:
    """Workers of a run with their counts, busiest first, as named tuples; and how many."""
    where: list[Any] = [Agent.task_run == run_id]
    if asked.text:
        where.append(contains([Worker.name, Worker.id], asked.values["text"], asked.is_inverse))
    query = (
        Agent.select(
            Worker.id,
            Worker.name,
            Worker.blocked_at,
            number(_LIVES).alias("live"),
            number(
                Unit.status.in_(["completed", "accepted", "soft_rejected", "rejected"]) & _HOLDS
            ).alias("done"),
            number(Agent.status.in_(sorted(LOST_AGENT))).alias("lost"),
            number((Unit.status == "accepted") & _HOLDS).alias("accepted"),
            number((Unit.status == "rejected") & _HOLDS).alias("rejected"),
            fn.SUM(
                Case(
                    None,
                    [(Unit.status.in_(["accepted", "soft_rejected"]) & _HOLDS, Unit.pay_cents)],
                    0,
                )
            ).alias("paid_cents"),
        )
        .join(Worker)
        .switch(Agent)
        .join(Unit)
        .where(*where)
        .group_by(Worker.id)
    )
    total = int(
        Agent.select(fn.COUNT(Agent.worker.distinct())).join(Worker).where(*where).scalar() or 0
    )
    ordered = query.order_by(number(_LIVES).desc(), fn.COUNT(Agent.id).desc(), Worker.id)
    return list(ordered.offset(asked.offset).limit(asked.limit).namedtuples()), total


_RUN_TEXT = [Task.name, TaskRun.provider_type, TaskRun.id]
UNIT_TEXT = [Worker.name, Unit.id, Unit.status]
_AGENT_TEXT = [Worker.name, Agent.id, Agent.status, Agent.unit]

_BLUEPRINT = Compiled(
    lambda: TaskRun.select(TaskRun.task, TaskRun.blueprint_type, TaskRun.config).where(
        TaskRun.id == param("run")
    )
)
_ONE_RUN = Compiled(lambda: _run_query().where(TaskRun.id == param("run")))


@cache
def _runs(
    order: str, is_descending: bool, has_text: bool, is_inverse: bool, has_status: bool
) -> Compiled:
    where = conditions(_RUN_TEXT, TaskRun.status, has_text, is_inverse, has_status)
    column = direction(RUN_ORDERS.get(order, TaskRun.id), is_descending)
    return Compiled(lambda: windowed(filtered(_run_query(), where).order_by(column)))


@cache
def _count_runs(
    order: str, is_descending: bool, has_text: bool, is_inverse: bool, has_status: bool
) -> Compiled:
    where = conditions(_RUN_TEXT, TaskRun.status, has_text, is_inverse, has_status)
    return Compiled(lambda: filtered(TaskRun.select(fn.COUNT(TaskRun.id)).join(Task), where))


@cache
def _units(
    order: str, is_descending: bool, has_text: bool, is_inverse: bool, has_status: bool
) -> Compiled:
    where = conditions(UNIT_TEXT, Unit.status, has_text, is_inverse, has_status)
    column = direction(UNIT_ORDERS.get(order, Unit.status_at), is_descending)
    second = direction(Unit.id, is_descending)
    return Compiled(lambda: windowed(_unit_query().where(*where).order_by(column, second)))


@cache
def _count_units(
    order: str, is_descending: bool, has_text: bool, is_inverse: bool, has_status: bool
) -> Compiled:
    where = conditions(UNIT_TEXT, Unit.status, has_text, is_inverse, has_status)
    query = Unit.select(fn.COUNT(Unit.id)).join(Worker, JOIN.LEFT_OUTER)
    return Compiled(lambda: query.where(Unit.task_run == param("run"), *where))


@cache
def _unit_statuses(
    order: str, is_descending: bool, has_text: bool, is_inverse: bool, has_status: bool
) -> Compiled:
    where = conditions(UNIT_TEXT, Unit.status, has_text, is_inverse, has_status)
    query = Unit.select(Unit.id, Unit.status).join(Worker, JOIN.LEFT_OUTER)
    return Compiled(lambda: query.where(Unit.task_run == param("run"), *where))


@cache
def _agents(
    is_live: bool | None,
    order: str,
    is_descending: bool,
    has_text: bool,
    is_inverse: bool,
    has_status: bool,
) -> Compiled:
    where = conditions(_AGENT_TEXT, Agent.status, has_text, is_inverse, has_status)
    if is_live is not None:
        where.append(_LIVES if is_live else ~_LIVES)
    column = direction(AGENT_ORDERS.get(order, Agent.id), is_descending)
    return Compiled(lambda: windowed(_agent_query().where(*where).order_by(column)))


@cache
def _count_agents(
    order: str, is_descending: bool, has_text: bool, is_inverse: bool, has_status: bool
) -> Compiled:
    where = conditions(_AGENT_TEXT, Agent.status, has_text, is_inverse, has_status)
    query = Agent.select(fn.COUNT(Agent.id)).join(Worker)
    return Compiled(lambda: query.where(Agent.task_run == param("run"), *where))


def _unit_query() -> Any:
    return (
        Unit.select(
            Unit.id,
            Unit.assignment,
            Unit.unit_index,
            Unit.status,
            Unit.worker,
            Worker.name,
            Unit.pay_cents,
            Unit.status_at,
            Agent.created_at,
            Agent.submitted_at,
            fn.SUBSTR(Submission.body, 1, PREVIEW_CHARACTERS),
        )
        .join(Worker, JOIN.LEFT_OUTER)
        .switch(Unit)
        .join(Agent, JOIN.LEFT_OUTER, on=((Agent.unit == Unit.id) & _HOLDS))
        .join(Submission, JOIN.LEFT_OUTER, on=(Submission.agent == Agent.id))
        .where(Unit.task_run == param("run"))
    )


def _agent_query() -> Any:
    return (
        Agent.select(
            Agent.id,
            Agent.worker,
            Worker.name,
            Agent.unit,
            Agent.status,
            Agent.created_at,
            Agent.status_at,
            Agent.deadline_at,
            Presence.last_seen_at,
        )
        .join(Worker)
        .switch(Agent)
        .join(Presence, JOIN.LEFT_OUTER, on=(Presence.agent == Agent.id))
        .where(Agent.task_run == param("run"))
    )


def _run_query() -> Any:
    return (
        TaskRun.select(
            TaskRun.id,
            Task.name,
            TaskRun.provider_type,
            TaskRun.architect_type,
            TaskRun.blueprint_type,
            TaskRun.status,
            TaskRun.status_reason,
            TaskRun.url,
            TaskRun.pay_cents,
            TaskRun.unit_cost_cents,
            TaskRun.budget_cents,
            TaskRun.is_sandbox,
            TaskRun.is_data_exhausted,
            TaskRun.created_at,
            TaskRun.started_at,
            TaskRun.ended_at,
            Lease.host,
            Lease.pid,
            Lease.renewed_at,
            Lease.health,
            Lease.holder,
            Lease.process,
            Lease.fence,
            Lease.renewals,
        )
        .join(Task)
        .switch(TaskRun)
        .join(Lease, JOIN.LEFT_OUTER, on=(Lease.task_run == TaskRun.id))
    )


def _facts(row: tuple[Any, ...]) -> RunFacts:
    facts = RunFacts(*row)
    return facts._replace(
        is_sandbox=bool(facts.is_sandbox),
        is_data_exhausted=bool(facts.is_data_exhausted),
        created_at=from_ms(row[13]),
        started_at=_moment(row[14]),
        ended_at=_moment(row[15]),
        renewed_at=_moment(row[18]),
        health=orjson.loads(row[19]) if row[19] else {},
    )


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)
