from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mephisto_blueprints.static.item_sources import (
    MAX_PROBLEMS,
    DataFile,
    chosen_data_file,
    read_csv,
    read_json,
    read_jsonl,
    scan,
)
from mephisto_engine.errors import ConfigError, Problem

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.lists(TEXT.filter(str.strip), min_size=1, max_size=4, unique=True)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    # A byte order mark in front of the first name is taken for the file's own.
    names = draw(NAMES.filter(lambda names: not names[0].startswith("\ufeff")))
    row = st.lists(TEXT, min_size=len(names), max_size=len(names))
    return names, draw(st.lists(row, max_size=5))


@given(tables(), st.sampled_from(["utf-8", "utf-8-sig"]))
@settings(max_examples=150, deadline=None)
def test_a_csv_file_reads_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    table: tuple[list[str], list[list[str]]],
    encoding: str,
) -> None:
    names, rows = table
    path = tmp_path_factory.getbasetemp() / "round_trip.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    assert list(read_csv(path)) == [dict(zip(names, row, strict=True)) for row in rows]


@given(st.lists(st.dictionaries(TEXT, st.integers(-(2**53), 2**53) | TEXT | st.none(), max_size=3)))
@settings(max_examples=50, deadline=None)
def test_json_and_json_lines_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, items: list[dict[str, object]]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "items.json").write_text(json.dumps(items), "utf-8")
    lines = "".join(json.dumps(item) + "\n" for item in items)
    (folder / "items.jsonl").write_text(lines, "utf-8")
    assert list(read_json(folder / "items.json")) == items
    assert list(read_jsonl(folder / "items.jsonl")) == items


CSV_FAULTS = {
    "empty": (b"", "", "is empty"),
    "only a byte order mark": (b"\xef\xbb\xbf", "", "is empty"),
    "no rows": (b"a,b\n", "", "has no items"),
    "column without name": (b"a,,c\n1,2,3\n", ":1:2", "no name"),
    "duplicate column": (b"a,b,a\n1,2,3\n", ":1:3", "already that of column 1"),
    "name not UTF-8": (b"a,b\xff\n1,2\n", ":1:2", "not UTF-8"),
    "too few cells": (b"a,b,c\n1,2,3\n1,2\n", ":3:3", "2 cells, the header 3: no 'c'"),
    "too many cells": (b"a,b\n1,2\n\n1,2,3\n", ":4:3", "3 cells, the header 2"),
    "cell not UTF-8": (b"a,b\n1,2\n1,caf\xe9\n", ":3:2", "'b' is not UTF-8"),
    "open quote": (b'a,b\n1,2\n1,"2\n3,4\n', ":3", "is not CSV"),
}


@pytest.mark.parametrize(("content", "place", "what"), CSV_FAULTS.values(), ids=CSV_FAULTS)
def test_a_csv_fault_names_file_row_and_column(
    tmp_path: Path, content: bytes, place: str, what: str
) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    [problem] = scan(DataFile("data_csv", path, read_csv)).problems
    assert problem.where == f"{path}{place}"
    assert what in problem.what


JSON_FAULTS = {
    "empty": (b" \n", "", "is empty"),
    "broken": (b'[{"a": 1},\n {"a" 2}]', ":2:", "is not JSON"),
    "not a list": (b'{"a": 1}', "", "holds an object"),
    "not an object": (b'[{"a": 1}, 7]', ": item 2", "is a number"),
    "no items": (b"[]", "", "has no items"),
    "not UTF-8": (b'[{"a": "\xff"}]', "", "is not JSON"),
    "not a number of JSON": (b'[{"a": NaN}]', "", "is not JSON"),
}


@pytest.mark.parametrize(("content", "place", "what"), JSON_FAULTS.values(), ids=JSON_FAULTS)
def test_a_json_fault_names_the_place(
    tmp_path: Path, content: bytes, place: str, what: str
) -> None:
    path = tmp_path / "data.json"
    path.write_bytes(content)
    [problem] = scan(DataFile("data_json", path, read_json)).problems
    assert problem.where.startswith(f"{path}{place}")
    assert what in problem.what


def test_json_lines_faults_name_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(b'{"a": 1}\n\n[1]\nnull\n{"a": \n{"b": 2}\n')
    result = scan(DataFile("data_jsonl", path, read_jsonl))
    assert [problem.where.removeprefix(str(path)).split(":")[1] for problem in result.problems] == [
        "3",
        "4",
        "5",
    ]
    assert result.fields == {"a", "b"}
    assert result.item_count == 2


def test_a_byte_order_mark_in_json_is_passed_over(tmp_path: Path) -> None:
    for name, reader in (("a.json", read_json), ("a.jsonl", read_jsonl)):
        path = tmp_path / name
        path.write_bytes(b"\xef\xbb\xbf" + (b'[{"a": 1}]' if reader is read_json else b'{"a": 1}'))
        assert list(reader(path)) == [{"a": 1}]


@pytest.mark.parametrize("option", ["data_csv", "data_json", "data_jsonl"])
def test_a_file_that_cannot_be_read_is_a_problem_of_its_option(tmp_path: Path, option: str) -> None:
    for path in (tmp_path / "absent", tmp_path):
        data_file = chosen_data_file(SimpleNamespace(**{option: str(path)}))
        [problem] = scan(data_file).problems
        assert problem.where == f"mephisto.blueprint.{option}"
        assert str(path) in problem.what


def test_no_more_than_ten_problems_of_a_file_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n" + "1\n" * 50)
    assert len(scan(DataFile("data_csv", path, read_csv)).problems) == MAX_PROBLEMS


def test_csv_goes_before_json_and_json_before_json_lines() -> None:
    args = SimpleNamespace(data_csv="a.csv", data_json="a.json", data_jsonl="a.jsonl")
    assert chosen_data_file(args).option == "data_csv"
    args.data_csv = None
    assert chosen_data_file(args).option == "data_json"
    args.data_json = None
    assert chosen_data_file(args).option == "data_jsonl"
    args.data_jsonl = None
    assert chosen_data_file(args) is None


@pytest.mark.parametrize("name", ["data.csv", "data.jsonl"])
def test_a_long_file_is_read_as_items_are_asked_for(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    good = "text\nfirst\n" if name.endswith("csv") else '{"text": "first"}\n'
    bad = "a,b\n" if name.endswith("csv") else "[]\n"
    path.write_text(good + bad)
    reader = read_csv if name.endswith("csv") else read_jsonl
    items = DataFile("data", path, reader).items()
    assert next(items) == {"text": "first"}
    with pytest.raises(ConfigError):
        next(items)


def test_a_cell_may_hold_a_whole_document(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    document = "word, " * 100_000
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["text"], [document]])
    path.write_text(buffer.getvalue(), "utf-8")
    [item] = read_csv(path)
    assert not isinstance(item, Problem)
    assert item["text"] == document
