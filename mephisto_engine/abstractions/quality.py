"""Screening and gold units: their options, what the operator's Python says, and the rules.

A screening unit finds out whether a new worker may do real units; a gold unit, whose answer is
known, is mixed into a worker's real ones. Any blueprint takes part whose options and shared state
derive from the classes here; the engine does the rest.
"""

from __future__ import annotations

import math
import random
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mephisto_engine.abstractions.args import arg
from mephisto_engine.abstractions.known_answers import KnownAnswerState
from mephisto_engine.abstractions.qualifications import Comparator, Requirement
from mephisto_engine.data_model.records import SubmittedUnit, WorkerRecord
from mephisto_engine.errors import Problem

Verdict = bool | None
"""Whether an answer was right; None where it says nothing."""

Judge = Callable[[SubmittedUnit], Verdict | Awaitable[Verdict]]

ScreeningItems = Iterable[dict[str, Any]] | AsyncIterable[dict[str, Any]]

WHERE: Final = "mephisto.blueprint"


@dataclass
class ScreeningArgs:
    """Options of blueprints that screen new workers."""

    use_screening_task: bool = arg(False, "give each new worker a screening unit first")
    passed_qualification_name: str | None = arg(None, "granted to who passed the screening")
    max_screening_units: int | None = arg(
        None,
        "how many screening units may be paid for; nothing, or 0, where workers are screened by "
        "their first real units",
    )


@dataclass
class GoldArgs:
    """Options of blueprints that mix gold units into the real ones."""

    use_golds: bool = arg(False, "mix units with known answers into each worker's units")
    gold_qualification_base: str | None = arg(
        None, "first part of the names of the qualifications that count gold units"
    )
    max_gold_units: int | None = arg(
        None,
        "how many gold units may be paid for; after that, workers who got `min_golds` right go on "
        "without, and others get nothing",
    )
    min_golds: int = arg(1, "gold units that a worker has to get right at the start")
    max_incorrect_golds: int = arg(
        0, "gold units that a worker may get wrong; with one more they are kept out"
    )


@dataclass
class ScreeningState(KnownAnswerState):
    """What the operator's Python says about screening."""

    screening_data_factory: ScreeningItems | Callable[[], ScreeningItems] | bool | None = False
    """Items of screening units, as `static_task_data` has them, one for each unit; False: workers
    are screened by their first real units."""
    validate_screening_unit: Judge | None = None
    """True lets the worker do real units; False gives them the `block_qualification`; after None
    they are screened again when they come back. Without it `get_expected_answer` judges."""


@dataclass
class GoldState(KnownAnswerState):
    """What the operator's Python says about gold units."""

    get_gold_for_worker: (
        Callable[[WorkerRecord], dict[str, Any] | None | Awaitable[dict[str, Any] | None]] | None
    ) = None
    """The item of a worker's next gold unit; None: there is none for them. See `gold_factory`."""
    validate_gold_unit: Judge | None = None
    """True and False are counted; None is not. Without it `get_expected_answer` judges."""
    worker_needs_gold: Callable[[int, int, int, int], bool] | None = None
    """In place of `needs_gold`; has its arguments."""
    worker_qualifies: Callable[[int, int, int, int], bool] | None = None
    """In place of `qualifies`; has its arguments."""


@dataclass(frozen=True, slots=True)
class GoldRecord:
    """How a worker has done on gold units, in every run that counts under the same base."""

    completed: int
    """Units that were no gold ones."""
    correct: int
    incorrect: int


@dataclass(frozen=True, slots=True)
class GoldNames:
    """The qualifications that count gold units; the names are Mephisto's."""

    base: str

    @property
    def correct(self) -> str:
        """Holds the number of golds that were right."""
        return f"{self.base}-correct-golds"

    @property
    def wrong(self) -> str:
        """Holds the number of golds that were wrong."""
        return f"{self.base}-wrong-golds"

    @property
    def completed(self) -> str:
        """Holds the number of units that were no golds."""
        return f"{self.base}-completed-count"

    @property
    def disqualified(self) -> str:
        """Held by who got too many golds wrong."""
        return f"{self.base}-disqualified"

    def record_of(self, worker: WorkerRecord) -> GoldRecord:
        """What has been counted of a worker."""
        held = worker.qualifications
        return GoldRecord(
            held.get(self.completed, 0), held.get(self.correct, 0), held.get(self.wrong, 0)
        )


def needs_gold(units_completed: int, correct: int, incorrect: int, min_golds: int) -> bool:
    """Whether a worker's next unit is to be a gold one.

    First ``min_golds`` have to be right; from then on the golds that are right beyond those, one
    for each wrong one left out, follow ``ceil(log10(units + 1) ** 2.2) - 1``: 1 after 10 units,
    4 after 100, 11 after 1,000 (Mephisto's schedule).
    """
    if correct < min_golds:
        return True
    wanted: int = math.ceil(math.log10(units_completed + 1) ** 2.2) - 1
    return correct - (min_golds + incorrect) < wanted


def qualifies(units_completed: int, correct: int, incorrect: int, max_incorrect: int) -> bool:
    """Whether a worker may go on: no more than ``max_incorrect`` golds were wrong."""
    return incorrect <= max_incorrect


def gold_factory(
    golds: Sequence[dict[str, Any]], gold_qualification_base: str
) -> Callable[[WorkerRecord], dict[str, Any]]:
    """A `get_gold_for_worker` over a list: an order of its own for each worker, none twice in it.

    Where a worker is in it is read from the counters, so it outlives the engine, and a worker who
    leaves a gold meets it again. When a worker has done all, they are shuffled anew.

    Raises:
        ValueError: there are no golds.
    """
    if not golds:
        raise ValueError("gold_factory needs at least one gold")
    items, names = list(golds), GoldNames(gold_qualification_base)

    def next_gold(worker: WorkerRecord) -> dict[str, Any]:
        record = names.record_of(worker)
        turn, place = divmod(record.correct + record.incorrect, len(items))
        order = list(range(len(items)))
        random.Random(f"{worker.provider_type}/{worker.name}/{turn}").shuffle(order)
        return items[order[place]]

    return next_gold


def requirements_of(args: Any) -> Iterator[Requirement]:
    """What options of a blueprint ask of every worker: not to have been kept out before."""
    if getattr(args, "block_qualification", None):
        yield Requirement(args.block_qualification, Comparator.DOES_NOT_EXIST)
    if getattr(args, "use_golds", False):
        names = GoldNames(str(args.gold_qualification_base))
        yield Requirement(names.disqualified, Comparator.DOES_NOT_EXIST)


def quality_problems(
    args: Any, state: Any, allowed_concurrent: int, maximum_units_per_worker: int
) -> Iterator[Problem]:
    """What is wrong with the options of screening and gold units, of whichever blueprint."""
    screens = bool(getattr(args, "use_screening_task", False))
    has_golds = bool(getattr(args, "use_golds", False))
    if screens:
        yield from _screening_problems(args, state)
    if has_golds:
        yield from _gold_problems(args, state)
    if screens and has_golds:
        yield Problem(_key("use_golds"), "cannot be used beside screening", "leave one of them out")
    yield from limit_problems(args, allowed_concurrent, maximum_units_per_worker)


def limit_problems(
    args: Any, allowed_concurrent: int, maximum_units_per_worker: int
) -> Iterator[Problem]:
    """What is wrong with a run's limits beside its screening and gold units."""
    screens = getattr(args, "use_screening_task", False)
    if (screens or getattr(args, "use_golds", False)) and allowed_concurrent != 1:
        what = f"is {allowed_concurrent}; it has to be 1 with screening or gold units"
        hint = "a worker is judged by one unit before the next"
        yield Problem("mephisto.task.allowed_concurrent", what, hint)
    if screens and args.max_screening_units and maximum_units_per_worker == 1:
        what = "is 1, and the screening unit counts: nobody could do a real one"
        yield Problem("mephisto.task.maximum_units_per_worker", what, "2 or more, or 0")


def _screening_problems(args: Any, state: Any) -> Iterator[Problem]:
    for option in ("passed_qualification_name", "block_qualification"):
        if not getattr(args, option):
            yield Problem(_key(option), "is needed for screening", "give it a name")
    yield from _judge_problems(state, "validate_screening_unit", "screening")
    most = args.max_screening_units
    if getattr(state, "screening_data_factory", None) in (False, None):
        if most:
            what = "limits nothing, because workers are screened by real units"
            yield Problem(_key("max_screening_units"), what, "give a screening_data_factory, or 0")
        return
    if not most or most < 1:
        what = f"is {most!r}; screening units are paid for beside the real ones"
        yield Problem(_key("max_screening_units"), what, "a whole number, 1 or more")


def _gold_problems(args: Any, state: Any) -> Iterator[Problem]:
    if not args.gold_qualification_base:
        yield Problem(_key("gold_qualification_base"), "is needed for golds", "give it a name")
    yield from _not_callable(state, "get_gold_for_worker", "gold units")
    yield from _judge_problems(state, "validate_gold_unit", "gold units")
    for option, least in (("min_golds", 0), ("max_incorrect_golds", 0), ("max_gold_units", 1)):
        value = getattr(args, option)
        if value is not None and value < least:
            yield Problem(_key(option), f"is {value}", f"a whole number, {least} or more")


def _judge_problems(state: Any, name: str, subject: str) -> Iterator[Problem]:
    """A function judges, or the expected answer does."""
    if getattr(state, "get_expected_answer", None) is not None:
        yield from _not_callable(state, "get_expected_answer", subject)
    elif getattr(state, name, None) is None:
        hint = f"define {name}, or get_expected_answer, in the task's code"
        yield Problem(name, f"is needed for {subject}", hint)
    if getattr(state, name, None) is not None:
        yield from _not_callable(state, name, subject)


def _not_callable(state: Any, name: str, subject: str) -> Iterator[Problem]:
    value = getattr(state, name, None)
    if value is None:
        yield Problem(name, f"is needed for {subject}", f"define {name} in the task's code")
    elif not callable(value):
        yield Problem(name, f"{type(value).__name__} is not a function")


def _key(option: str) -> str:
    return f"{WHERE}.{option}"
