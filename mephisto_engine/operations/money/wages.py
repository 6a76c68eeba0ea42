"""Whether pay keeps the hourly minimum, by the times that workers have needed so far."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from mephisto_engine.analysis.pay import Wage
from mephisto_engine.config.task_args import WHERE, TaskArgs, to_cents
from mephisto_engine.config.wage import wage_at
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations.runs import note_low_pay
from mephisto_engine.database.queries import browse, standing
from mephisto_engine.database.queries.answers import runs_of_task
from mephisto_engine.database.queries.runs import find_run
from mephisto_engine.errors import NotFoundError, Problem

WATCH_SECONDS: Final = 60.0

LEAST_UNITS: Final = 5
"""Submitted units before their median says something of the units to come."""


class WageWatch:
    """Puts it into the journal, once, when a live run's pay falls below its minimum."""

    def __init__(self, db: MephistoDB, run_id: int) -> None:
        self._db = db
        self._run_id = run_id
        self._is_over = False
        """Whether there is nothing to watch: it was said, or nobody asked for it."""
        self._due = 0.0

    async def look(self) -> None:
        """Look at the times so far, at most once a minute; cheap where there is no minimum."""
        now = self._db.clock.monotonic()
        if self._is_over or now < self._due:
            return
        self._due = now + WATCH_SECONDS
        found = await asyncio.to_thread(self._db.read, self._warning)
        self._is_over = found is None or bool(found)
        if found:
            await self._db.write(note_low_pay, self._run_id, found)

    def _warning(self) -> str | None:
        """What is wrong, if anything; None where there is no minimum."""
        if _minimum_cents(browse.run_config(self._run_id)) is None:
            return None
        wage = wage_of_run(self._run_id, find_run(self._run_id).pay_cents)
        return wage.warning() if wage is not None else ""


def wage_of_run(run_id: int, pay_cents: int) -> Wage | None:
    """What the run's pay comes to in an hour; None before a unit was submitted.

    The minimum is that of the run's config; a median of fewer than five units is held against none.
    """
    units, worked_ms = standing.median_time([run_id])
    if not units:
        return None
    minimum = _minimum_cents(browse.run_config(run_id)) if units >= LEAST_UNITS else None
    return Wage(pay_cents, worked_ms, units, minimum)


def wage_of_pilot(task: TaskArgs) -> Wage | None:
    """What a new run would pay an hour, by the times of the task's earlier runs.

    None where there is no minimum, or fewer than five units were submitted.
    """
    try:
        run_ids = runs_of_task(str(task.task_name))
    except NotFoundError:
        return None
    units, worked_ms = standing.median_time(run_ids)
    return wage_at(task, worked_ms / 1000, units) if units >= LEAST_UNITS else None


def minimum_of_task(task_name: str) -> int | None:
    """Cents an hour that the task's newest run was to pay at least; None where nothing was said."""
    run_ids = runs_of_task(task_name)
    return _minimum_cents(browse.run_config(run_ids[-1])) if run_ids else None


def wage_warning(task: TaskArgs) -> str:
    """What is wrong with a new run's pay, by its earlier runs or else by the estimated time."""
    wage = wage_of_pilot(task) or wage_at(task, task.estimated_time_in_seconds)
    return wage.warning() if wage is not None else ""


def _minimum_cents(config: Any) -> int | None:
    node: Any = config
    for part in WHERE.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    dollars = node.get("minimum_hourly_wage") if isinstance(node, dict) else None
    cents = None if dollars is None else to_cents(WHERE, dollars)
    return None if isinstance(cents, Problem) else cents
