"""What stands where task data, answers and messages are expected, when somebody is careless."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from mephisto_engine.abstractions.review_view import SubmittedData
from mephisto_engine.data_model.answers import UpdateRecord

BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
TEXT: Final = "\x1b]0;x\x07[red]\u202e\x00<b>"
"""Steers a terminal, is markup, and turns the reading order."""
DEEP: Final = 200


def odd_values() -> Iterator[Any]:
    """Values of every kind that JSON has, none of them what anybody waits for."""
    deep: Any = 0
    for _ in range(DEEP):
        deep = {"form": [deep]}
    yield from (None, True, -1.5, 10**18, "", TEXT, "x" * 100_000, [], {}, [None], [[]], deep)
    yield {TEXT: TEXT, "": None, "files": 3, "text": {"a": 1}}
    yield [{"a": 1}, {"a": [1]}, {TEXT: None}]
    yield {str(number): number for number in range(1000)}


def odd_data(inputs: Mapping[str, Any], answer: Any) -> Iterator[SubmittedData]:
    """A unit's data with an odd value in each place in turn; the rest is as it should be.

    Args:
        inputs: what was to be done.
        answer: a sound answer.
    """
    yield SubmittedData({}, None)
    yield SubmittedData(dict(inputs), None)
    for odd in odd_values():
        yield SubmittedData(dict(inputs), odd)
        yield SubmittedData(dict.fromkeys([*inputs, "form"], odd), answer)
        if isinstance(answer, Mapping):
            yield SubmittedData(dict(inputs), dict.fromkeys(answer, odd))
        yield SubmittedData(dict(inputs), answer, _said(odd), {"task_source": odd})


def _said(odd: Any) -> tuple[UpdateRecord, ...]:
    """Messages of both sides: the value itself, and in each field that means something."""
    names = ("text", "id", "target", "args", "request_id", "handles", "response", "failed", "kind")
    bodies = [odd, dict.fromkeys(names, odd), *({"request_id": TEXT, name: odd} for name in names)]
    return tuple(
        UpdateRecord(BEGAN + timedelta(seconds=place), bool(place % 2), body)
        for place, body in enumerate(bodies)
    )
