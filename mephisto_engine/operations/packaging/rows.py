"""One unit as a row of a dataset: plain data, the same in every format."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from mephisto_engine.data_model.answers import AnswerRecord, FileRecord
from mephisto_engine.data_model.units import COMPENSATION_INDEX, GOLD_INDEX, SCREENING_INDEX
from mephisto_engine.operations.packaging.pseudonyms import Everybody, Hider, WorkerNames
from mephisto_engine.operations.reading.answer_data import AnswerReader, merged_metadata

Row = dict[str, Any]

KINDS: Final = {GOLD_INDEX: "gold", SCREENING_INDEX: "screening", COMPENSATION_INDEX: "pay"}
UPLOADS: Final = "uploads"
_SUFFIX: Final = re.compile(r"\.[A-Za-z0-9]{1,8}$")


def as_json(value: Any) -> bytes:
    """Plain data as compact JSON, also where it is nested more deeply than orjson writes."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class RowMaker:
    """Turns stored answers into rows."""

    def __init__(
        self,
        reader: AnswerReader,
        names: WorkerNames,
        everybody: Everybody,
        task_names: Mapping[int, str],
        *,
        has_item: bool,
    ) -> None:
        """``has_item``: keep the task data of assignment and unit apart, beside the inputs."""
        self._reader = reader
        self._names = names
        self._everybody = everybody
        self._task_names = task_names
        self._has_item = has_item

    def make(self, record: AnswerRecord) -> tuple[Row, bytes]:
        """The row for it, and the same as a line of JSON.

        Unless names are kept, that of nobody who was on the assignment is in either of them,
        nor that of anybody in what a reviewer wrote.
        """
        row = self._row(record)
        line = as_json(row)
        found = self._names.found_in(line, record.people)
        if not found:
            return row, line
        self._names.replaced += 1
        row = _hidden(row, Hider(found))
        return row, as_json(row)

    def _row(self, record: AnswerRecord) -> Row:
        unit = record.unit
        item = {"item": {"shared": unit.shared, "unit": unit.data}} if self._has_item else {}
        return {
            "unit_id": unit.id,
            "assignment_id": unit.assignment_id,
            "task_run_id": unit.task_run_id,
            "task_name": self._task_names[unit.task_run_id],
            "item_index": record.item_index,
            "unit_index": unit.unit_index,
            "kind": KINDS.get(unit.unit_index, "unit"),
            "requeued_from": record.requeued_from,
            "is_right": record.is_right,
            "expected": record.expected,
            "status": unit.status,
            "agent_id": record.agent_id,
            "agent_status": record.agent_status,
            "worker": self._worker(record),
            "provider_type": record.provider_type,
            "pay_cents": unit.pay_cents,
            "started_at": moment_text(record.started_at),
            "submitted_at": moment_text(record.submitted_at),
            "data": self._reader.parsed(record),
            **item,
            "metadata": merged_metadata(record.metadata),
            "files": [_file(file, unit.task_run_id) for file in record.files],
            "review": self._review(record),
        }

    def _review(self, record: AnswerRecord) -> Row | None:
        review = record.review
        if review is None:
            return None
        return {
            "verdict": review.verdict,
            "note": self._everybody.hide(review.note),
            "bonus_cents": review.bonus_cents,
            "decided_by": review.decided_by,
            "decided_at": moment_text(review.decided_at),
        }

    def _worker(self, record: AnswerRecord) -> str | None:
        if record.worker_name is None:
            return None
        return self._names.public(str(record.provider_type), record.worker_name)


def _hidden(row: Row, hider: Hider) -> Row:
    """The row with names replaced in all that came from outside."""
    insides = {
        field: {key: hider.hide(value) for key, value in row[field].items()}
        for field in ("data", "item", "metadata")
        if row.get(field) is not None
    }
    expected = hider.hide(row["expected"])
    files = [_hidden_file(file, row["task_run_id"], hider) for file in row["files"]]
    return {**row, **insides, "expected": expected, "files": files}


def _hidden_file(file: Row, run_id: int, hider: Hider) -> Row:
    told = {key: hider.hide(file[key]) for key in ("field_name", "original_name")}
    # The path ends as the worker's own name for the file did.
    return {**file, **told, "path": _path(run_id, file["stored_name"], told["original_name"])}


def _file(file: FileRecord, run_id: int) -> Row:
    return {
        "path": _path(run_id, file.stored_name, file.original_name),
        "field_name": file.field_name,
        "original_name": file.original_name,
        "stored_name": file.stored_name,
        "mime_type": file.mime_type,
        "size": file.size,
        "sha256": file.sha256,
    }


def _path(run_id: int, stored_name: str, original_name: str) -> str:
    suffix = _SUFFIX.search(original_name)
    return f"{UPLOADS}/{run_id}/{stored_name}{suffix.group() if suffix else ''}"


def moment_text(moment: datetime | None) -> str | None:
    """A time as rows have it: ISO 8601, UTC, whole milliseconds."""
    return None if moment is None else moment.isoformat(timespec="milliseconds")
