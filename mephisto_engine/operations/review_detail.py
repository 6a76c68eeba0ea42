"""One submitted unit as a reviewer sees it: its data by sections, and what is known around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.abstractions.review_view import (
    ANSWER,
    TASK,
    Files,
    Json,
    Section,
    SubmittedData,
)
from mephisto_engine.data_model.answers import AnswerRecord
from mephisto_engine.database.queries.answers import answers, blueprint_types
from mephisto_engine.database.queries.review_detail import Surroundings, surroundings
from mephisto_engine.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class ReviewedUnit:
    """A unit with all that a reviewer may want to look at."""

    record: AnswerRecord
    sections: tuple[Section, ...]
    fault: str
    """Why the data are shown as they are, and not as the blueprint would; usually empty."""
    around: Surroundings


def reviewed_unit(unit_id: int, registry: Registry, home: Path) -> ReviewedUnit:
    """Everything about a submitted unit; runs inside `MephistoDB.read`.

    Raises:
        NotFoundError: there is no such unit.
    """
    record = next(iter(answers([unit_id])), None)
    if record is None:
        raise NotFoundError(f"There is no unit {unit_id}.")
    run_id = record.unit.task_run_id
    sections, fault = _sections(record, registry, blueprint_types([run_id])[run_id])
    files = _files(record, home / "runs" / str(run_id) / "uploads")
    whole = (*sections, files) if files.files else tuple(sections)
    return ReviewedUnit(record, whole, fault, surroundings(unit_id))


def _sections(
    record: AnswerRecord, registry: Registry, blueprint_type: str
) -> tuple[list[Section], str]:
    inputs = {**record.unit.shared, **record.unit.data}
    try:
        answer = None if record.text is None else orjson.loads(record.text)
    except orjson.JSONDecodeError as error:
        return [Json(TASK, inputs), Json(ANSWER, record.text)], f"The answer is no JSON: {error}."
    history = [update for update in record.history if isinstance(update, Mapping)]
    try:
        blueprint: Any = registry.load(PluginKind.BLUEPRINT, blueprint_type)
        found = list(blueprint.review_sections(SubmittedData(inputs, answer, history)))
    except Exception as error:
        # Whatever a plugin does, the reviewer sees the data.
        words = f"{blueprint_type} cannot show this: {type(error).__name__}: {error}"
        return [Json(TASK, inputs), Json(ANSWER, answer)], words
    return found, ""


def _files(record: AnswerRecord, folder: Path) -> Files:
    found = [
        (item.original_name, str(folder / item.stored_name), item.size) for item in record.files
    ]
    return Files("FILES", tuple(found))
