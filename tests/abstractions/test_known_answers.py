"""An answer beside the one that is known."""

from __future__ import annotations

import pytest

from mephisto_engine.abstractions.known_answers import compared


def rights(expected, answer):
    return {row.name: row.is_right for row in compared(expected, answer)}


def test_each_field_that_counts_is_compared_and_others_are_not():
    answer = {"feeling": "pleased", "sure": "no", "comment": "fine"}
    assert rights({"feeling": "pleased", "sure": "yes"}, answer) == {"feeling": True, "sure": False}


@pytest.mark.parametrize(
    ("wanted", "got", "is_right"),
    [
        (3, "3", True),
        (3.0, 3, True),
        (True, "true", True),
        (1, True, False),
        ("yes", " yes\n", True),
        ("yes", "Yes", False),
        (None, "", True),
        (None, "x", False),
        (False, None, True),
        (True, None, False),
        ("x", None, False),
        ([1, 2], ["1", "2"], True),
        ([1, 2], ["2", "1"], False),
        ([1], 1, False),
        ("a", {"a": 1}, False),
    ],
)
def test_values_are_compared_as_a_page_writes_them(wanted, got, is_right):
    assert rights({"field": wanted}, {"field": got}) == {"field": is_right}


def test_fields_within_fields_are_named_by_their_path():
    expected = {"ticked": {"red": True, "blue": False}}
    ticked = {"red": True, "blue": True}
    assert rights(expected, {"ticked": ticked}) == {"ticked.red": True, "ticked.blue": False}
    assert rights(expected, {"ticked": "red"}) == {"ticked.red": False, "ticked.blue": True}


@pytest.mark.parametrize("answer", [None, [], "text", 7, {"deep": [[[[]]]]}])
def test_whatever_was_handed_in_is_compared(answer):
    assert rights({"feeling": "pleased"}, answer) == {"feeling": False}
    assert rights("text", answer) == {"answer": answer == "text"}
