"""Writing the journal: rows chained by hash, added in the transaction that makes the change.

Each row's ``chain`` is BLAKE2b-128 over the chain of the row before it and the row's own columns,
so that a row which was changed or taken out afterwards shows (`doctor` verifies it).
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import orjson

from mephisto_engine.data_model import Event

FIRST_LINK = "0" * 32

COLUMNS = (
    "at",
    "kind",
    "actor",
    "task_run",
    "subject",
    "subject_id",
    "before",
    "after",
    "data",
)

Row = tuple[int, str, str, int | None, str, int, str | None, str | None, str | None]


def link(previous: str, row: Row) -> str:
    """The chain value of ``row`` after a row whose chain value is ``previous``."""
    return blake2b(previous.encode() + orjson.dumps(row), digest_size=16).hexdigest()


class JournalWriter:
    """Events of one transaction, held until it ends so that they go in with one statement."""

    __slots__ = ("_chain", "_rows")

    def __init__(self, chain: str) -> None:
        self._chain = chain
        self._rows: list[tuple[Any, ...]] = []

    def add(self, row: Row) -> None:
        """Append one event."""
        self._chain = link(self._chain, row)
        self._rows.append((*row, self._chain))

    def mark(self) -> tuple[int, str]:
        """Where the journal stands now, for `rewind`."""
        return len(self._rows), self._chain

    def rewind(self, mark: tuple[int, str]) -> None:
        """Drop what was added since ``mark`` (its operation failed)."""
        count, self._chain = mark
        del self._rows[count:]

    def take(self) -> list[tuple[Any, ...]]:
        """The rows to insert, in order."""
        rows, self._rows = self._rows, []
        return rows


def first_break(rows: Iterable[tuple[Any, ...]]) -> int | None:
    """Id of the first event whose chain does not fit, given ``(id, *COLUMNS, chain)`` in order."""
    previous = FIRST_LINK
    for number, *columns, chain in rows:
        if link(previous, tuple(columns)) != chain:
            return int(number)
        previous = chain
    return None


def insert_sql() -> str:
    """Positional INSERT for the rows that `JournalWriter.take` gives."""
    fields = [Event._meta.fields[name].column_name for name in (*COLUMNS, "chain")]
    columns = ", ".join(f'"{name}"' for name in fields)
    marks = ", ".join("?" * len(fields))
    return f'INSERT INTO "{Event._meta.table_name}" ({columns}) VALUES ({marks})'
