"""Submitted units as a reviewer sees them: their data by sections, and what is around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.abstractions.review_view import Files, Section, SubmittedData
from mephisto_engine.data_model.answers import AnswerRecord, UpdateRecord
from mephisto_engine.database.queries.answers import answers, blueprint_types
from mephisto_engine.database.queries.review_detail import (
    Surroundings,
    answered_units,
    surroundings,
)
from mephisto_engine.errors import NotFoundError
from mephisto_engine.operations.details import updates_of
from mephisto_engine.operations.run_folders import run_folder, uploads_in
from mephisto_engine.operations.unit_sections import Beside, decoded, read_sections


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
    record = next(iter(answers([unit_id])), None)
    if record is None:
        raise NotFoundError(f"There is no unit {unit_id}.")
    (read,) = _read([record], registry, home)
    return ReviewedUnit(read.record, read.sections, read.fault, surroundings(unit_id))


def reviewed_item(assignment_id: int, registry: Registry, home: Path) -> tuple[ItemUnit, ...]:
    """The answered units of an item, decided or not; runs inside `MephistoDB.read`."""
    return tuple(_read(answers(answered_units(assignment_id)), registry, home))


def _read(records: Sequence[AnswerRecord], registry: Registry, home: Path) -> Iterator[ItemUnit]:
    """Each with its sections."""
    types = blueprint_types({record.unit.task_run_id for record in records})
    for record in records:
        run_id = record.unit.task_run_id
        answer, fault = decoded(record.text)
        inputs = {**record.unit.shared, **record.unit.data}
        data = SubmittedData(inputs, answer, _history(record.agent_id))
        files = _files(record, uploads_in(run_folder(home, run_id)))
        beside = Beside(record.unit.unit_index, record.expected, files)
        reading = read_sections(data, beside, registry, types[run_id])
        yield ItemUnit(record, reading.sections, fault or reading.fault)


def _history(agent_id: int | None) -> tuple[UpdateRecord, ...]:
    return () if agent_id is None else tuple(updates_of(agent_id))


def _files(record: AnswerRecord, folder: Path) -> Files:
    found = [
        (item.original_name, str(folder / item.stored_name), item.size) for item in record.files
    ]
    return Files("FILES", tuple(found))
