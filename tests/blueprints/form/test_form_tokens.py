"""The algebra of tokens: what is filled in, what is combined, what is too much or too little."""

from __future__ import annotations

import copy
import itertools
import math
from pathlib import Path
from typing import Any

import pytest
from form_files import field, form, options, write
from hypothesis import given
from hypothesis import strategies as st

from mephisto_blueprints.form.tokens import (
    TOKEN,
    fill,
    missing_tokens,
    permute,
    read_separate_values,
    read_token_sets,
    surplus_tokens,
    tokens_of,
)
from mephisto_engine.errors import ConfigError

NOWHERE = Path("/nowhere")
NAMES = st.text("abcXYZ_019", min_size=1, max_size=6)
PLAIN = st.text().filter(lambda text: "{" not in text and "}" not in text)
TEXTS = st.lists(PLAIN | NAMES.map("{{{{{}}}}}".format), max_size=6).map("".join)


def template(*texts: str) -> dict[str, Any]:
    return form(*(field(f"f{n}", help=text) for n, text in enumerate(texts)))


def helps(item: dict[str, Any]) -> list[str]:
    rows = item["form"]["sections"][0]["fieldsets"][0]["rows"]
    return [one["help"] for one in rows[0]["fields"]]


@given(st.lists(TEXTS, min_size=1, max_size=4), st.dictionaries(NAMES, PLAIN))
def test_exactly_the_tokens_with_a_value_are_filled_in(
    texts: list[str], values: dict[str, str]
) -> None:
    item = template(*texts)
    before = copy.deepcopy(item)
    filled = fill(item, values, NOWHERE)
    assert item == before
    assert tokens_of(filled["form"]) == [t for t in tokens_of(item["form"]) if t not in values]
    for text, result in zip(texts, helps(filled), strict=True):
        expected = text
        for name in dict.fromkeys(TOKEN.findall(text)):
            expected = expected.replace(f"{{{{{name}}}}}", values.get(name, f"{{{{{name}}}}}"))
        assert result == expected


@given(st.lists(TEXTS, min_size=1, max_size=4), st.text())
def test_a_value_is_put_in_as_it_is_and_never_looked_into(texts: list[str], value: str) -> None:
    item = template(*texts)
    for name in tokens_of(item["form"]):
        filled = fill(item, {name: value + r"\1{{other}}"}, NOWHERE)
        assert any(value + r"\1{{other}}" in text for text in helps(filled))


@given(st.lists(TEXTS, min_size=1, max_size=4), st.sets(NAMES))
def test_missing_and_surplus_tokens_are_the_two_differences(
    texts: list[str], given_names: set[str]
) -> None:
    needed = tokens_of(template(*texts)["form"])
    missing = list(missing_tokens(needed, given_names, "set"))
    surplus = list(surplus_tokens(needed, given_names, "set"))
    assert len(missing) == len(set(needed) - given_names)
    assert len(surplus) == len(given_names - set(needed))


SEPARATE = st.dictionaries(
    NAMES,
    st.lists(st.integers() | PLAIN, min_size=1, max_size=3, unique_by=repr),
    min_size=1,
    max_size=4,
)


@given(SEPARATE)
def test_every_combination_comes_once_and_the_last_token_changes_fastest(
    separate: dict[str, list[Any]],
) -> None:
    sets = list(permute(separate))
    assert len(sets) == math.prod(len(values) for values in separate.values())
    assert all(list(one) == list(separate) for one in sets)
    order = [tuple(separate[name].index(value) for name, value in one.items()) for one in sets]
    assert order == sorted(set(order))
    assert [tuple(one.values()) for one in sets] == list(itertools.product(*separate.values()))


@given(SEPARATE)
def test_token_sets_read_the_same_in_each_shape(separate: dict[str, list[Any]]) -> None:
    sets = list(permute(separate))
    assert read_token_sets([{"tokens_values": one} for one in sets], "f") == sets
    assert read_token_sets(sets, "f") == sets
    assert read_token_sets(read_separate_values(separate, "f"), "f") == sets


def test_tokens_are_found_in_every_part_of_a_form_and_blanks_in_them_do_not_count() -> None:
    item = form(
        field(help="{{a}}", tooltip="{{ b }}", label="{{c}}"),
        field("x", "radio", options=[{"label": "{{d}}", "value": "{{not_here}}"}]),
        title="{{e}}",
        submit_button={"text": "{{not_here}}", "instruction": "{{f}}"},
    )
    item["form"]["sections"][0]["instruction"] = "{{g}}"
    assert sorted(tokens_of(item["form"])) == list("abcdefg")
    filled = fill(item, dict.fromkeys("abcdefg", 7), NOWHERE)
    assert tokens_of(filled["form"]) == []
    assert filled["form"]["title"] == "7"


@pytest.mark.parametrize(("value", "text"), [(18, "18"), (1.5, "1.5"), (2.0, "2"), (True, "true")])
def test_a_number_is_written_as_a_page_writes_it(value: Any, text: str) -> None:
    assert helps(fill(template("{{a}}"), {"a": value}, NOWHERE)) == [text]


def test_a_value_may_be_a_file(tmp_path: Path) -> None:
    write(tmp_path / "insertions" / "long.html", "<p>long {{b}}</p>\n")
    filled = fill(template("{{a}}", "{{b}}"), {"a": "insertions/long.html", "b": 1}, tmp_path)
    assert helps(filled) == ["<p>long {{b}}</p>", "1"]


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (3, "f: is no list of token sets"),
        ([3], "f[0]: is no mapping (token names and their values)"),
        ([{"a": [1]}], "f[0].a: is no text or number"),
        ([{"tokens_values": {"a": None}}], "f[0].a: is no text or number"),
        ({"a": 1}, "f.a: is no list of values (one value or more)"),
        ({"a": []}, "f.a: is no list of values (one value or more)"),
        ({"a": [1, {}]}, "f.a.1: is no text or number"),
        ({}, "f: has no tokens"),
    ],
)
def test_token_values_of_another_shape_are_problems(document: Any, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_token_sets(document, "f")
    assert [str(found) for found in caught.value.problems] == [problem]


def test_a_close_name_is_offered_for_a_token() -> None:
    [problem] = surplus_tokens(["product"], ["prodct"], "set")
    assert str(problem) == "set.prodct: is no token of the form (did you mean 'product'?)"
    [problem] = missing_tokens(["product"], ["prodct"], "set")
    assert str(problem) == "set: gives no value for token 'product' (did you mean 'prodct'?)"


def test_options_keep_their_values() -> None:
    item = form(field("x", "radio", options=options("{{a}}")))
    choice = fill(item, {"a": "b"}, NOWHERE)["form"]["sections"][0]["fieldsets"][0]["rows"][0]
    assert choice["fields"][0]["options"] == [{"label": "Option b", "value": "{{a}}"}]
