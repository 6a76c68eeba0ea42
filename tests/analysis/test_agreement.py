from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from published import fleiss_items, krippendorff_items

from mephisto_engine.analysis.agreement import (
    PairCounts,
    class_agreement,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    mean_cohen_kappa,
    percent_agreement,
)

CROWDKIT = json.loads((Path(__file__).parent / "data" / "crowdkit-1.4.2.json").read_text())

item_lists = st.lists(st.lists(st.sampled_from("abc"), max_size=6), max_size=12)


@pytest.mark.parametrize(
    ("level", "expected"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_is_that_of_krippendorffs_paper(level, expected) -> None:
    pairs = PairCounts.of(krippendorff_items())

    assert krippendorff_alpha(pairs, level) == pytest.approx(expected, abs=5e-4)


def test_fleiss_kappa_is_that_of_the_worked_example() -> None:
    pairs = PairCounts.of(fleiss_items())

    assert fleiss_kappa(pairs) == pytest.approx(0.210, abs=5e-4)
    assert percent_agreement(pairs) == pytest.approx(0.378, abs=5e-4)


def test_cohen_kappa_is_that_of_the_worked_example() -> None:
    # Fifty grants, two readers: the example of the article on Cohen's kappa in Wikipedia.
    labels = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15

    assert cohen_kappa(labels) == pytest.approx(0.40)


@pytest.mark.parametrize("found", CROWDKIT, ids=["two", "three", "five"])
def test_alpha_is_that_of_crowdkit(found) -> None:
    items = defaultdict(list)
    for item, _, value in found["labels"]:
        items[item].append(value)
    pairs = PairCounts.of(items.values())

    assert krippendorff_alpha(pairs) == pytest.approx(found["alpha"], abs=1e-9)
    if found["alpha_interval"] is not None:
        interval = krippendorff_alpha(pairs, "interval")
        assert interval == pytest.approx(found["alpha_interval"], abs=1e-9)


@given(item_lists, st.randoms())
def test_neither_order_nor_names_of_items_and_workers_matter(items, rng) -> None:
    mixed = [rng.sample(labels, len(labels)) for labels in items]
    rng.shuffle(mixed)

    for measure in (percent_agreement, fleiss_kappa, krippendorff_alpha):
        assert measure(PairCounts.of(mixed)) == pytest.approx(measure(PairCounts.of(items)))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(2, 6)), min_size=1, max_size=9))
def test_full_agreement_is_one_and_with_one_class_unknown(items) -> None:
    pairs = PairCounts.of([value] * number for value, number in items)
    expected = 1.0 if len({value for value, _ in items}) > 1 else None

    assert percent_agreement(pairs) == pytest.approx(1.0)
    assert fleiss_kappa(pairs) == pytest.approx(expected)
    for level in ("nominal", "ordinal"):
        assert krippendorff_alpha(pairs, level) == pytest.approx(expected)


@given(item_lists, st.lists(st.sampled_from("abc"), max_size=5))
def test_items_with_one_label_say_nothing(items, singles) -> None:
    more = PairCounts.of([*items, *([value] for value in singles)])

    assert krippendorff_alpha(more) == pytest.approx(krippendorff_alpha(PairCounts.of(items)))


@given(item_lists, item_lists)
def test_what_is_taken_out_again_leaves_no_trace(items, others) -> None:
    pairs = PairCounts.of(items)
    for labels in others:
        pairs.put(Counter(labels))
    for labels in others:
        pairs.put(Counter(labels), -1)

    fresh = PairCounts.of(items)
    assert pairs.items == fresh.items
    assert all(pairs.by_size[size] == fresh.by_size[size] for size in pairs.by_size)


@given(item_lists)
def test_two_labels_an_item_are_nominally_alike_on_each_level_of_two_classes(items) -> None:
    # With two classes there is one distance only, so that its size cannot matter.
    pairs = PairCounts.of([value for value in labels if value != "c"] for labels in items)

    assert krippendorff_alpha(pairs, "ordinal") == pytest.approx(krippendorff_alpha(pairs))


def test_random_labels_agree_no_more_than_by_chance() -> None:
    rng = random.Random(7)
    pairs = PairCounts.of([rng.choice("abcd") for _ in range(5)] for _ in range(3000))

    assert abs(krippendorff_alpha(pairs) or 1) < 0.02
    assert abs(fleiss_kappa(pairs) or 1) < 0.02


def test_class_agreement_is_what_another_worker_says_too() -> None:
    # Of the three who said "a", the first two are alike; the third met "b".
    pairs = PairCounts.of([["a", "a"], ["a", "b"]])

    assert class_agreement(pairs) == {"a": pytest.approx(2 / 3), "b": 0.0}


def test_an_order_that_is_given_makes_neighbours() -> None:
    items = [["low", "low"], ["high", "high"], ["mid", "low"], ["mid", "high"]]
    pairs = PairCounts.of(items)
    right = krippendorff_alpha(pairs, "ordinal", ("low", "mid", "high"))
    wrong = krippendorff_alpha(pairs, "ordinal", ("mid", "low", "high"))

    assert right is not None
    assert wrong is not None
    assert right > wrong


def test_words_have_no_distance() -> None:
    with pytest.raises(ValueError, match="no number"):
        krippendorff_alpha(PairCounts.of([["a", "b"]]), "interval")


def test_pairs_of_workers_weigh_as_many_items_as_they_share() -> None:
    one = cohen_kappa([("a", "a"), ("b", "b"), ("a", "b")])
    items = [{1: "a", 2: "a"}, {1: "b", 2: "b"}, {1: "a", 2: "b"}, {3: "a"}]

    assert mean_cohen_kappa(items) == pytest.approx(one)
    assert mean_cohen_kappa([]) is None
