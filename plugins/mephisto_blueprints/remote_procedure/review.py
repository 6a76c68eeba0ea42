"""What a page called, for whoever reviews the unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from mephisto_blueprints.remote_procedure.failures import FailureKind
from mephisto_blueprints.remote_procedure.requests import is_request, is_response
from mephisto_engine.abstractions.checks import filled_in
from mephisto_engine.abstractions.review_view import (
    ANSWER,
    PROMPT,
    Check,
    Section,
    SubmittedData,
    Transcript,
    Turn,
    sections_of,
)
from mephisto_engine.data_model.answers import UpdateRecord

CALLS: Final = "CALLS"
Group = tuple[datetime, tuple[Turn, ...]]
"""What belongs together, and when it began."""


def call_sections(data: SubmittedData) -> list[Section]:
    """The item, the calls in the order in which they were made, and the final answer."""
    return [
        *sections_of(PROMPT, data.inputs),
        Transcript(CALLS, tuple(_turns(data))),
        *sections_of(ANSWER, data.answer),
    ]


def call_checks(data: SubmittedData) -> Iterator[Check]:
    """Whether the calls got their results, and the fields of the answer."""
    asked = {name for name, _ in _requests(data)}
    failed = [kind for _, kind in _failures(data).values()]
    if failed:
        kinds = ", ".join(sorted(set(failed)))
        yield Check("odd", f"{len(failed)} of {len(asked)} calls failed: {kinds}")
    elif asked:
        number = "the call" if len(asked) == 1 else f"all {len(asked)} calls"
        yield Check("passed", f"{number} got a result")
    yield from filled_in(data.answer)


def _turns(data: SubmittedData) -> Iterator[Turn]:
    """Each call with what came back below it, and what was sent beside calls, by time."""
    groups = [*_calls(data), *_beside(data)]
    for _, turns in sorted(groups, key=lambda group: group[0]):
        yield from turns


def _calls(data: SubmittedData) -> Iterator[Group]:
    """Each call with its arguments and its result, or why there is none."""
    answers = {
        update.body["handles"]: update
        for update in data.history
        if isinstance(update.body, Mapping) and is_response(update.body)
    }
    failures = _failures(data)
    for request_id, update in _requests(data):
        call = Turn(str(update.body.get("target")), _args(update.body.get("args")), update.at)
        answer, failure = answers.get(request_id), failures.get(request_id)
        if failure is not None:
            at = None if answer is None else answer.at
            result = Turn("", f"✗ {_why(*failure)}", at, is_bad=True)
        elif answer is not None:
            result = Turn("", f"→ {_plain(answer.body['response'])}", answer.at)
        else:
            result = Turn("", "✗ no answer", is_bad=True)
        yield update.at, (call, result)


def _beside(data: SubmittedData) -> Iterator[Group]:
    """What a function sent the page beside the results, or the page without a call."""
    for update in data.history:
        body = update.body
        is_known = isinstance(body, Mapping) and (
            is_request(body) or is_response(body) or "failed" in body
        )
        if not is_known:
            who = "worker" if update.is_from_worker else "task"
            yield update.at, (Turn(who, _as_sent(body), update.at),)


def _requests(data: SubmittedData) -> Iterator[tuple[str, UpdateRecord]]:
    """Each call once, whatever was sent again."""
    known = set()
    for update in data.history:
        if isinstance(update.body, Mapping) and is_request(update.body):
            request_id = update.body["request_id"]
            if request_id not in known:
                known.add(request_id)
                yield request_id, update


def _failures(data: SubmittedData) -> dict[str, tuple[str, str]]:
    """Request → why it failed, and which kind of failure that is."""
    return {
        str(update.body["failed"]): (str(update.body.get("error")), str(update.body.get("kind")))
        for update in data.history
        if isinstance(update.body, Mapping) and "failed" in update.body
    }


def _why(error: str, kind: str) -> str:
    """The kind of failure, and of a traceback the line that says what was raised."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    said = lines[-1] if lines else ""
    return said if kind == FailureKind.FAILED and said else f"{kind}: {said}"


def _args(args: Any) -> str:
    """What a function was called with; nothing where that is null."""
    if args is None or args == "null":
        return ""
    return _plain(args) if isinstance(args, str) else _as_sent(args)


def _plain(text: str) -> str:
    """A JSON text as it reads: a string without its quotes, anything else as it is."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value if isinstance(value, str) else text


def _as_sent(value: Any) -> str:
    """A live update that is no call: its parts as JSON, without the page's own number of it."""
    if isinstance(value, str):
        return value
    parts = value
    if isinstance(value, Mapping):
        parts = {name: part for name, part in value.items() if name != "update_id"}
    try:
        return orjson.dumps(parts).decode()
    except TypeError:
        return str(value)
