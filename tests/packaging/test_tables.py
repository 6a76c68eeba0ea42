"""Whatever workers hand in, every format can hold it and gives it back."""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from mephisto_engine.cells import FORMULA_STARTS, plain_cell
from mephisto_engine.operations.packaging.columns import FIXED, Columns
from mephisto_engine.operations.packaging.tables import write_csv, write_jsonl, write_parquet

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
DATA = st.fixed_dictionaries(
    {"inputs": st.dictionaries(TEXT, VALUES, max_size=3), "outputs": VALUES},
    optional={"agent_name": VALUES, "unit_id": VALUES},
)


def row(number: int, data: Any) -> dict[str, Any]:
    blank: dict[str, Any] = dict.fromkeys(FIXED)
    for name in ("verdict", "review_note", "bonus_cents"):
        del blank[name]
    moment = "2026-01-02T03:04:05.678+00:00"
    own = {"unit_id": number, "started_at": moment, "metadata": {}, "files": [], "review": None}
    return {**blank, **own, "data": data}


def as_stored(rows: list[Any]) -> tuple[list[bytes], Columns]:
    columns, lines = Columns(), []
    for number, data in enumerate(rows):
        made = row(number, data)
        columns.see(made)
        lines.append(orjson.dumps(made))
    return lines, columns


def expected(data: Any, title: str, columns: Columns) -> Any:
    """The value behind a column, by its place and not by its title."""
    place = list(columns.types()).index(title) - len(FIXED)
    names = [
        (part, None if "" in fields else name)
        for part, fields in columns.parts.items()
        for name in ([""] if "" in fields else fields)
    ]
    part, name = names[place]
    value = data.get(part)
    return value if name is None else value.get(name) if isinstance(value, dict) else None


@settings(max_examples=150, deadline=None)
@given(st.lists(DATA, min_size=1, max_size=5))
def test_every_answer_fits_into_every_table(rows: list[Any]) -> None:
    csv.field_size_limit(sys.maxsize)
    lines, columns = as_stored(rows)
    with tempfile.TemporaryDirectory() as folder:
        part, target = Path(folder) / "part", Path(folder) / "table"
        part.write_bytes(b"\n".join([*lines, b""]))
        write_jsonl([part], columns, target)
        text = target.read_text("utf-8")
        assert [json.loads(line)["data"] for line in text.split("\n") if line] == [
            orjson.loads(orjson.dumps(data)) for data in rows
        ]
        write_csv([part], columns, target)
        _check_csv(target, rows, columns)
        write_parquet([part], columns, target)
        _check_parquet(target, rows, columns)


def _check_csv(path: Path, rows: list[Any], columns: Columns) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        titles, *found = csv.reader(file)
    types = columns.types()
    assert [plain_cell(title) for title in titles] == list(types)
    assert len(found) == len(rows)
    for cells, data in zip(found, rows, strict=True):
        for (title, kind), cell in list(zip(types.items(), cells, strict=True))[len(FIXED) :]:
            if kind in ("str", "json"):
                assert cell[:1] not in FORMULA_STARTS or not cell
            value = expected(data, title, columns)
            if isinstance(value, str) and kind == "str":
                assert plain_cell(cell) == value
            elif value is not None:
                assert json.loads(plain_cell(cell)) == json.loads(orjson.dumps(value))


def _check_parquet(path: Path, rows: list[Any], columns: Columns) -> None:
    table = parquet.read_table(path)
    assert table.num_rows == len(rows)
    for place, (title, kind) in enumerate(columns.types().items()):
        if place < len(FIXED):
            continue
        for value, data in zip(table.column(place).to_pylist(), rows, strict=True):
            wanted = expected(data, title, columns)
            if kind == "json" and value is not None:
                value = json.loads(value)
                wanted = json.loads(orjson.dumps(wanted))
            assert value == wanted
