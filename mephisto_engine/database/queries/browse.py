"""Windows on the lists that an operator looks at: the rows that are shown, and how many there are.

The default order of every list follows an index, so that a window costs the same on a run of a
hundred thousand units as on one of ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from peewee import JOIN, Case, Expression, fn

from mephisto_engine.data_model import (
    Agent,
    Event,
    Lease,
    Presence,
    Requester,
    Submission,
    Task,
    TaskRun,
    Unit,
    Worker,
)
from mephisto_engine.data_model.status import HOLDING_AGENT, LIVE_AGENT, LOST_AGENT

PREVIEW_CHARACTERS = 1000
"""How much of an answer is read for one line of a list; most answers are whole in it."""

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


def runs(
    order: str, is_descending: bool, offset: int, limit: int, where: Iterable[Expression] = ()
) -> list[Any]:
    """Rows of task runs with their task and lease, as named tuples."""
    query = _run_query().where(*where) if where else _run_query()
    column = _direction(RUN_ORDERS.get(order, TaskRun.id), is_descending)
    return list(query.order_by(column).offset(offset).limit(limit).namedtuples())


def run(run_id: int) -> Any | None:
    """One run, as `runs` gives it."""
    return next(iter(_run_query().where(TaskRun.id == run_id).namedtuples()), None)


def count_runs(where: Iterable[Expression] = ()) -> int:
    """How many runs there are."""
    query = TaskRun.select(fn.COUNT(TaskRun.id)).join(Task)
    return int((query.where(*where) if where else query).scalar() or 0)


def runs_containing(text: str, is_inverse: bool, status: str) -> list[Expression]:
    """Conditions of the Runs screen's filter."""
    return _conditions(
        [Task.name, TaskRun.provider_type, TaskRun.id], TaskRun.status, text, is_inverse, status
    )


def unit_counts(run_ids: list[int]) -> list[tuple[int, str, int]]:
    """``(run id, status, number)`` of units."""
    query: Any = (
        Unit.select(Unit.task_run, Unit.status, fn.COUNT(Unit.id))
        .where(Unit.task_run.in_(run_ids))
        .group_by(Unit.task_run, Unit.status)
    )
    return list(query.tuples())


def agent_counts(run_id: int) -> list[tuple[str, int]]:
    """``(status, number)`` of a run's agents."""
    query: Any = (
        Agent.select(Agent.status, fn.COUNT(Agent.id))
        .where(Agent.task_run == run_id)
        .group_by(Agent.status)
    )
    return list(query.tuples())


def unit_conditions(run_id: int, text: str, is_inverse: bool, status: str) -> list[Expression]:
    """Conditions of the Units pane's filter."""
    found = _conditions([Worker.name, Unit.id, Unit.status], Unit.status, text, is_inverse, status)
    return [Unit.task_run == run_id, *found]


def units(
    where: list[Expression], order: str, is_descending: bool, offset: int, limit: int
) -> list[Any]:
    """Rows of units with worker, times and the beginning of the answer, as named tuples."""
    column = _direction(UNIT_ORDERS.get(order, Unit.status_at), is_descending)
    query = (
        Unit.select(
            Unit.id,
            Unit.assignment.alias("assignment_id"),
            Unit.unit_index,
            Unit.status,
            Unit.worker.alias("worker_id"),
            Worker.name.alias("worker_name"),
            Unit.pay_cents,
            Unit.status_at,
            Agent.created_at.alias("begun_at"),
            Agent.submitted_at,
            fn.SUBSTR(Submission.body, 1, PREVIEW_CHARACTERS).alias("preview"),
        )
        .join(Worker, JOIN.LEFT_OUTER)
        .switch(Unit)
        .join(Agent, JOIN.LEFT_OUTER, on=((Agent.unit == Unit.id) & _HOLDS))
        .join(Submission, JOIN.LEFT_OUTER, on=(Submission.agent == Agent.id))
        .where(*where)
        .order_by(column, _direction(Unit.id, is_descending))
    )
    return list(query.offset(offset).limit(limit).namedtuples())


def count_units(where: list[Expression]) -> int:
    """How many units the conditions let through."""
    query = Unit.select(fn.COUNT(Unit.id)).join(Worker, JOIN.LEFT_OUTER).where(*where)
    return int(query.scalar() or 0)


def agent_conditions(run_id: int, text: str, is_inverse: bool, status: str) -> list[Expression]:
    """Conditions of the Agents pane's filter."""
    found = _conditions(
        [Worker.name, Agent.id, Agent.status, Agent.unit], Agent.status, text, is_inverse, status
    )
    return [Agent.task_run == run_id, *found]


def agents(
    where: list[Expression], order: str, is_descending: bool, offset: int, limit: int
) -> list[Any]:
    """Rows of agents with worker and last sign of life, as named tuples."""
    query = (
        Agent.select(
            Agent.id,
            Agent.worker.alias("worker_id"),
            Worker.name.alias("worker_name"),
            Agent.unit.alias("unit_id"),
            Agent.status,
            Agent.created_at,
            Agent.status_at,
            Agent.deadline_at,
            Presence.last_seen_at,
        )
        .join(Worker)
        .switch(Agent)
        .join(Presence, JOIN.LEFT_OUTER, on=(Presence.agent == Agent.id))
        .where(*where)
    )
    if order in AGENT_ORDERS:
        query = query.order_by(_direction(AGENT_ORDERS[order], is_descending))
    else:
        query = query.order_by(Agent.id.desc())
    return list(query.offset(offset).limit(limit).namedtuples())


def live_first(where: list[Expression], live: int, offset: int, limit: int) -> list[Any]:
    """Agents in the list's own order: those at work, then the rest, each the newest first."""
    rows: list[Any] = []
    if offset < live:
        rows = agents([*where, _LIVES], "", True, offset, limit)
    rest = limit - len(rows)
    if rest > 0:
        rows += agents([*where, ~_LIVES], "", True, max(0, offset - live), rest)
    return rows


def count_agents(where: list[Expression]) -> int:
    """How many agents the conditions let through."""
    return int(Agent.select(fn.COUNT(Agent.id)).join(Worker).where(*where).scalar() or 0)


def workers(
    run_id: int, text: str, is_inverse: bool, offset: int, limit: int
) -> tuple[list[Any], int]:
    """Workers of a run with their counts, busiest first, as named tuples; and how many."""
    where = [Agent.task_run == run_id]
    where += _conditions([Worker.name, Worker.id], None, text, is_inverse, "")
    query = (
        Agent.select(
            Worker.id,
            Worker.name,
            Worker.blocked_at,
            _number(_LIVES).alias("live"),
            _number(
                Unit.status.in_(["completed", "accepted", "soft_rejected", "rejected"]) & _HOLDS
            ).alias("done"),
            _number(Agent.status.in_(sorted(LOST_AGENT))).alias("lost"),
            _number((Unit.status == "accepted") & _HOLDS).alias("accepted"),
            _number((Unit.status == "rejected") & _HOLDS).alias("rejected"),
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
    ordered = query.order_by(_number(_LIVES).desc(), fn.COUNT(Agent.id).desc(), Worker.id)
    return list(ordered.offset(offset).limit(limit).namedtuples()), total


def events_after(last_id: int, limit: int) -> list[Any]:
    """Journal rows after an id, oldest first, as tuples."""
    return list(_events().where(Event.id > last_id).order_by(Event.id).limit(limit).tuples())


def last_events(run_id: int | None, limit: int) -> list[Any]:
    """The newest journal rows (of a run), oldest first, as tuples."""
    query = _events() if run_id is None else _events().where(Event.task_run == run_id)
    return list(query.order_by(Event.id.desc()).limit(limit).tuples())[::-1]


def last_event_id() -> int:
    """Id of the newest journal row; 0 if there is none."""
    return int(Event.select(fn.MAX(Event.id)).scalar() or 0)


def submission_minutes(run_id: int, since_ms: int) -> list[tuple[int, int]]:
    """``(minute since the epoch, submissions)`` since a time, oldest first."""
    query: Any = (
        Agent.select(Agent.submitted_at)
        .where(
            (Agent.task_run == run_id)
            & (Agent.status == "completed")
            & (Agent.status_at > since_ms)
        )
        .tuples()
    )
    counts: dict[int, int] = {}
    for (moment,) in query:
        if moment is not None:
            key = int(moment.timestamp() // 60)
            counts[key] = counts.get(key, 0) + 1
    return sorted(counts.items())


def last_submission(run_id: int) -> datetime | None:
    """When a worker last submitted a unit of the run."""
    query = (
        Agent.select(Agent.submitted_at)
        .where((Agent.task_run == run_id) & (Agent.status == "completed"))
        .order_by(Agent.status_at.desc())
        .limit(1)
    )
    agent = next(iter(query), None)
    return None if agent is None else agent.submitted_at


def _events() -> Any:
    return Event.select(
        Event.id,
        Event.at,
        Event.kind,
        Event.actor,
        Event.task_run,
        Event.subject,
        Event.subject_id,
        Event.before,
        Event.after,
        Event.data,
    )


def _run_query() -> Any:
    return (
        TaskRun.select(
            TaskRun.id,
            Task.name.alias("task_name"),
            TaskRun.provider_type,
            TaskRun.architect_type,
            TaskRun.blueprint_type,
            Requester.name.alias("requester_name"),
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
            TaskRun.config,
            Lease.host,
            Lease.pid,
            Lease.renewed_at,
            Lease.health,
        )
        .join(Task)
        .switch(TaskRun)
        .join(Requester)
        .switch(TaskRun)
        .join(Lease, JOIN.LEFT_OUTER, on=(Lease.task_run == TaskRun.id))
    )


def _conditions(
    columns: list[Any], status_column: Any, text: str, is_inverse: bool, status: str
) -> list[Expression]:
    found: list[Expression] = []
    if status and status_column is not None:
        found.append(status_column == status)
    if text:
        matches: Any = None
        for column in columns:
            match = fn.COALESCE(column.cast("TEXT"), "").contains(text)
            matches = match if matches is None else matches | match
        found.append(~matches if is_inverse else matches)
    return found


def _number(condition: Any) -> Any:
    return fn.SUM(Case(None, [(condition, 1)], 0))


def _direction(column: Any, is_descending: bool) -> Any:
    return column.desc() if is_descending else column.asc()
