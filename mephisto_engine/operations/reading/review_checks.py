"""What the engine looks at in every answer: gold units, time, and what it is like.

A check says what it found and decides nothing; it costs the same in a run of any size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Final

import orjson

from mephisto_engine.abstractions.review_view import Check
from mephisto_engine.analysis.fields import LabelField
from mephisto_engine.analysis.flags import gold_flag, in_seconds, time_limits
from mephisto_engine.analysis.one_answer import flags_of_answer
from mephisto_engine.analysis.robust import median
from mephisto_engine.analysis.statistics import Answer
from mephisto_engine.analysis.tally import TimeTally
from mephisto_engine.data_model.records import GOLD_INDEX, SCREENING_INDEX
from mephisto_engine.database.queries.neighbours import Neighbour
from mephisto_engine.database.queries.standing import Figures

LEAST_UNITS: Final = 3
"""Units of a worker before their median says something of one of them."""
LEAST_NEAR: Final = 5
"""Answers of others before theirs does."""
FAR: Final = 2.0
"""How many times a median, or which part of it, is worth a look."""
_WORDS: Final = {GOLD_INDEX: "gold unit", SCREENING_INDEX: "screening unit"}


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked at."""

    unit_index: int
    is_right: bool | None
    """What was said of a screening or gold unit."""
    here: Figures
    """What the worker has done in the task."""
    around: Sequence[Neighbour]
    """Answers around this one, which is the last."""
    labels: Sequence[LabelField] = ()
    """What the blueprint says are labels."""


def engine_checks(looked: Looked) -> Iterator[Check]:
    """Everything that can be said of the answer."""
    yield from _known(looked)
    yield from _golds(looked.here)
    if looked.around:
        yield from _time(looked)
        for flag in flags_of_answer(list(_answers(looked.around)), looked.labels):
            yield Check("odd", flag.sentence)


def _known(looked: Looked) -> Iterator[Check]:
    """Whether it is what was known beforehand."""
    name = _WORDS.get(looked.unit_index)
    if name is None:
        return
    if looked.is_right is None:
        yield Check("odd", f"{name}, not judged")
    elif looked.is_right:
        yield Check("passed", f"{name} passed")
    else:
        yield Check("failed", f"{name} failed")


def _golds(here: Figures) -> Iterator[Check]:
    """How the worker does on gold units of the task."""
    right, wrong = here.gold_right, here.gold_wrong
    if not right + wrong:
        return
    text = f"{right} of {right + wrong} gold units right"
    if gold_flag(0, right, wrong) is not None:
        yield Check("failed", text)
    else:
        yield Check("odd" if wrong else "passed", text)


def _time(looked: Looked) -> Iterator[Check]:
    """The time on task beside that of the worker's other units, or of others."""
    *others, own = [(row.worker_id, _seconds(row)) for row in looked.around]
    seconds = own[1]
    if seconds is None:
        return
    times = TimeTally()
    for worker, other in [*others, own]:
        if other is not None:
            times.add(worker, other)
    limits = time_limits(times)
    if limits is not None and not limits.low <= seconds <= limits.high:
        usual = f"half of the units around it took {in_seconds(limits.middle)} or more"
        yield Check("odd", f"took {in_seconds(seconds)}; {usual}")
    elif looked.here.done >= LEAST_UNITS and looked.here.median_seconds:
        yield _compared(seconds, looked.here.median_seconds, "this worker's median")
    else:
        near = [other for _, other in others if other is not None]
        if len(near) >= LEAST_NEAR:
            yield _compared(seconds, median(near), "the median around it")
        else:
            yield Check("passed", f"took {in_seconds(seconds)}; too few others to compare")


def _compared(seconds: float, usual: float, whose: str) -> Check:
    faster = seconds < usual
    share = abs(seconds - usual) / usual if usual else 0.0
    is_far = abs(log(max(seconds, 0.001) / max(usual, 0.001))) > log(FAR)
    pace = f"{share:.0%} {'faster' if faster else 'slower'} than" if share >= 0.05 else "about"
    text = f"took {in_seconds(seconds)}, {pace} {whose} ({in_seconds(usual)})"
    return Check("odd" if is_far else "passed", text)


def _answers(around: Sequence[Neighbour]) -> Iterator[Answer]:
    for row in around:
        try:
            outputs: Any = orjson.loads(row.body)
        except orjson.JSONDecodeError:
            outputs = None
        yield Answer(row.unit_id, row.item_index, row.worker_id, _seconds(row), outputs)


def _seconds(row: Neighbour) -> float | None:
    return None if row.submitted_ms is None else (row.submitted_ms - row.begun_ms) / 1000
