"""What the fields of a posted body mean."""

from __future__ import annotations

from typing import Any

import orjson

from mephisto_engine.gateway.bodies import parse_json
from mephisto_engine.gateway.refusals import RequestRefusedError
from mephisto_engine.gateway.uploads import UploadBatch

MAX_TOKEN_LENGTH = 200
_PROTOCOL_FIELDS = frozenset(
    {"USED_AGENT_ID", "client_timestamp", "final_data", "final_string_data"}
)


def agent_token(fields: dict[str, Any], name: str = "USED_AGENT_ID") -> str:
    """The agent that a page says it is.

    Raises:
        RequestRefusedError: there is none, or it is no short text.
    """
    token = fields.get(name)
    if not isinstance(token, str) or not token or len(token) > MAX_TOKEN_LENGTH:
        raise RequestRefusedError(400, f"The request names no agent ({name}).")
    return token


def object_field(fields: dict[str, Any], name: str, default: dict[str, Any] | None = None) -> Any:
    """A field that must be a JSON object; without ``default`` it must be there.

    Raises:
        RequestRefusedError: it is something else.
    """
    value = fields.get(name)
    if value is None:
        value = default
    if not isinstance(value, dict):
        raise RequestRefusedError(400, f"The request's {name} is not an object.")
    return value


def answer_text(fields: dict[str, Any], uploads: UploadBatch | None) -> str:
    """The worker's answer as JSON text, with the description of its files if it came as a form."""
    data = _form_answer(fields) if uploads is not None else _plain_answer(fields)
    if uploads is not None:
        data = with_files(data, uploads)
    return orjson.dumps(data).decode()


def metadata_of(fields: dict[str, Any], uploads: UploadBatch | None) -> Any:
    """What a page sends beside its answer."""
    metadata = fields.get("metadata")
    if metadata is None:
        metadata = fields.get("data") if uploads is not None else None
    if isinstance(metadata, str):
        metadata = parse_json(metadata, "The metadata")
    if metadata is None:
        metadata = {}
    return metadata if uploads is None else with_files(metadata, uploads)


def with_files(data: Any, uploads: UploadBatch) -> dict[str, Any]:
    """The data of a form and its files; data that is no object moves under ``data``."""
    inner = data if isinstance(data, dict) else {"data": data}
    return {**inner, **uploads.describe()}


def _plain_answer(fields: dict[str, Any]) -> Any:
    data = _final_string_data(fields)
    if data is None:
        data = fields.get("final_data")
    return {} if data is None else data


def _form_answer(fields: dict[str, Any]) -> Any:
    """A form's answer: its JSON text, or else the inputs themselves.

    A form's ``final_data`` is JSON only by luck: pages put a JavaScript object there, which
    arrives as "[object Object]".
    """
    data = _final_string_data(fields)
    if data is not None:
        return data
    final = fields.get("final_data")
    if isinstance(final, str) and final.startswith("{"):
        return parse_json(final, "final_data")
    return {name: value for name, value in fields.items() if name not in _PROTOCOL_FIELDS}


def _final_string_data(fields: dict[str, Any]) -> Any:
    text = fields.get("final_string_data")
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        raise RequestRefusedError(400, "final_string_data is not a text.")
    return parse_json(text, "final_string_data")
