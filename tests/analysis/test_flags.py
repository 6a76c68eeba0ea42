from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mephisto_engine.analysis.flags import (
    disagreement_flag,
    gold_flag,
    straight_lining_flag,
    text_flags,
    time_flags,
    time_limits,
)
from mephisto_engine.analysis.labels import Label
from mephisto_engine.analysis.majority import Majority, majority, wilson_interval
from mephisto_engine.analysis.pay import fair_pay_cents, hourly_cents, median_hourly_cents
from mephisto_engine.analysis.robust import median, median_cents, quantile, spread
from mephisto_engine.analysis.tally import LabelTally, TimeTally
from mephisto_engine.analysis.texts import Text, TextIndex, normalised, resemblance, shingles

LONG = "the reply answers the question and says why the method is safe to use at home"


def tally_of(*labels: tuple[int, int, str]) -> LabelTally:
    tally = LabelTally()
    for label in labels:
        tally.add(Label(*label))
    return tally


def test_a_tie_is_said_and_not_broken() -> None:
    assert majority({"a": 2, "b": 2, "c": 1}) == Majority(None, 2, ("a", "b"))
    assert majority({"a": 1, "b": 2}) == Majority("b", 2)
    assert majority({}) == Majority(None, 0)


def test_wilsons_interval_is_that_of_the_literature() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263, and 0 of 20.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=2e-4)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=2e-4)
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_a_worker_far_too_fast_is_flagged_with_the_numbers() -> None:
    times, rng = TimeTally(), random.Random(1)
    for number in range(60):
        times.add(number % 6, rng.uniform(50, 90))
    times.add(9, 1.5)

    (flag,) = time_flags(times, range(10))

    assert (flag.worker, flag.kind) == (9, "fast")
    assert flag.sentence.startswith("1 unit took less than")
    assert "half of all units took" in flag.sentence


@given(st.lists(st.floats(1, 1e6), max_size=9))
def test_few_times_and_equal_times_say_nothing(values) -> None:
    times = TimeTally()
    for value in values:
        times.add(1, value)
    assert time_limits(times) is None
    for _ in range(40):
        times.add(2, 60.0)
    assert not [flag for flag in time_flags(times, [2]) if flag.worker == 2]


def test_a_long_row_of_a_rare_answer_is_flagged_and_of_a_common_one_is_not() -> None:
    rare, common = LabelTally(), LabelTally()
    for item in range(200):
        for worker in (1, 2):
            rare.add(Label(item, worker, "abcd"[(item + worker) % 4]))
            common.add(Label(item, worker, "a" if item % 20 else "b"))
    for item in range(12):
        rare.add(Label(item, 3, "a"))
        common.add(Label(item, 3, "a"))

    flag = straight_lining_flag(3, rare)

    assert flag is not None
    assert flag.sentence == "answered ‘a’ 12 times in a row; 25% of the other answers say that"
    assert straight_lining_flag(3, common) is None
    assert straight_lining_flag(1, rare) is None


def test_one_who_guesses_among_the_agreed_disagrees() -> None:
    tally, rng = LabelTally(), random.Random(2)
    for item in range(60):
        for worker in (1, 2, 3):
            tally.add(Label(item, worker, "ab"[item % 2]))
        tally.add(Label(item, 4, rng.choice("ab")))

    flag = disagreement_flag(4, tally)

    assert flag is not None
    assert "of 60 items; others do in" in flag.sentence
    assert disagreement_flag(1, tally) is None


def test_the_own_vote_does_not_count_as_agreement() -> None:
    tally = tally_of((1, 1, "a"), (1, 2, "b"), (2, 1, "a"), (2, 2, "a"))

    assert (tally.judged[1], tally.matched[1]) == (2, 1)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.sampled_from("abc")), max_size=40),
    st.randoms(),
)
def test_a_tally_does_not_depend_on_the_order_of_coming(labels, rng) -> None:
    once = list({label[:2]: label for label in labels}.values())
    mixed = rng.sample(once, len(once))
    one, other = tally_of(*labels), tally_of(*mixed)

    assert one.labels_of == other.labels_of
    assert one.judged == other.judged
    assert one.matched == other.matched
    assert +one.classes == +other.classes
    assert one.pairs.items == other.pairs.items
    assert len(one) == len(once)


def test_golds_are_flagged_when_most_are_wrong() -> None:
    assert gold_flag(1, 1, 1) is None
    assert gold_flag(1, 5, 2) is None
    flag = gold_flag(1, 1, 3)
    assert flag is not None
    assert flag.sentence == "got 3 of 4 gold units wrong"


def test_the_same_text_is_found_through_case_and_signs() -> None:
    index = TextIndex()

    assert index.add(Text(1, 10, 0, LONG)) is None
    found = index.add(Text(2, 11, 0, LONG.upper() + "!!"))

    assert found is not None
    assert (found.other_unit_id, found.other_worker, found.share) == (1, 10, 1.0)
    (flag,) = text_flags([found], "why")
    assert flag.sentence == "wrote the same in ‘why’ of unit 2 as another worker wrote in unit 1"
    assert flag.unit_ids == (2,)


def test_a_text_with_a_word_changed_is_nearly_the_same() -> None:
    index = TextIndex()
    index.add(Text(1, 10, 0, f"{LONG} and it is kind to say so twice"))

    found = index.add(Text(2, 10, 1, f"{LONG} and it is kind to say so once"))

    assert found is not None
    assert 0.7 <= found.share < 1.0
    (flag,) = text_flags([found], "why")
    assert flag.sentence.startswith("wrote nearly the same (")
    assert "in their own unit 1" in flag.sentence


def test_short_and_different_texts_are_nobodys_copy() -> None:
    index = TextIndex()
    for number, text in enumerate(["ok", "ok", "fine by me", "fine by me", LONG, "x " * 400]):
        assert index.add(Text(number, number, 0, text)) is None


@given(st.text(), st.text())
def test_resemblance_is_symmetric_and_one_for_the_same(one, other) -> None:
    a, b = shingles(normalised(one)), shingles(normalised(other))

    assert resemblance(a, a) == 1.0
    assert resemblance(a, b) == resemblance(b, a)


def test_middles_and_spreads() -> None:
    assert median([3, 1, 2]) == 2
    assert median([4, 1, 2, 3]) == 2.5
    assert median_cents([100, 300]) == 100
    assert quantile([1, 2, 3, 4], 0.25) == 1.75
    assert spread([1, 2, 3, 4, 100]) == pytest.approx(1.4826)
    assert spread([1, 1, 1, 1, 2, 3, 4]) > 0
    for empty in (median, median_cents):
        with pytest.raises(ValueError, match="no median"):
            empty([])


@given(st.integers(0, 10_000), st.integers(1, 10**8))
def test_fair_pay_is_the_least_that_keeps_the_minimum(minimum, worked_ms) -> None:
    pay = fair_pay_cents(minimum, worked_ms)
    hourly = hourly_cents(pay, worked_ms)

    assert hourly is not None
    assert hourly >= minimum
    assert pay == 0 or (pay - 1) * 3_600_000 < minimum * worked_ms


def test_work_without_time_has_no_wage() -> None:
    assert hourly_cents(10, 0) is None
    assert median_hourly_cents([(10, 0)]) is None
    assert median_hourly_cents([(30, 60_000), (0, 60_000), (10, 0)]) == 0


def test_what_the_page_sends_back_is_nobodys_copy() -> None:
    echo, copied = TextIndex(), TextIndex()
    for item in range(10):
        for worker in range(3):
            shown = f"{LONG} in the case of item number {item} of this long list"
            echo.add(Text(3 * item + worker, worker, item, shown))
            copied.add(Text(3 * item + worker, worker, item, LONG if worker else shown * 2))

    assert echo.is_echo
    assert not copied.is_echo
