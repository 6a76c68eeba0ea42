"""Runs as records, and which of them an engine drives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import fn

from mephisto_engine.data_model import Lease, Project, Qualification, Requester, Task, TaskRun
from mephisto_engine.data_model.records import RunRecord
from mephisto_engine.errors import NotFoundError


def find_run(run_id: int) -> TaskRun:
    """A run with its task and requester.

    Raises:
        NotFoundError: there is none with that id.
    """
    query = (
        TaskRun.select(TaskRun, Task, Requester)
        .join(Task)
        .switch(TaskRun)
        .join(Requester)
        .where(TaskRun.id == run_id)
    )
    run = next(iter(query), None)
    if run is None:
        raise NotFoundError(f"There is no run {run_id}.", "`mephisto-tui runs` lists them.")
    return run


def run_record(run_id: int) -> RunRecord:
    """A run as plugins see it."""
    run: Any = find_run(run_id)
    return RunRecord(
        id=run.id,
        task_name=run.task.name,
        status=run.status,
        blueprint_type=run.blueprint_type,
        architect_type=run.architect_type,
        provider_type=run.provider_type,
        is_sandbox=run.is_sandbox,
        pay_cents=run.pay_cents,
        requester_name=run.requester.name,
    )


def lease_of(run_id: int) -> Lease | None:
    """The lease row of a run, alive or not."""
    return Lease.get_or_none(Lease.task_run == run_id)


def unknown_qualifications(names: set[str]) -> set[str]:
    """Which of these qualifications do not exist."""
    found = Qualification.select(Qualification.name).where(Qualification.name.in_(sorted(names)))
    return names - {row.name for row in found}


@dataclass(frozen=True, slots=True)
class LaunchedConfig:
    """A config file that runs were launched from, with the last of them."""

    path: str
    task_name: str
    run_id: int
    created_at: datetime


def launched_configs(limit: int) -> list[LaunchedConfig]:
    """The config files that were launched last, newest first."""
    newest = (
        TaskRun.select(fn.MAX(TaskRun.id))
        .where(TaskRun.config_path.is_null(False))
        .group_by(TaskRun.config_path)
    )
    runs = (
        TaskRun.select(TaskRun, Task)
        .join(Task)
        .where(TaskRun.id.in_(newest))
        .order_by(TaskRun.id.desc())
        .limit(limit)
    )
    return [
        LaunchedConfig(str(run.config_path), run.task.name, run.id, run.created_at) for run in runs
    ]


def last_unfinished_run(task_name: str, statuses: frozenset[str]) -> int | None:
    """Id of the newest run of a task with one of these statuses."""
    query = (
        TaskRun.select(TaskRun.id)
        .join(Task)
        .where((Task.name == task_name) & TaskRun.status.in_(sorted(statuses)))
        .order_by(TaskRun.id.desc())
        .limit(1)
    )
    row = next(iter(query), None)
    return None if row is None else int(row.id)


def projects_with_budget() -> set[str]:
    """Names of the projects that have a budget."""
    query: Any = Project.select(Project.name).where(Project.budget_cents.is_null(False))
    return {name for (name,) in query.tuples()}
