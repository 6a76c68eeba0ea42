"""What is known of a set of units as a whole: for manifests and datasheets."""

from __future__ import annotations

from typing import Any

from peewee import JOIN, fn

from mephisto_engine.clock import from_ms
from mephisto_engine.data_model import (
    Agent,
    Event,
    Project,
    Requester,
    Submission,
    Task,
    TaskRun,
    Unit,
    Upload,
)
from mephisto_engine.data_model.base import database as in_use
from mephisto_engine.data_model.status import HOLDING_AGENT
from mephisto_engine.database.queries.answers import Selection, chosen

_HOLDS = (Agent.unit == Unit.id) & Agent.status.in_(sorted(HOLDING_AGENT))


def dataset_facts(selection: Selection) -> dict[str, Any]:
    """Counts and times of the selected units and facts of their runs, as plain data."""
    return {
        "as_of": _as_of(selection),
        "units": _count(Unit.select(fn.COUNT(Unit.id)), selection),
        "by_status": _by_status(selection),
        "workers": _count(_agents(fn.COUNT(Agent.worker.distinct())), selection),
        "times": _times(selection),
        "pay_cents": _count(Unit.select(fn.SUM(Unit.pay_cents)), selection),
        "late_answers": _late(selection),
        "uploads": _count(
            _agents(fn.COUNT(Upload.id)).join(Upload, on=(Upload.agent == Agent.id)), selection
        ),
        "runs": [_run(row) for row in _runs(selection)],
    }


def run_config(run_id: int) -> Any:
    """The config that a run was launched with."""
    return TaskRun.get_by_id(run_id).config


def _agents(column: Any) -> Any:
    return Unit.select(column).join(Agent, on=_HOLDS)


def _count(query: Any, selection: Selection) -> int:
    return int(query.where(chosen(selection)).scalar() or 0)


def _as_of(selection: Selection) -> dict[str, Any]:
    """The last event of the runs: as long as it is the last, the same would be exported again."""
    query: Any = Event.select(Event.id, Event.at).where(Event.task_run.in_(selection.runs))
    row = next(iter(query.order_by(Event.id.desc()).limit(1).tuples()), None)
    return {"event": row[0], "at": row[1].isoformat()} if row else {"event": 0, "at": None}


def _by_status(selection: Selection) -> dict[str, int]:
    query: Any = Unit.select(Unit.status, fn.COUNT(Unit.id)).where(chosen(selection))
    return dict(query.group_by(Unit.status).order_by(Unit.status).tuples())


def _times(selection: Selection) -> dict[str, Any]:
    """First and last submission, and the mean time on a unit in seconds."""
    query = Unit.select(
        fn.MIN(Agent.submitted_at),
        fn.MAX(Agent.submitted_at),
        fn.AVG(Agent.submitted_at - Agent.created_at),
    ).join(Agent, on=_HOLDS)
    first, last, mean = next(in_use.stream(query.where(chosen(selection))))
    return {
        "first_submission": None if first is None else from_ms(first).isoformat(),
        "last_submission": None if last is None else from_ms(last).isoformat(),
        "mean_seconds": None if mean is None else round(mean / 1000, 1),
    }


def _late(selection: Selection) -> int:
    query: Any = Submission.select(fn.COUNT(Submission.id)).join(Agent)
    where = (Submission.is_late == 1) & Agent.task_run.in_(selection.runs)
    return int(query.where(where).scalar() or 0)


def _runs(selection: Selection) -> Any:
    query: Any = (
        TaskRun.select(
            TaskRun.id,
            Task.name,
            Task.task_type,
            Project.name,
            Requester.name,
            TaskRun.blueprint_type,
            TaskRun.provider_type,
            TaskRun.is_sandbox,
            TaskRun.status,
            TaskRun.pay_cents,
            TaskRun.engine_version,
            TaskRun.created_at,
            TaskRun.started_at,
            TaskRun.ended_at,
        )
        .join(Task)
        .join(Project, JOIN.LEFT_OUTER)
        .switch(TaskRun)
        .join(Requester)
    )
    return query.where(TaskRun.id.in_(selection.runs)).order_by(TaskRun.id).tuples()


_RUN_COLUMNS = (
    "id",
    "task_name",
    "task_type",
    "project_name",
    "requester_name",
    "blueprint_type",
    "provider_type",
    "is_sandbox",
    "status",
    "pay_cents",
    "engine_version",
    "created_at",
    "started_at",
    "ended_at",
)


def _run(row: tuple[Any, ...]) -> dict[str, Any]:
    facts = dict(zip(_RUN_COLUMNS, row, strict=True))
    for name in ("created_at", "started_at", "ended_at"):
        facts[name] = None if facts[name] is None else facts[name].isoformat()
    stored: Any = Unit.select(Unit.status, fn.COUNT(Unit.id)).where(Unit.task_run == facts["id"])
    facts["units_stored"] = dict(stored.group_by(Unit.status).order_by(Unit.status).tuples())
    return facts
