"""How sure a coefficient of agreement is, given the items at hand."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import exp, sqrt
from typing import Final

from mephisto_engine.analysis.agreement import PairCounts, krippendorff_alpha
from mephisto_engine.analysis.labels import Level
from mephisto_engine.analysis.robust import quantile

RESAMPLES: Final = 400
MOST_PATTERNS: Final = 100_000
"""Patterns times resamples; with more patterns there are fewer resamples, at least a hundred."""
LEAST_ITEMS: Final = 5
SEED: Final = 1
"""The same labels have the same interval."""
NEARLY_NORMAL: Final = 40.0
"""From this mean on a Poisson number is drawn as a normal one."""


def alpha_interval(
    items: Iterable[Mapping[str, int]], level: Level = "nominal", order: Sequence[str] = ()
) -> tuple[float, float] | None:
    """Between which values Krippendorff's alpha lies with 95 %; None for fewer than five items.

    The percentile bootstrap over items (Efron & Tibshirani 1993, "An introduction to the
    bootstrap", ch. 13). Items with the same labels are one pattern, and how often it is drawn is a
    Poisson number (Hanley & MacGibbon 2006, "Creating non-parametric bootstrap samples using
    Poisson frequencies", Computer Methods and Programs in Biomedicine 83), so that the cost
    follows the number of different patterns and not that of items.

    Args:
        items: class → labels, of each item.
        level: how classes differ.
        order: classes from low to high, for ordinal ones.
    """
    patterns = Counter(frozenset(counts.items()) for counts in items if sum(counts.values()) > 1)
    if patterns.total() < LEAST_ITEMS:
        return None
    drawn = [(dict(pattern), number) for pattern, number in sorted(patterns.items(), key=_place)]
    rng = random.Random(SEED)
    resamples = max(100, min(RESAMPLES, MOST_PATTERNS // len(drawn)))
    found = [_resampled(drawn, rng, level, order) for _ in range(resamples)]
    known = [alpha for alpha in found if alpha is not None]
    return (quantile(known, 0.025), quantile(known, 0.975)) if known else None


def _place(pattern: tuple[frozenset[tuple[str, int]], int]) -> list[tuple[str, int]]:
    return sorted(pattern[0])


def _resampled(
    drawn: Sequence[tuple[dict[str, int], int]],
    rng: random.Random,
    level: Level,
    order: Sequence[str],
) -> float | None:
    pairs = PairCounts()
    for counts, number in drawn:
        times = poisson(float(number), rng)
        if times:
            pairs.put(counts, times)
    return krippendorff_alpha(pairs, level, order)


def poisson(mean: float, rng: random.Random) -> int:
    """A Poisson number: for small means by Knuth's multiplication (1969, The Art of Computer
    Programming 2, 3.4.1), for large ones a rounded normal number."""
    if mean >= NEARLY_NORMAL:
        return max(0, round(rng.gauss(mean, sqrt(mean))))
    limit, product, number = exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        number += 1
    return number
