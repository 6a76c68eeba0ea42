"""What is looked at before a run that exists is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from mephisto_engine.data_model import Agent, Unit
from mephisto_engine.data_model.status import OPEN_UNIT, UnitStatus
from mephisto_engine.database.operations.changes import (
    UNITS_BY_ASSIGNMENT,
    FoundUnit,
    chunks,
    extendable,
    units_of,
)
from mephisto_engine.database.operations.reopening import is_withdrawn
from mephisto_engine.errors import NotFoundError


def count_extendable(run_id: int) -> int:
    """How many assignments would get units by `add_units_per_item`."""
    return sum(1 for _ in extendable(UNITS_BY_ASSIGNMENT.fetch(run=run_id)))


def count_withdrawn(run_id: int) -> int:
    """Units that have expired and that `resume` would offer again."""
    return int(Unit.select().where((Unit.task_run == run_id) & is_withdrawn()).count())


def units_among(run_id: int, unit_ids: Sequence[int], is_whole: bool = False) -> list[FoundUnit]:
    """The run's units among these; with ``is_whole``, also what is open beside an open one."""
    found = [unit for part in chunks(unit_ids) for unit in _units(run_id, Unit.id.in_(part))]
    if not is_whole:
        return found
    ids = sorted({unit.assignment_id for unit in found if unit.status in OPEN_UNIT})
    is_open = Unit.status.in_(sorted(OPEN_UNIT))
    beside = [
        unit for part in chunks(ids) for unit in _units(run_id, Unit.assignment.in_(part) & is_open)
    ]
    return list({unit.id: unit for unit in (*found, *beside)}.values())


def units_of_nobody(run_id: int) -> list[int]:
    """Ids of the run's units that are published, or will be, and that nobody is on."""
    statuses = [UnitStatus.CREATED.value, UnitStatus.LAUNCHED.value]
    return [unit.id for unit in _units(run_id, Unit.status.in_(statuses))]


def found_to_expire(run_id: int, unit_ids: Sequence[int]) -> Counter[str]:
    """How many of these units of the run have which status; of all that nobody is on, if none are
    named.
    """
    ids = unit_ids or units_of_nobody(run_id)
    return Counter(unit.status for unit in units_among(run_id, ids))


def run_of_agent(agent_id: int) -> int:
    """The run that an agent belongs to.

    Raises:
        NotFoundError: there is no such agent.
    """
    rows: list[Any] = list(
        Agent.select(Agent.task_run).where(Agent.id == agent_id).tuples().limit(1)
    )
    if not rows:
        raise NotFoundError(f"There is no agent {agent_id}.", "`mephisto-tui agents` lists them.")
    return int(rows[0][0])


def _units(run_id: int, where: Any) -> list[FoundUnit]:
    return [FoundUnit(*row) for row in units_of(run_id, where)]
