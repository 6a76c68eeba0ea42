"""Submitted units as a reviewer sees them: their data by sections, and what is around them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.abstractions.review_view import Section
from mephisto_engine.data_model.answers import AnswerRecord
from mephisto_engine.database.queries.answers import answers
from mephisto_engine.database.queries.details import agents_of_unit, unit_created_at
from mephisto_engine.database.queries.review_detail import (
    Surroundings,
    answered_units,
    surroundings,
)
from mephisto_engine.errors import NotFoundError
from mephisto_engine.operations.reading.timeline import timeline_of
from mephisto_engine.operations.reading.unit_reading import checks_of, reading_of
from mephisto_engine.operations.runs.run_setup import run_setup


@dataclass(frozen=True, slots=True)
class ReviewedUnit:
    """A unit with all that a reviewer may want to look at."""

    record: AnswerRecord
    sections: tuple[Section, ...]
    fault: str
    """Why the data are shown as they are, and not as the blueprint would; usually empty."""
    around: Surroundings


@dataclass(frozen=True, slots=True)
class ItemUnit:
    """A unit of an item as it reads, to be set beside the others of that item."""

    record: AnswerRecord
    sections: tuple[Section, ...]
    fault: str
    """As for `ReviewedUnit`."""


def reviewed_unit(unit_id: int, registry: Registry, home: Path) -> ReviewedUnit:
    """Everything about a submitted unit; runs inside `MephistoDB.read`.

    Raises:
        NotFoundError: there is no such unit.
    """
    record = next(iter(answers([unit_id], has_history=False)), None)
    if record is None:
        raise NotFoundError(f"There is no unit {unit_id}.")
    setup, around = run_setup(record.unit.task_run_id), surroundings(unit_id)
    checks = checks_of(record, setup, registry, around.here)
    moments = timeline_of(
        unit_id, record.unit.task_run_id, unit_created_at(unit_id), agents_of_unit(unit_id)
    )
    read = reading_of(record, setup, registry, home, checks, moments)
    return ReviewedUnit(record, read.sections, read.fault, around)


def reviewed_item(assignment_id: int, registry: Registry, home: Path) -> tuple[ItemUnit, ...]:
    """The answered units of an item, decided or not; runs inside `MephistoDB.read`.

    They are shown beside each other, and checked where each is opened by itself.
    """
    records = answers(answered_units(assignment_id), has_history=False)
    setups = {run_id: run_setup(run_id) for run_id in {row.unit.task_run_id for row in records}}
    found = []
    for record in records:
        read = reading_of(record, setups[record.unit.task_run_id], registry, home)
        found.append(ItemUnit(record, read.sections, read.fault))
    return tuple(found)
