from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mephisto_engine.abstractions.qualifications import (
    Comparator,
    Requirement,
    parse_requirement,
)
from mephisto_engine.data_model.records import WorkerRecord
from mephisto_engine.errors import Problem

HELD = (None, -1, 0, 2, 3, 4)
"""Columns of the table; None: no grant."""

TABLE: list[tuple[Comparator, Any, str]] = [
    (Comparator.GREATER, 3, "-----x"),
    (Comparator.GREATER_EQUAL, 3, "----xx"),
    (Comparator.LESS, 3, "-xxx--"),
    (Comparator.LESS_EQUAL, 3, "-xxxx-"),
    (Comparator.EQUAL, 3, "----x-"),
    (Comparator.NOT_EQUAL, 3, "-xxx-x"),
    (Comparator.EXISTS, None, "-xxxxx"),
    (Comparator.DOES_NOT_EXIST, None, "x-----"),
    (Comparator.IN, (0, 3), "--x-x-"),
    (Comparator.NOT_IN, (0, 3), "-x-x-x"),
    (Comparator.IN, (), "------"),
    (Comparator.NOT_IN, (), "-xxxxx"),
    (Comparator.EQUAL, 0, "--x---"),
    (Comparator.GREATER, 0, "---xxx"),
    (Comparator.NOT_EQUAL, 0, "-x-xxx"),
]

values = st.integers(-(2**63) + 1, 2**63 - 1)
names = st.text(min_size=1, max_size=5)


def worker(held: int | None, provider_type: str = "mock") -> WorkerRecord:
    grants = {} if held is None else {"good": held}
    return WorkerRecord(1, "alice", provider_type, qualifications=grants)


def is_met(comparator: Comparator, value: Any, held: int | None) -> bool:
    return Requirement("good", comparator, value).is_met_by(worker(held))


@pytest.mark.parametrize(("comparator", "value", "row"), TABLE)
def test_the_table_of_comparators(comparator: Comparator, value: Any, row: str) -> None:
    found = "".join("x" if is_met(comparator, value, held) else "-" for held in HELD)
    assert found == row


def test_the_table_has_every_comparator() -> None:
    assert {row[0] for row in TABLE} == set(Comparator)
    assert len(Comparator) == 10


@pytest.mark.parametrize(("comparator", "value", "row"), TABLE)
def test_another_label_is_no_grant(comparator: Comparator, value: Any, row: str) -> None:
    other = WorkerRecord(1, "alice", "mock", qualifications={"Good": 3, "good ": 3})
    assert Requirement("good", comparator, value).is_met_by(other) is (row[0] == "x")


@pytest.mark.parametrize(("comparator", "value", "row"), TABLE)
def test_a_requirement_for_other_providers_asks_nothing(
    comparator: Comparator, value: Any, row: str
) -> None:
    for providers, asks in ((("mturk",), False), (("mturk", "mock"), True), (None, True)):
        item = Requirement("good", comparator, value, providers)
        for held, mark in zip(HELD, row, strict=True):
            assert item.is_met_by(worker(held)) is (mark == "x" or not asks)


@given(held=values, value=values)
def test_opposite_comparators_disagree_on_every_value(held: int, value: int) -> None:
    for one, other in (
        (Comparator.GREATER, Comparator.LESS_EQUAL),
        (Comparator.LESS, Comparator.GREATER_EQUAL),
        (Comparator.EQUAL, Comparator.NOT_EQUAL),
    ):
        assert is_met(one, value, held) is not is_met(other, value, held)


@given(held=values, allowed=st.lists(values, max_size=4))
def test_a_list_lets_in_or_keeps_out(held: int, allowed: list[int]) -> None:
    assert is_met(Comparator.IN, tuple(allowed), held) is (held in allowed)
    assert is_met(Comparator.NOT_IN, tuple(allowed), held) is (held not in allowed)
    assert is_met(Comparator.IN, (held,), held) is is_met(Comparator.EQUAL, held, held)


@given(comparator=st.sampled_from(Comparator), value=values)
def test_without_a_grant_only_its_absence_can_be_asked_for(
    comparator: Comparator, value: int
) -> None:
    given_value = (value,) if comparator in (Comparator.IN, Comparator.NOT_IN) else value
    expected = comparator is Comparator.DOES_NOT_EXIST
    assert is_met(comparator, given_value, None) is expected


@st.composite
def raw_requirements(draw: st.DrawFn) -> dict[str, Any]:
    comparator = draw(st.sampled_from(Comparator))
    if comparator in (Comparator.EXISTS, Comparator.DOES_NOT_EXIST):
        value: Any = None
    elif comparator in (Comparator.IN, Comparator.NOT_IN):
        value = draw(st.lists(values, max_size=3))
    else:
        value = draw(values)
    providers = draw(st.none() | st.lists(st.sampled_from(["mock", "mturk"]), min_size=1))
    return {
        "qualification_name": draw(names),
        "comparator": str(comparator),
        "value": value,
        "applicable_providers": providers,
    }


@given(raw=raw_requirements(), held=st.none() | values)
def test_what_is_written_in_a_config_is_what_is_asked(
    raw: dict[str, Any], held: int | None
) -> None:
    parsed = parse_requirement("here", raw)
    assert isinstance(parsed, Requirement)
    value = tuple(raw["value"]) if isinstance(raw["value"], list) else raw["value"]
    expected = Requirement(
        raw["qualification_name"],
        Comparator(raw["comparator"]),
        value,
        tuple(raw["applicable_providers"]) if raw["applicable_providers"] else None,
    )
    record = WorkerRecord(
        1,
        "alice",
        "mock",
        qualifications={} if held is None else {raw["qualification_name"]: held},
    )
    assert parsed == expected
    assert parsed.is_met_by(record) is expected.is_met_by(record)


@pytest.mark.parametrize("comparator", Comparator)
def test_a_value_of_the_wrong_kind_is_a_problem(comparator: Comparator) -> None:
    wrong: list[Any] = ["3", 1.5, True, [1, "2"], {"a": 1}]
    if comparator in (Comparator.EXISTS, Comparator.DOES_NOT_EXIST):
        wrong += [3, [3]]
    elif comparator in (Comparator.IN, Comparator.NOT_IN):
        wrong += [3, None]
    else:
        wrong += [[3], None]
    for value in wrong:
        raw = {"qualification_name": "good", "comparator": str(comparator), "value": value}
        assert isinstance(parse_requirement("here", raw), Problem), value
