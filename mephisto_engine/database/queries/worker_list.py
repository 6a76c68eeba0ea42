"""Workers of all runs as a windowed list, and what one of them worked on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from peewee import JOIN, fn

from mephisto_engine.data_model import Agent, Task, TaskRun, Unit, Worker
from mephisto_engine.data_model.base import database as in_use
from mephisto_engine.data_model.status import HOLDING_AGENT
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.queries.windows import (
    Asked,
    contains,
    direction,
    filtered,
    windowed,
)

MOST_UNITS = 500
"""Units of one worker that are read, the latest."""


@dataclass(frozen=True, slots=True)
class NamedWorker:
    """A worker as a person knows them."""

    id: int
    name: str
    provider_type: str
    is_blocked: bool


ORDERS = {
    "": Worker.id,
    "id": Worker.id,
    "name": Worker.name,
    "provider_type": Worker.provider_type,
}


def worker_ids(asked: Asked) -> list[int]:
    """Ids of the workers in the window, who came first last; ``status`` may be `blocked`."""
    return [row[0] for row in _ids(*asked.shape).fetch(**asked.values)]


def count_workers(asked: Asked) -> int:
    """How many workers the filter lets through."""
    return int(_count(*asked.shape).fetch(**asked.values)[0][0])


def workers_through(asked: Asked) -> list[NamedWorker]:
    """Every worker whom the filter lets through, whatever the window; who came first first."""
    return [_named(*row) for row in _through(*asked.shape).fetch(**asked.values)]


def named_workers(ids: Sequence[int]) -> list[NamedWorker]:
    """These workers, as far as there are such."""
    rows: Any = _NAMED.where(Worker.id.in_(list(ids))).order_by(Worker.id)
    return [_named(*row) for row in in_use.stream(rows)]


def units_of_worker(worker_id: int) -> list[tuple[Any, ...]]:
    """``(unit, run, task, agent, agent status, unit status, begun, submitted, pay)``, latest first.

    The unit's status is that of this worker's try: empty when the unit went back to the pool.
    """
    return _UNITS.fetch(worker=worker_id)


def _conditions(has_text: bool, is_inverse: bool, has_status: bool) -> list[Any]:
    found: list[Any] = []
    if has_status:
        # The one status that workers have; any other word finds nobody.
        found.append(Worker.blocked_at.is_null(False) & (param("status") == "blocked"))
    if has_text:
        columns = [Worker.name, Worker.provider_type, Worker.id]
        found.append(contains(columns, param("text"), is_inverse))
    return found


@cache
def _ids(
    order: str, is_descending: bool, has_text: bool, is_inverse: bool, has_status: bool
) -> Compiled:
    where = _conditions(has_text, is_inverse, has_status)
    column = direction(ORDERS.get(order, Worker.id), is_descending)
    second = direction(Worker.id, is_descending)
    query = Worker.select(Worker.id).where(*where) if where else Worker.select(Worker.id)
    return Compiled(lambda: windowed(query.order_by(column, second)))


_NAMED: Any = Worker.select(Worker.id, Worker.name, Worker.provider_type, Worker.blocked_at)


def _named(row_id: int, name: str, provider_type: str, blocked_ms: int | None) -> NamedWorker:
    return NamedWorker(row_id, name, provider_type, blocked_ms is not None)


@cache
def _through(
    order: str, is_descending: bool, has_text: bool, is_inverse: bool, has_status: bool
) -> Compiled:
    where = _conditions(has_text, is_inverse, has_status)
    return Compiled(lambda: filtered(_NAMED, where).order_by(Worker.id))


@cache
def _count(
    order: str, is_descending: bool, has_text: bool, is_inverse: bool, has_status: bool
) -> Compiled:
    where = _conditions(has_text, is_inverse, has_status)
    query = Worker.select(fn.COUNT(Worker.id))
    return Compiled(lambda: query.where(*where) if where else query)


_HOLDS = Agent.status.in_(sorted(HOLDING_AGENT))
_UNITS = Compiled(
    lambda: (
        Agent.select(
            Agent.unit,
            Agent.task_run,
            Task.name,
            Agent.id,
            Agent.status,
            fn.COALESCE(Unit.status, ""),
            Agent.created_at,
            Agent.submitted_at,
            fn.COALESCE(Unit.pay_cents, 0),
        )
        .join(Unit, JOIN.LEFT_OUTER, on=((Agent.unit == Unit.id) & _HOLDS))
        .switch(Agent)
        .join(TaskRun)
        .join(Task)
        .where(Agent.worker == param("worker"))
        .order_by(Agent.id.desc())
        .limit(MOST_UNITS)
    )
)
