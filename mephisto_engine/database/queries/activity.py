"""What is going on: counts by status, the journal's newest rows, submissions over time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from peewee import fn

from mephisto_engine.data_model import Agent, Event, TaskRun, Unit
from mephisto_engine.data_model.status import LIVE_RUN, UnitStatus
from mephisto_engine.data_model.units import COMPENSATION_INDEX


def unit_counts(run_ids: list[int]) -> list[tuple[int, str, int]]:
    """``(run id, status, number)`` of units, compensations left out."""
    query: Any = (
        Unit.select(Unit.task_run, Unit.status, fn.COUNT(Unit.id))
        .where(Unit.task_run.in_(run_ids) & (Unit.unit_index != COMPENSATION_INDEX))
        .group_by(Unit.task_run, Unit.status)
    )
    return list(query.tuples())


def count_live_runs() -> int:
    """How many runs are live, whichever engine drives them."""
    return int(TaskRun.select().where(TaskRun.status.in_(sorted(LIVE_RUN))).count())


def count_to_review() -> int:
    """How many units of all runs wait for a decision, compensations left out."""
    waits = (Unit.status == UnitStatus.COMPLETED) & (Unit.unit_index != COMPENSATION_INDEX)
    return int(Unit.select().where(waits).count())


def agent_counts(run_id: int) -> list[tuple[str, int]]:
    """``(status, number)`` of a run's agents."""
    query: Any = (
        Agent.select(Agent.status, fn.COUNT(Agent.id))
        .where(Agent.task_run == run_id)
        .group_by(Agent.status)
    )
    return list(query.tuples())


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
