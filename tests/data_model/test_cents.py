from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mephisto_engine.cents import amount, as_cents, dollars


@given(st.integers(0, 10**13))
def test_what_is_shown_is_read_back(cents):
    assert as_cents(amount(cents)) == as_cents(dollars(cents)) == cents


@given(st.integers(0, 10**9))
def test_a_float_of_a_config_is_the_amount_that_was_written(cents):
    assert as_cents(float(amount(cents))) == cents


def test_money_comes_from_cents():
    assert [amount(cents) for cents in (0, 5, 9360)] == ["0.00", "0.05", "93.60"]


def test_a_debt_says_so_before_the_dollars():
    assert (amount(-5), dollars(-5), dollars(-12345)) == ("-0.05", "-$0.05", "-$123.45")


@pytest.mark.parametrize(
    ("given_as", "fault"),
    [
        ("", "in dollars"),
        ("a lot", "in dollars"),
        ("1,50", "in dollars"),
        ("nan", "of money"),
        ("-1", "of money"),
        ("1e999999", "of money"),
        (float("inf"), "of money"),
        ("0.005", "whole cents"),
        (0.1 + 0.2, "whole cents"),
    ],
)
def test_what_is_no_amount_says_why(given_as, fault):
    with pytest.raises(ValueError, match=fault):
        as_cents(given_as)
