"""What Mephisto keeps of an agent in files: its answer, what was said, metadata, uploads."""

from __future__ import annotations

import json
import mimetypes
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from mephisto_engine.data_model.records import UploadRecord
from mephisto_engine.operations.packaging.files import sha256_of

LIVE_FILE: Final = "state.json"
"""Of blueprints whose pages and task code talk; an answer of others may have any field."""
DATA_FILES: Final = ("agent_data.json", LIVE_FILE)
META_FILE: Final = "agent_meta.json"
_OWN: Final = frozenset({*DATA_FILES, META_FILE})
DEEPEST: Final = 400
"""Levels of lists and objects in each other; pages cannot hand in half as many."""
_TOO_DEEP: Final = "it is nested too deeply"
_NEVER: Final = 253_402_300_800
"""Seconds from 1970 to the year 10,000: what is no time of day before that is none."""
_TIMES: Final = ("task_start", "task_end")


@dataclass
class AgentFiles:
    """The files of one agent, read."""

    answer: Any = None
    has_answer: bool = False
    inputs: Any = None
    history: list[tuple[dict[str, Any], int]] = field(default_factory=list)
    """Live updates with their times in milliseconds."""
    metadata: dict[str, Any] = field(default_factory=dict)
    started_ms: int | None = None
    ended_ms: int | None = None
    uploads: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_agent_files(folder: Path) -> AgentFiles:
    """Read the folder of an agent; what cannot be read is a problem and not an error."""
    found = AgentFiles()
    meta = _read(folder / META_FILE, found)
    if isinstance(meta, dict):
        _take_metadata(meta, found)
    for name in DATA_FILES:
        data = _read(folder / name, found)
        if isinstance(data, dict):
            _take_data(data, found, is_live=name == LIVE_FILE)
    if folder.is_dir():
        found.uploads = sorted(
            path for path in folder.iterdir() if path.is_file() and path.name not in _OWN
        )
    return found


def stored_uploads(
    found: AgentFiles, identity: str, place: Callable[[Path, str], None]
) -> list[UploadRecord]:
    """Uploads under names of our own, each put where it belongs by ``place``.

    The names follow from ``identity``, so that a repeat finds the file in its place.
    """
    records = []
    for path in found.uploads:
        key = f"{identity}/".encode() + os.fsencode(path.name)
        stored = blake2b(key, digest_size=16).hexdigest()
        place(path, stored)
        records.append(
            UploadRecord(
                field_name="",
                original_name=path.name.encode("utf-8", "replace").decode(),
                stored_name=stored,
                mime_type=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
                size=path.stat().st_size,
                sha256=sha256_of(path),
                directory="",
            )
        )
    return records


def with_stored_names(answer: Any, uploads: list[UploadRecord]) -> Any:
    """An answer whose ``files`` are names, with the shape that answers have here."""
    stored = {record.original_name: record.stored_name for record in uploads}
    names = answer.get("files") if isinstance(answer, dict) else None
    if not isinstance(names, list):
        return answer
    if not all(isinstance(name, str) and name in stored for name in names):
        return answer
    files = [{"originalname": name, "filename": stored[name]} for name in names]
    return {**answer, "files": files}


def _take_metadata(meta: dict[str, Any], found: AgentFiles) -> None:
    found.started_ms = _milliseconds(meta.get("task_start")) or found.started_ms
    found.ended_ms = _milliseconds(meta.get("task_end")) or found.ended_ms
    kept = {key: value for key, value in meta.items() if key not in _TIMES and value}
    found.metadata.update(kept)


def _take_data(data: dict[str, Any], found: AgentFiles, is_live: bool) -> None:
    """The shapes of the static, chat and remote-procedure blueprints, of old and new versions."""
    outputs = data.get("outputs", data)
    found.inputs = data.get("inputs", data.get("init_data"))
    times = data.get("times")
    if isinstance(times, dict):
        _take_metadata(times, found)
    if isinstance(data.get("metadata"), dict):
        _take_metadata(data["metadata"], found)
    if is_live and isinstance(outputs, dict) and ("messages" in outputs or "requests" in outputs):
        found.history += _updates(outputs)
        outputs = outputs.get("final_submission")
    elif "final_submission" in data and outputs is data:
        outputs = outputs["final_submission"]
    if outputs is not None:
        found.answer, found.has_answer = outputs, True


def _updates(outputs: dict[str, Any]) -> Iterator[tuple[dict[str, Any], int]]:
    for message in _objects(outputs.get("messages")):
        yield message, _milliseconds(message.get("timestamp")) or 0
    requests = _objects(outputs.get("requests"))
    asked = {str(item.get("uuid")): item.get("timestamp") for item in requests}
    for item in requests:
        yield _update(item, asked), _milliseconds(item.get("timestamp")) or 0


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _update(request: dict[str, Any], asked: dict[Any, Any]) -> dict[str, Any]:
    """A call or its answer, as pages and task code exchange them."""
    target = str(request.get("target"))
    if request.get("args_json") is None and target in asked:
        return {
            "handles": request["target"],
            "response": request.get("response_json"),
            "update_id": request.get("uuid"),
            "received_at": asked[target],
            "timestamp": request.get("timestamp"),
        }
    return {
        "request_id": request.get("uuid"),
        "target": request.get("target"),
        "args": request.get("args_json"),
    }


def _milliseconds(seconds: Any) -> int | None:
    is_time = isinstance(seconds, int | float) and 0 < seconds < _NEVER
    return int(seconds * 1000) if is_time else None


def load(path: Path) -> Any:
    """The JSON in a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON, or nested more deeply than an export could go through.
    """
    try:
        # Python's own parser also reads the NaN that Mephisto's writer lets through.
        value = json.loads(path.read_bytes(), parse_constant=lambda name: None)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    level, depth = [value], 0
    while level:
        level = [child for item in level for child in _children(item)]
        depth += 1
        if depth > DEEPEST:
            raise ValueError(_TOO_DEEP)
    return value


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _read(path: Path, found: AgentFiles) -> Any:
    if not path.is_file():
        return None
    try:
        return load(path)
    except (OSError, ValueError) as error:
        found.problems.append(f"{path} cannot be read: {error}")
        return None
