"""Requests and responses in an agent's history, and how they are read and written.

A page asks with ``{"request_id", "target", "args"}``, where ``args`` is a JSON text, and is
answered with ``{"handles": request_id, "response"}``, where ``response`` is one, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from mephisto_blueprints.remote_procedure.failures import CallFailedError, FailureKind

Update = Mapping[str, Any]

MAX_RESPONSE_BYTES: Final = 4 * 2**20
"""A response beyond this would cost the page its socket."""

_LENIENT: Final = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def is_request(update: Update) -> bool:
    """Whether a live update of the page is meant as a call; it can be answered if so."""
    return isinstance(update.get("request_id"), str) and "handles" not in update


def is_response(update: Update) -> bool:
    """Whether a live update answers a call."""
    return isinstance(update.get("handles"), str) and isinstance(update.get("response"), str)


def unanswered(history: Iterable[Update]) -> list[str]:
    """Ids of the requests without a response, in order."""
    open_ids: dict[str, None] = {}
    for update in history:
        if is_response(update):
            open_ids.pop(update["handles"], None)
        elif is_request(update):
            open_ids[update["request_id"]] = None
    return list(open_ids)


def previous_requests(history: Iterable[Update]) -> list[dict[str, Any]]:
    """Requests and responses in order, as existing pages expect them.

    A response is an entry of its own, whose ``target`` is the request's ``uuid``. ``timestamp`` is
    in seconds since the epoch, and None for a request that is not answered yet.
    """
    updates = list(history)
    received = {item["handles"]: item.get("received_at") for item in updates if is_response(item)}
    entries = []
    for update in updates:
        if is_response(update):
            entries.append(
                {
                    "uuid": update.get("update_id"),
                    "target": update["handles"],
                    "args_json": None,
                    "response_json": update["response"],
                    "timestamp": update.get("timestamp"),
                }
            )
        elif is_request(update):
            entries.append(
                {
                    "uuid": update["request_id"],
                    "target": update.get("target"),
                    "args_json": update.get("args"),
                    "response_json": None,
                    "timestamp": received.get(update["request_id"]),
                }
            )
    return entries


def read_args(text: Any) -> Any:
    """The arguments of a request; None if the page gave none.

    Raises:
        CallFailedError: they are no strict JSON (no NaN, no lone surrogates), or nested so deeply
            that they could not be written again.
    """
    if text is None:
        return None
    if not isinstance(text, str):
        raise CallFailedError(FailureKind.MALFORMED, "the arguments are not a JSON text")
    try:
        value = orjson.loads(text)
        orjson.dumps(value)
    except (ValueError, TypeError) as error:
        message = f"the arguments cannot be read: {error}"
        raise CallFailedError(FailureKind.MALFORMED, message) from error
    return value


def write_result(value: Any) -> str:
    """What a function returned as a JSON text; numpy's numbers and arrays as JSON's, NaN as null.

    Raises:
        CallFailedError: it is nothing that JSON has, or too long.
    """
    try:
        text = orjson.dumps(value, option=_LENIENT)
    except TypeError as error:
        raise _bad_result(f"the result cannot be sent as JSON: {error}") from error
    if len(text) > MAX_RESPONSE_BYTES:
        raise _bad_result(f"the result has {len(text)} bytes, over {MAX_RESPONSE_BYTES}")
    return text.decode()


def _bad_result(detail: str) -> CallFailedError:
    return CallFailedError(FailureKind.BAD_RESULT, "the function's result cannot be sent", detail)
