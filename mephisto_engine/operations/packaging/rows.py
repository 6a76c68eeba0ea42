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
from mephisto_engine.operations.answer_data import AnswerReader, merged_metadata
from mephisto_engine.operations.packaging.pseudonyms import WorkerNames

Row = dict[str, Any]

KINDS: Final = {GOLD_INDEX: "gold", SCREENING_INDEX: "screening", COMPENSATION_INDEX: "pay"}
UPLOADS: Final = "uploads"
_SUFFIX: Final = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_KEPT_FIELDS: Final = frozenset({"path", "stored_name", "mime_type", "size", "sha256"})


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
        task_names: Mapping[int, str],
        *,
        has_item: bool,
    ) -> None:
        """``has_item``: keep the task data of assignment and unit apart, beside the inputs."""
        self._reader = reader
        self._names = names
        self._task_names = task_names
        self._has_item = has_item

    def make(self, record: AnswerRecord) -> tuple[Row, bytes]:
        """A unit with what was handed in for it, and the same as a line of JSON.

        The worker's name is in neither of them, unless names are kept.
        """
        row = self._row(record)
        line = as_json(row)
        name = record.worker_name
        if name is None or self._names.is_raw:
            return row, line
        if name and orjson.dumps(name)[1:-1] in line:
            row = self._hidden(row, name)
            self._names.replaced += 1
            line = as_json(row)
        return row, line

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
            "status": unit.status,
            "agent_id": record.agent_id,
            "agent_status": record.agent_status,
            "worker": self._worker(record),
            "provider_type": record.provider_type,
            "pay_cents": unit.pay_cents,
            "started_at": _moment(record.started_at),
            "submitted_at": _moment(record.submitted_at),
            "data": self._reader.parsed(record),
            **item,
            "metadata": merged_metadata(record.metadata),
            "files": [_file(file, unit.task_run_id) for file in record.files],
            "review": _review(record),
        }

    def _worker(self, record: AnswerRecord) -> str | None:
        if record.worker_name is None:
            return None
        return self._names.public(str(record.provider_type), record.worker_name)

    def _hidden(self, row: Row, name: str) -> Row:
        """The row with the worker's name replaced in all that came from outside."""

        def hide(value: Any) -> Any:
            return self._names.hide(value, name, row["worker"])

        insides = {
            field: {key: hide(value) for key, value in row[field].items()}
            for field in ("data", "item", "metadata", "review")
            if row.get(field) is not None
        }
        files = [
            {key: value if key in _KEPT_FIELDS else hide(value) for key, value in file.items()}
            for file in row["files"]
        ]
        return {**row, **insides, "files": files}


def _file(file: FileRecord, run_id: int) -> Row:
    suffix = _SUFFIX.search(file.original_name)
    name = file.stored_name + (suffix.group() if suffix else "")
    return {
        "path": f"{UPLOADS}/{run_id}/{name}",
        "field_name": file.field_name,
        "original_name": file.original_name,
        "stored_name": file.stored_name,
        "mime_type": file.mime_type,
        "size": file.size,
        "sha256": file.sha256,
    }


def _review(record: AnswerRecord) -> Row | None:
    review = record.review
    if review is None:
        return None
    return {
        "verdict": review.verdict,
        "note": review.note,
        "bonus_cents": review.bonus_cents,
        "decided_by": review.decided_by,
        "decided_at": _moment(review.decided_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds")
