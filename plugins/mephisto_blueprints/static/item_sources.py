"""Readers of data files: each gives the items one after another, and what is wrong in between.

A reader never holds more than the item at hand (JSON excepted, which is one value as a whole), so
the same reader serves for checking a file before the launch and for feeding a run from it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from mephisto_blueprints.static.args import given, key
from mephisto_engine.errors import ConfigError, Problem

Item = dict[str, Any]
Reader = Callable[[Path], Iterator[Item | Problem]]

MAX_PROBLEMS = 10
"""How many problems of one file are reported; after that a person wants to look at the file."""

_BOM = b"\xef\xbb\xbf"
_MAX_CELL_CHARACTERS = 16 * 2**20


@dataclass(frozen=True)
class DataFile:
    """The data file of a launch config."""

    option: str
    """The option that names it."""
    path: Path
    reader: Reader

    def read(self) -> Iterator[Item | Problem]:
        """Items in the file's order; a problem in place of an item that cannot be used."""
        try:
            yield from self.reader(self.path)
        except OSError as error:
            reason = error.strerror or str(error)
            yield Problem(key(self.option), f"cannot read {self.path}: {reason}")

    def items(self) -> Iterator[Item]:
        """The items, read as they are asked for.

        Raises:
            ConfigError: at the first thing that is wrong (the file changed after it was checked).
        """
        for found in self.read():
            if isinstance(found, Problem):
                raise ConfigError([found])
            yield found


def data_file_at(path: Path) -> DataFile:
    """A data file that no option names; its ending says what it is.

    Raises:
        ConfigError: the ending says nothing.
    """
    option = f"data_{path.suffix.lower().removeprefix('.')}"
    if option not in _READERS:
        endings = ", ".join(name.replace("data_", ".") for name in _READERS)
        raise ConfigError([Problem(str(path), "is no data file by its name", f"one of {endings}")])
    return DataFile(option, path, _READERS[option])


@dataclass
class Scan:
    """What one pass over all items has found."""

    problems: list[Problem] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    """Every field that at least one item has."""
    item_count: int = 0


def chosen_data_file(args: Any) -> DataFile | None:
    """The data file that the options name; CSV goes before JSON before JSON Lines."""
    for option, reader in _READERS.items():
        path = given(args, option)
        if path:
            return DataFile(option, Path(path).expanduser(), reader)
    return None


def scan(data_file: DataFile) -> Scan:
    """Read the whole file once, up to its tenth problem."""
    result = Scan()
    for found in data_file.read():
        if isinstance(found, Problem):
            result.problems.append(found)
            if len(result.problems) == MAX_PROBLEMS:
                break
        else:
            result.item_count += 1
            result.fields.update(found)
    if not result.item_count and not result.problems:
        result.problems.append(Problem(str(data_file.path), "has no items"))
    return result


def read_csv(path: Path) -> Iterator[Item | Problem]:
    """Rows as dictionaries of texts; rows are counted as a spreadsheet does, the header being 1."""
    # The limit is the process's own and too small for a document in a cell (128 KiB).
    csv.field_size_limit(max(csv.field_size_limit(), _MAX_CELL_CHARACTERS))
    # Bytes that are no UTF-8 come through as lone surrogates and are then found cell by cell.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        rows = _numbered_rows(path, csv.reader(file, strict=True))
        first = next(rows, None)
        if first is None:
            yield Problem(str(path), "is empty", "the first row names the columns")
        elif isinstance(first, Problem):
            yield first
        else:
            number, header = first
            faults = list(_header_faults(path, number, header))
            yield from faults or _csv_items(path, header, rows)


Row = tuple[int, list[str]]


def _numbered_rows(path: Path, reader: Iterator[list[str]]) -> Iterator[Row | Problem]:
    number = 0
    try:
        for number, row in enumerate(reader, start=1):
            if row:
                yield number, row
    except csv.Error as error:
        yield Problem(f"{path}:{number + 1}", f"is not CSV: {error}", "see to its quotes")


def _header_faults(path: Path, number: int, header: Sequence[str]) -> Iterator[Problem]:
    for column, name in enumerate(header, start=1):
        where = f"{path}:{number}:{column}"
        if not name.strip():
            yield Problem(where, "the column has no name", "the first row names the columns")
        elif name in header[: column - 1]:
            earlier = header.index(name) + 1
            yield Problem(where, f"the name {name!r} is already that of column {earlier}")
        elif not _is_text(name):
            yield Problem(where, "the column's name is not UTF-8 text")


def _csv_items(
    path: Path, header: Sequence[str], rows: Iterator[Row | Problem]
) -> Iterator[Item | Problem]:
    for row in rows:
        yield row if isinstance(row, Problem) else _csv_item(path, header, *row)


def _csv_item(path: Path, header: Sequence[str], number: int, cells: list[str]) -> Item | Problem:
    if len(cells) != len(header):
        column = min(len(cells), len(header)) + 1
        shape = f"the row has {len(cells)} cells, the header {len(header)}"
        missing = f": no {header[column - 1]!r}" if len(cells) < len(header) else ""
        hint = "a cell with a comma in it needs quotes" if not missing else ""
        return Problem(f"{path}:{number}:{column}", shape + missing, hint)
    for column, cell in enumerate(cells, start=1):
        if not _is_text(cell):
            name = header[column - 1]
            return Problem(
                f"{path}:{number}:{column}", f"{name!r} is not UTF-8 text", "save the file as UTF-8"
            )
    return dict(zip(header, cells, strict=True))


def _is_text(cell: str) -> bool:
    if cell.isascii():
        return True
    return not any("\udc80" <= character <= "\udcff" for character in cell)


def read_json(path: Path) -> Iterator[Item | Problem]:
    """The objects of one JSON list."""
    content = path.read_bytes().removeprefix(_BOM)
    if not content.strip():
        yield Problem(str(path), "is empty", "a list of objects")
        return
    try:
        items = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        yield Problem(f"{path}:{error.lineno}:{error.colno}", f"is not JSON: {error.msg}")
        return
    if not isinstance(items, list):
        yield Problem(str(path), f"holds {_kind(items)}", "a list of objects")
        return
    for number, item in enumerate(items, start=1):
        yield item if isinstance(item, dict) else _no_object(f"{path}: item {number}", item)


def read_jsonl(path: Path) -> Iterator[Item | Problem]:
    """One object a line; empty lines are passed over."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            line = raw.removeprefix(_BOM) if number == 1 else raw
            if line.strip():
                yield _jsonl_item(f"{path}:{number}", line)


def _jsonl_item(where: str, line: bytes) -> Item | Problem:
    try:
        item = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Problem(f"{where}:{error.colno}", f"is not JSON: {error.msg}")
    return item if isinstance(item, dict) else _no_object(where, item)


def _no_object(where: str, item: Any) -> Problem:
    return Problem(where, f"is {_kind(item)}", 'an object, such as {"text": "…"}')


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")


_READERS: dict[str, Reader] = {
    "data_csv": read_csv,
    "data_json": read_json,
    "data_jsonl": read_jsonl,
}

DATA_OPTIONS = tuple(_READERS)
"""The options that name a data file; the first that is given counts."""
