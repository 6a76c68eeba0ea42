"""What is worth a look. A flag says why in a sentence; it decides nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Final, Literal

from mephisto_engine.analysis.majority import wilson_interval
from mephisto_engine.analysis.tally import GridTally, LabelTally, TimeTally
from mephisto_engine.analysis.texts import Likeness

FlagKind = Literal["fast", "slow", "straight-lining", "disagrees", "same text", "gold"]

LEAST_TIMES: Final = 10
"""Times that are needed before one of them can stand out."""
FAR: Final = 3.5
"""Standard deviations from the middle: the limit of Iglewicz & Hoaglin 1993, "How to detect and
handle outliers", for robust z-scores."""
IQR_OF_NORMAL: Final = 1.349
LEAST_RUN: Final = 8
UNLIKELY: Final = 0.001
LEAST_JUDGED: Final = 5


@dataclass(frozen=True, slots=True)
class Flag:
    """Something about a worker that is worth a look."""

    kind: FlagKind
    worker: int
    sentence: str
    """Why, as a sentence about the worker, without a subject."""
    unit_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Between which times work is ordinary."""

    middle: float
    """Seconds that half of all units took at most."""
    low: float
    high: float


def time_limits(times: TimeTally) -> TimeLimits | None:
    """What is ordinary, from the quartiles of log times; None while too few are known.

    Times on task are skewed and their logarithms nearly normal (van der Linden 2006, "A lognormal
    model for response times on test items", JEBS 31). The spread is the interquartile range over
    1.349, which a quarter of odd times on each side cannot move.
    """
    logs = times.logs
    if len(logs) < LEAST_TIMES:
        return None
    quarter = len(logs) // 4
    spread = (logs[-quarter - 1] - logs[quarter]) / IQR_OF_NORMAL
    middle = logs[len(logs) // 2]
    if spread <= 0:
        return None
    return TimeLimits(exp(middle), exp(middle - FAR * spread), exp(middle + FAR * spread))


def time_flags(times: TimeTally, workers: Sequence[int]) -> Iterator[Flag]:
    """Workers with times far from what is ordinary."""
    limits = time_limits(times)
    if limits is None:
        return
    usual = f"half of all units took {in_seconds(limits.middle)} or more"
    for worker in workers:
        fast, slow = times.outside(worker, log(limits.low), log(limits.high))
        if fast:
            what = f"{_units(fast)} took less than {in_seconds(limits.low)}, where {usual}"
            yield Flag("fast", worker, what)
        if slow:
            what = f"{_units(slow)} took more than {in_seconds(limits.high)}, where {usual}"
            yield Flag("slow", worker, what)


def straight_lining_flag(worker: int, labels: LabelTally) -> Flag | None:
    """A worker who gave one answer so often in a row that chance would hardly do it.

    A row of ``r`` among ``n`` answers of a class with share ``p`` is expected at most
    ``(n - r + 1) * p ** r`` times (union bound); Johnson 2005, "Ascertaining the validity of
    individual protocols", J. Research in Personality 39, on long strings. With ``p`` the share
    among *others* a class that fits most items is no flag.
    """
    own, answers = labels.runs[worker].longest, labels.of_worker[worker]
    total = len(labels)
    for value, length in sorted(own.items(), key=lambda pair: -pair[1]):
        share = max(0, labels.classes[value] - length + 1) / (max(0, total - length) + 2)
        expected = (answers - length + 1) * share**length
        if length >= LEAST_RUN and expected < UNLIKELY:
            what = f"answered ‘{value}’ {length} times in a row; {share:.0%} of the other answers"
            return Flag("straight-lining", worker, f"{what} say that")
    return None


def grid_flag(worker: int, grids: GridTally) -> Flag | None:
    """A worker who rates all questions of a grid alike far more often than others, surely (99 %).

    Straight-lining as Krosnick 1991 has it, "Response strategies for coping with the cognitive
    demands of attitude measures in surveys", Applied Cognitive Psychology 5.
    """
    answers, straight = grids.answers[worker], grids.straight[worker]
    others = grids.answers.total() - answers
    usual = (grids.straight.total() - straight) / others if others else 0.0
    if answers < LEAST_JUDGED or wilson_interval(straight, answers, 2.576)[0] <= usual:
        return None
    what = f"gave one rating to every question of a grid in {straight} of {answers} answers"
    return Flag("straight-lining", worker, f"{what}; others do in {usual:.0%}")


def disagreement_flag(worker: int, labels: LabelTally) -> Flag | None:
    """A worker who agrees with the others less than the others do, surely (99 %)."""
    judged, matched = labels.judged[worker], labels.matched[worker]
    rest_judged = labels.judged.total() - judged
    if judged < LEAST_JUDGED or not rest_judged:
        return None
    usual = (labels.matched.total() - matched) / rest_judged
    if wilson_interval(matched, judged, 2.576)[1] >= usual:
        return None
    what = f"says what most others say in {matched} of {judged} items; others do in {usual:.0%}"
    return Flag("disagrees", worker, what)


def gold_flag(worker: int, right: int, wrong: int) -> Flag | None:
    """A worker who got more units with known answers wrong than right."""
    if wrong < 2 or wrong <= right:
        return None
    return Flag("gold", worker, f"got {wrong} of {right + wrong} gold units wrong")


def text_flags(likenesses: Sequence[Likeness], field: str) -> Iterator[Flag]:
    """Workers whose texts are those of others, or their own over and over."""
    by_worker: dict[tuple[int, bool], list[Likeness]] = {}
    for found in likenesses:
        key = (found.worker, found.worker == found.other_worker)
        by_worker.setdefault(key, []).append(found)
    for (worker, is_own), found_of in sorted(by_worker.items()):
        units = tuple(found.unit_id for found in found_of)
        first = found_of[0]
        how = "the same" if first.share == 1.0 else f"nearly the same ({first.share:.0%} of it)"
        where = "in their own unit" if is_own else "another worker wrote in unit"
        what = f"wrote {how} in ‘{field}’ of unit {first.unit_id} as {where} {first.other_unit_id}"
        more = len(found_of) - 1
        yield Flag("same text", worker, f"{what}, and {more} more" if more else what, units)


def by_kind(flags: Sequence[Flag]) -> Counter[str]:
    """How many flags of each kind."""
    return Counter(flag.kind for flag in flags)


def _units(number: int) -> str:
    return "1 unit" if number == 1 else f"{number} units"


def in_seconds(seconds: float) -> str:
    """A time on task in words: ``2.1s``, ``45s``, ``4m31s``."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    return f"{whole}s" if whole < 60 else f"{whole // 60}m{whole % 60:02}s"
