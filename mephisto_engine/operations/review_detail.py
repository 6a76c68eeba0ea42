"""Submitted units as a reviewer sees them: their data by sections, and what is around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.abstractions.review_view import Files, Moment, Section, SubmittedData
from mephisto_engine.data_model.answers import AnswerRecord, UpdateRecord
from mephisto_engine.database.queries.answers import answers
from mephisto_engine.database.queries.details import agents_of_unit, unit_created_at
from mephisto_engine.database.queries.neighbours import neighbours
from mephisto_engine.database.queries.review_detail import (
    Surroundings,
    answered_units,
    surroundings,
)
from mephisto_engine.errors import NotFoundError
from mephisto_engine.operations.details import updates_of
from mephisto_engine.operations.review_checks import Looked, engine_checks
from mephisto_engine.operations.run_folders import run_folder, uploads_in
from mephisto_engine.operations.run_setup import RunSetup, run_setup
from mephisto_engine.operations.timeline import timeline_of
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
    setup, around = run_setup(record.unit.task_run_id), surroundings(unit_id)
    looked = None
    if record.agent_id is not None and record.text is not None:
        looked = Looked(
            record.unit.unit_index,
            record.is_right,
            around.here,
            neighbours(record.agent_id),
            setup.label_fields(registry, record.unit.shared),
        )
    moments = timeline_of(
        unit_id, record.unit.task_run_id, unit_created_at(unit_id), agents_of_unit(unit_id)
    )
    read = _read(record, setup, registry, home, looked, moments)
    return ReviewedUnit(record, read.sections, read.fault, around)


def reviewed_item(assignment_id: int, registry: Registry, home: Path) -> tuple[ItemUnit, ...]:
    """The answered units of an item, decided or not; runs inside `MephistoDB.read`.

    They are shown beside each other, and checked where each is opened by itself.
    """
    records = answers(answered_units(assignment_id))
    setups = {run_id: run_setup(run_id) for run_id in {row.unit.task_run_id for row in records}}
    return tuple(_read(row, setups[row.unit.task_run_id], registry, home) for row in records)


def _read(
    record: AnswerRecord,
    setup: RunSetup,
    registry: Registry,
    home: Path,
    looked: Looked | None = None,
    moments: Sequence[Moment] = (),
) -> ItemUnit:
    """A unit with its sections."""
    answer, fault = decoded(record.text)
    inputs = {**record.unit.shared, **record.unit.data}
    data = SubmittedData(inputs, answer, _history(record.agent_id), setup.args)
    beside = Beside(
        record.unit.unit_index,
        record.expected,
        _files(record, uploads_in(run_folder(home, record.unit.task_run_id))),
        None if looked is None else tuple(engine_checks(looked)),
        moments,
    )
    reading = read_sections(data, beside, setup, registry)
    return ItemUnit(record, reading.sections, fault or reading.fault)


def _history(agent_id: int | None) -> tuple[UpdateRecord, ...]:
    return () if agent_id is None else tuple(updates_of(agent_id))


def _files(record: AnswerRecord, folder: Path) -> Files:
    found = [
        (item.original_name, str(folder / item.stored_name), item.size) for item in record.files
    ]
    return Files("FILES", tuple(found))
