"""From rows to columns, for formats that are tables.

The parts of an answer become columns of their own (`outputs.label`); what is nested deeper is
JSON text in a cell. A column is typed if all its values are of one type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mephisto_engine.operations.packaging.rows import Row, as_json

MOST_COLUMNS: Final = 500
"""More different fields than this are one column of JSON: they are data, not a schema."""

FIXED: Final = {
    "unit_id": "int",
    "assignment_id": "int",
    "task_run_id": "int",
    "task_name": "str",
    "item_index": "int",
    "unit_index": "int",
    "kind": "str",
    "requeued_from": "int",
    "is_right": "bool",
    "expected": "json",
    "status": "str",
    "agent_id": "int",
    "agent_status": "str",
    "worker": "str",
    "provider_type": "str",
    "pay_cents": "int",
    "started_at": "time",
    "submitted_at": "time",
    "verdict": "str",
    "review_note": "str",
    "bonus_cents": "int",
    "metadata": "json",
    "files": "json",
}
_EXACT: Final = 2**53
"""Whole numbers up to this are floats, too, without losing a digit."""
_LARGEST: Final = 2**63


@dataclass
class Columns:
    """The columns that the rows of a table have, with the type of each."""

    fixed: Mapping[str, str] = field(default_factory=lambda: FIXED)
    """Those that every row has."""
    parts: dict[str, dict[str, str]] = field(default_factory=dict)
    """Part of the answer (`inputs`, `outputs` …) → field → type; the field of a whole is empty."""

    def see(self, row: Row) -> None:
        """Note the fields of one row."""
        for part, value in row.get("data", {}).items():
            known = self.parts.setdefault(part, {})
            items = value.items() if isinstance(value, dict) else [("", value)]
            for name, item in items:
                self._add(known, name, type_of(item))

    def merge(self, other: Columns) -> None:
        """Add what other rows had."""
        for part, fields in other.parts.items():
            known = self.parts.setdefault(part, {})
            for name, kind in fields.items():
                self._add(known, name, kind)

    def types(self) -> dict[str, str]:
        """Title → type of all columns, the fixed ones first."""
        found = dict(self.fixed)
        for part, fields in self.parts.items():
            if _is_whole(fields):
                found[_title(part, "", found)] = "json"
                continue
            for name, kind in fields.items():
                found[_title(part, name, found)] = kind or "str"
        return found

    def cells(self, rows: Iterable[Row]) -> Iterator[list[Any]]:
        """The values of each row, in the order of `types`; values of ``json`` columns as text."""
        titles = self.types()
        json_places = [place for place, kind in enumerate(titles.values()) if kind == "json"]
        for row in rows:
            values = [*(_fixed(row, name) for name in self.fixed), *self._own(row)]
            for place in json_places:
                if values[place] is not None:
                    values[place] = as_json(values[place]).decode()
            yield values

    def _own(self, row: Row) -> Iterator[Any]:
        for part, fields in self.parts.items():
            value = row.get("data", {}).get(part)
            if _is_whole(fields):
                yield value
                continue
            for name in fields:
                yield value.get(name) if isinstance(value, dict) else None

    def _add(self, known: dict[str, str], name: str, kind: str) -> None:
        if name in known:
            known[name] = _common(known[name], kind)
        elif len(known) <= MOST_COLUMNS:
            known[name] = kind


def type_of(value: Any) -> str:
    """Type of a column that has only such values; empty for null, which fits every type."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        if abs(value) <= _EXACT:
            return "int"
        return "long" if -_LARGEST <= value < _LARGEST else "json"
    if isinstance(value, float):
        return "float"
    return "str" if isinstance(value, str) else "json"


_WIDER: Final = {frozenset({"int", "float"}): "float", frozenset({"int", "long"}): "long"}


def _common(one: str, other: str) -> str:
    if one == other or not other:
        return one
    if not one:
        return other
    return _WIDER.get(frozenset({one, other}), "json")


def _is_whole(fields: dict[str, str]) -> bool:
    """Whether a part of the answer is one column: it is no object, or has too many fields."""
    return "" in fields or len(fields) > MOST_COLUMNS


def _title(part: str, name: str, taken: dict[str, str]) -> str:
    """A title that no other column has; fields may be named in any way."""
    title = f"{part}.{name}" if name else part
    while title in taken:
        title += "_"
    return title


_OF_REVIEW: Final = {
    "verdict": "verdict",
    "review_note": "note",
    "bonus_cents": "bonus_cents",
}


def _fixed(row: Row, name: str) -> Any:
    if name in row:
        return row[name]
    return (row["review"] or {}).get(_OF_REVIEW[name])
