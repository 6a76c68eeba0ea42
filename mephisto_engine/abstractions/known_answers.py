"""Answers that are known beforehand: what the operator's Python says of them, and comparing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mephisto_engine.abstractions.review_view import Compared
from mephisto_engine.analysis.fields import WHOLE
from mephisto_engine.analysis.labels import label_text
from mephisto_engine.data_model.records import SubmittedUnit

DEEPEST: Final = 4
"""Levels of fields within fields; what lies deeper is compared as one value."""

KnownAnswer = Callable[[SubmittedUnit], Any | Awaitable[Any]]


@dataclass
class KnownAnswerState:
    """What the operator's Python says about answers that are known beforehand."""

    get_expected_answer: KnownAnswer | None = None
    """What a screening or gold unit should be answered with: the fields that count, by name; None
    where that is not known. It is stored, and reviewers see it beside what was handed in, field by
    field. It judges, too, where no function does: every field has to be as it says."""


def compared(expected: Any, answer: Any) -> tuple[Compared, ...]:
    """Each field that an answer should have, beside what it has.

    Values are compared as a page writes them: 3 is ‘3’, true is ‘true’, blanks around a text do not
    count, lists are compared in their order, and nothing at all is as good as an empty text or a
    box that is not ticked.
    """
    return tuple(_compared("", expected, answer, 0))


def _compared(name: str, wanted: Any, got: Any, depth: int) -> Iterator[Compared]:
    if not isinstance(wanted, Mapping) or depth == DEEPEST:
        yield Compared(name or WHOLE, wanted, got, _is_same(wanted, got))
        return
    inner = got if isinstance(got, Mapping) else {}
    for key, value in wanted.items():
        path = f"{name}.{key}" if name else str(key)
        yield from _compared(path, value, inner.get(key), depth + 1)


def _is_same(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, list) and isinstance(got, list):
        return len(wanted) == len(got) and all(map(_is_same, wanted, got))
    if isinstance(wanted, list | Mapping) or isinstance(got, list | Mapping):
        return bool(wanted == got)
    return _text(wanted) == _text(got) or (wanted is False and _text(got) == "")


def _text(value: Any) -> str:
    return "" if value is None else label_text(value).strip()
