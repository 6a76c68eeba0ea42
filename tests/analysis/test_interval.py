from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from published import krippendorff_items

from mephisto_engine.analysis.agreement import PairCounts, krippendorff_alpha
from mephisto_engine.analysis.interval import alpha_interval, poisson


def agreeing(items: int, skill: float, rng: random.Random) -> list[Counter[str]]:
    found = []
    for _ in range(items):
        true = rng.choice("abc")
        found.append(Counter(true if rng.random() < skill else rng.choice("abc") for _ in range(3)))
    return found


def test_the_interval_holds_the_value_and_narrows_with_more_items() -> None:
    rng = random.Random(4)
    few, many = agreeing(40, 0.8, rng), agreeing(2000, 0.8, rng)
    widths = []
    for items in (few, many):
        interval = alpha_interval(items)
        alpha = krippendorff_alpha(PairCounts.of(counts.elements() for counts in items))
        assert interval is not None
        assert alpha is not None
        assert interval[0] < alpha < interval[1]
        widths.append(interval[1] - interval[0])

    assert widths[1] < widths[0] / 4


def test_ninety_five_of_a_hundred_intervals_hold_the_truth() -> None:
    rng = random.Random(5)
    everything = agreeing(20_000, 0.7, rng)
    truth = krippendorff_alpha(PairCounts.of(counts.elements() for counts in everything))
    hits = 0
    for _ in range(60):
        interval = alpha_interval(rng.sample(everything, 80))
        hits += interval is not None and interval[0] <= (truth or 0) <= interval[1]

    assert hits >= 51


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_every_level_has_one(level) -> None:
    interval = alpha_interval([Counter(labels) for labels in krippendorff_items()], level)

    assert interval is not None
    assert interval[0] < interval[1] <= 1.0


def test_few_items_and_one_class_have_none() -> None:
    assert alpha_interval([Counter("aab")] * 4) is None
    assert alpha_interval([Counter("aaa")] * 40) is None


@given(st.lists(st.lists(st.sampled_from("ab"), max_size=4).map(Counter), max_size=8), st.randoms())
def test_the_order_of_items_does_not_matter(items, rng) -> None:
    assert alpha_interval(rng.sample(items, len(items))) == alpha_interval(items)


@pytest.mark.parametrize("mean", [0.5, 3.0, 200.0])
def test_poisson_numbers_have_their_mean_as_variance(mean) -> None:
    rng = random.Random(6)
    drawn = [poisson(mean, rng) for _ in range(4000)]
    middle = sum(drawn) / len(drawn)
    variance = sum((number - middle) ** 2 for number in drawn) / len(drawn)

    assert middle == pytest.approx(mean, rel=0.1)
    assert variance == pytest.approx(mean, rel=0.15)
