"""One unit read from the database as its sections, the same for whoever looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.abstractions.review_view import Check, Files, Moment, SubmittedData
from mephisto_engine.data_model.answers import AnswerRecord, FileRecord
from mephisto_engine.database.queries.answers import answers
from mephisto_engine.database.queries.details import MOST_UPDATES, count_updates, updates_of
from mephisto_engine.database.queries.neighbours import neighbours
from mephisto_engine.database.queries.reviewed_worker import worker_figures
from mephisto_engine.database.queries.standing import Figures
from mephisto_engine.operations.reading.review_checks import Looked, engine_checks
from mephisto_engine.operations.reading.unit_sections import Beside, Reading, decoded, read_sections
from mephisto_engine.operations.runs.run_folders import run_folder, uploads_in
from mephisto_engine.operations.runs.run_setup import RunSetup, run_setup


def unit_reading(unit_id: int, registry: Registry, home: Path) -> Reading:
    """A unit, which there is, in whatever state; inside `MephistoDB.read`."""
    (record,) = answers([unit_id], has_history=False)
    setup = run_setup(record.unit.task_run_id)
    checks = None
    if is_answered(record) and record.unit.worker_id is not None:
        here, _ = worker_figures(record.unit.worker_id, setup.task_id)
        checks = checks_of(record, setup, registry, here)
    return reading_of(record, setup, registry, home, checks)


def is_answered(record: AnswerRecord) -> bool:
    """Whether there is an answer to look at."""
    return record.agent_id is not None and record.text is not None


def checks_of(
    record: AnswerRecord, setup: RunSetup, registry: Registry, here: Figures
) -> tuple[Check, ...] | None:
    """What the engine sees in an answer; None where there is none.

    Args:
        record: the unit.
        setup: its run's blueprint.
        registry: where that comes from.
        here: what the worker has done in the task.
    """
    if record.agent_id is None or record.text is None:
        return None
    labels = setup.label_fields(registry, record.unit.shared)
    around = neighbours(record.agent_id)
    looked = Looked(record.unit.unit_index, record.is_right, here, around, labels)
    return tuple(engine_checks(looked))


def reading_of(
    record: AnswerRecord,
    setup: RunSetup,
    registry: Registry,
    home: Path,
    checks: Sequence[Check] | None = None,
    moments: Sequence[Moment] = (),
) -> Reading:
    """The sections of a unit that has been read; without `checks` it is not checked at all."""
    answer, fault = decoded(record.text)
    inputs = {**record.unit.shared, **record.unit.data}
    history = () if record.agent_id is None else tuple(updates_of(record.agent_id))
    files = _files(record, uploads_in(run_folder(home, record.unit.task_run_id)))
    reading = read_sections(
        SubmittedData(inputs, answer, history, setup.args),
        Beside(record.unit.unit_index, record.expected, files, checks, moments),
        setup,
        registry,
    )
    shown = said = len(history)
    if shown == MOST_UPDATES and record.agent_id is not None:
        said = count_updates(record.agent_id)
    missing = f"The last {shown} of {said:,} messages are shown." if shown < said else ""
    return Reading(reading.sections, fault or reading.fault or missing)


def _place(item: FileRecord, folder: Path) -> str:
    if item.archived_in is not None:
        return f"archived in {item.archived_in}"
    return str(folder / item.stored_name)


def _files(record: AnswerRecord, folder: Path) -> Files:
    found = [(item.original_name, _place(item, folder), item.size) for item in record.files]
    return Files("FILES", tuple(found))
