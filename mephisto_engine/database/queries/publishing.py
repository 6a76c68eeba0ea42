"""Units on their way to the provider and back, with the data that it publishes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mephisto_engine.data_model import TaskRun, Unit
from mephisto_engine.data_model.base import database as in_use
from mephisto_engine.data_model.records import UnitRecord
from mephisto_engine.data_model.status import UnitStatus
from mephisto_engine.data_model.units import GOLD_INDEX, SCREENING_INDEX
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.operations.agents import unit_record, units_with_data
from mephisto_engine.database.operations.changes import chunks

_TO_PUBLISH = Compiled(
    lambda: (
        Unit.select(Unit.id, Unit.assignment)
        .where(
            (Unit.task_run == param("run"))
            & (Unit.status == UnitStatus.CREATED)
            & (Unit.unit_index >= 0)
        )
        .order_by(Unit.id)
    )
)
_BETWEEN = Compiled(
    lambda: units_with_data().where(
        (Unit.id >= param("first")) & (Unit.id <= param("last")) & (Unit.task_run == param("run"))
    )
)


def _there(*statuses: UnitStatus) -> Any:
    """Query for the run's units with these statuses, and for those just being published."""
    is_special = Unit.unit_index.in_([SCREENING_INDEX, GOLD_INDEX])
    is_under_way = (Unit.status == UnitStatus.CREATED) & ((TaskRun.publishing > 0) | is_special)
    of_run = units_with_data().join_from(Unit, TaskRun).where(Unit.task_run == param("run"))
    return of_run.where(Unit.status.in_(statuses) | is_under_way)


_UNFINISHED = Compiled(lambda: _there(UnitStatus.LAUNCHED))
_MAYBE_PUBLISHED = Compiled(lambda: _there(UnitStatus.LAUNCHED, UnitStatus.ASSIGNED))


def units_to_publish(run_id: int) -> list[tuple[int, int]]:
    """``(unit id, assignment id)`` of what is still to be published, in order."""
    return [(unit_id, assignment_id) for unit_id, assignment_id in _TO_PUBLISH.fetch(run=run_id)]


def units_among_ids(run_id: int, ids: Sequence[int]) -> list[UnitRecord]:
    """These units of the run; fast where they are close together, as those of one group are."""
    wanted = set(ids)
    rows = _BETWEEN.fetch(first=min(ids), last=max(ids), run=run_id)
    return [unit_record(row) for row in rows if row[0] in wanted]


def units_by_id(run_id: int, unit_ids: Sequence[int]) -> list[UnitRecord]:
    """These units of the run, wherever they are."""
    of_run = units_with_data().where(Unit.task_run == run_id)
    return [
        unit_record(row)
        for part in chunks(unit_ids)
        for row in in_use.stream(of_run.where(Unit.id.in_(part)))
    ]


def unfinished_there(run_id: int) -> list[UnitRecord]:
    """Units that are on the provider, or may be, and that nobody is on."""
    return [unit_record(row) for row in _UNFINISHED.fetch(run=run_id)]


def maybe_published(run_id: int) -> list[UnitRecord]:
    """Every unit that a dead engine may have left on the provider: on offer, worked on, or just
    being published when it died.
    """
    return [unit_record(row) for row in _MAYBE_PUBLISHED.fetch(run=run_id)]
