"""Datasets as one file of rows: JSON Lines, CSV, Parquet."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson

from mephisto_engine.cells import safe_cell
from mephisto_engine.errors import ConfigError
from mephisto_engine.operations.packaging.columns import Columns
from mephisto_engine.operations.packaging.rows import Row, as_json

ROW_GROUP: Final = 5000
GROUP_CHARACTERS: Final = 32 * 2**20
"""Rows, and characters in them, that are in memory together while a Parquet file is written."""


def write_jsonl(parts: Sequence[Path], columns: Columns, path: Path) -> None:
    """One JSON object a line, UTF-8: the whole of each row."""
    with path.open("wb") as file:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, file)


def rows_of(parts: Iterable[Path]) -> Iterator[Row]:
    """The rows in files of JSON lines, one after the other."""
    for part in parts:
        with part.open("rb") as file:
            yield from map(orjson.loads, file)


def write_csv(parts: Sequence[Path], columns: Columns, path: Path) -> None:
    """RFC 4180 in UTF-8: a title line, then one a row; texts are made harmless by `safe_cell`.

    Empty cells are nulls or empty texts; what is neither text nor number is JSON.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        # With another line end, a carriage return in a cell would not be quoted.
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([safe_cell(title) for title in columns.types()])
        for cells in columns.cells(rows_of(parts)):
            writer.writerow([_cell(value) for value in cells])


def write_parquet(parts: Sequence[Path], columns: Columns, path: Path) -> None:
    """One Parquet file, typed where all values of a column are of one type.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    pyarrow, parquet = _pyarrow()
    types = columns.types()
    schema = pyarrow.schema([(title, _arrow_type(pyarrow, kind)) for title, kind in types.items()])
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _groups(columns.cells(rows_of(parts))):
            series = zip(types.values(), schema, zip(*group, strict=True), strict=True)
            arrays = [
                pyarrow.array(_converted(kind, values), type=item.type)
                for kind, item, values in series
            ]
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))


def check_parquet() -> None:
    """See to it, before any work, that Parquet can be written.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    _pyarrow()


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ConfigError(
            "Parquet needs the package pyarrow.", "pip install 'mephisto-tui[parquet]'"
        ) from error
    return pyarrow, parquet


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return safe_cell(value)
    return "" if value is None else as_json(value).decode()


def _groups(rows: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
    group: list[list[Any]] = []
    size = 0
    for cells in rows:
        group.append(cells)
        size += sum(len(cell) for cell in cells if isinstance(cell, str))
        if len(group) >= ROW_GROUP or size >= GROUP_CHARACTERS:
            yield group
            group, size = [], 0
    if group:
        yield group


def _arrow_type(pyarrow: Any, kind: str) -> Any:
    return {
        "int": pyarrow.int64(),
        "long": pyarrow.int64(),
        "float": pyarrow.float64(),
        "bool": pyarrow.bool_(),
        "time": pyarrow.timestamp("ms", tz="UTC"),
    }.get(kind, pyarrow.string())


def _converted(kind: str, values: tuple[Any, ...]) -> list[Any]:
    if kind == "time":
        return [None if text is None else datetime.fromisoformat(text) for text in values]
    if kind == "float":
        return [None if number is None else float(number) for number in values]
    return list(values)
