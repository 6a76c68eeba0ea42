"""The label that most workers gave, and shares with what can be known of them."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

from mephisto_engine.analysis.labels import ordered_classes


class Majority(NamedTuple):
    """What most said of an item."""

    value: str | None
    """The class with most votes; None where several have as many."""
    votes: int
    """How many it got, or each of those that are tied."""
    tied: tuple[str, ...] = ()
    """The classes that have as many votes; empty where one has most."""


def majority(counts: Mapping[str, int]) -> Majority:
    """The class with most votes of an item; a tie is said and not broken."""
    given = {name: number for name, number in counts.items() if number > 0}
    if not given:
        return Majority(None, 0)
    most = max(given.values())
    first = ordered_classes(name for name, number in given.items() if number == most)
    return Majority(first[0], most) if len(first) == 1 else Majority(None, most, tuple(first))


def wilson_interval(hits: int, total: int, deviations: float = 1.96) -> tuple[float, float]:
    """What a share may truly be, given that ``hits`` of ``total`` were seen; (0, 1) without any.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22.

    Args:
        hits: how often it was so.
        total: how often it could have been.
        deviations: width in standard deviations; 1.96 are 95 %, 2.58 are 99 %.
    """
    if not total:
        return 0.0, 1.0
    share, square = hits / total, deviations**2
    middle = (share + square / (2 * total)) / (1 + square / total)
    reach = (
        deviations
        * sqrt(share * (1 - share) / total + square / (4 * total**2))
        / (1 + square / total)
    )
    return max(0.0, middle - reach), min(1.0, middle + reach)
