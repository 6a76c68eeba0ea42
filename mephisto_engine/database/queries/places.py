"""The rows of a list by their ids alone, in the order of the list, however long it is."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from peewee import JOIN

from mephisto_engine.data_model import Unit, Worker
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.queries import browse
from mephisto_engine.database.queries.windows import Asked, conditions, direction, windowed
from mephisto_engine.database.queries.worker_list import worker_ids

_ALL: Final = 1 << 40
"""Rows that no list has."""


def ids_in_order(name: str, run_id: int, asked: Asked) -> list[int]:
    """Ids of all rows that the filter lets through, wherever in the list, in its order.

    Args:
        name: ``runs``, ``everybody`` (the workers of all runs), or a list of one run: ``units``,
            ``agents``, ``workers``.
        run_id: the run, where the list is one of a run.
        asked: filter and order; what part of the list it is about does not matter.
    """
    whole = asked._replace(offset=0, limit=_ALL)
    match name:
        case "runs":
            return [row.id for row in browse.runs(whole)]
        case "everybody":
            return worker_ids(whole)
        case "units":
            return [row[0] for row in _unit_ids(*whole.shape).fetch(run=run_id, **whole.values)]
        case "agents":
            return [row[0] for row in browse.agents(run_id, whole, live=1)]
        case "workers":
            return [row.id for row in browse.workers(run_id, whole)[0]]
    raise ValueError(f"there is no list {name!r}")


@cache
def _unit_ids(
    order: str, is_descending: bool, has_text: bool, is_inverse: bool, has_status: bool
) -> Compiled:
    where: list[Any] = conditions(browse.UNIT_TEXT, Unit.status, has_text, is_inverse, has_status)
    column = direction(browse.UNIT_ORDERS.get(order, Unit.status_at), is_descending)
    second = direction(Unit.id, is_descending)
    query = Unit.select(Unit.id).join(Worker, JOIN.LEFT_OUTER)
    mine = query.where(Unit.task_run == param("run"), *where)
    return Compiled(lambda: windowed(mine.order_by(column, second)))
