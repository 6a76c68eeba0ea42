"""What all tables share: the database they are bound to, and the field types of the house."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from peewee import AutoField, BigIntegerField, DatabaseProxy, Model, TextField

from mephisto_engine.clock import from_ms, to_ms

_in_use: ContextVar[Any] = ContextVar("in_use")


class DatabaseInUse(DatabaseProxy):
    """Stands for the database that whoever runs a query has said it is for.

    The tables belong to no database of their own: several can be open in a process, and a query
    that was told of none is an error, never a look into the wrong one.
    """

    @property
    def obj(self) -> Any:
        """The database of the innermost `using`; None outside of any."""
        return _in_use.get(None)

    @obj.setter
    def obj(self, value: None) -> None:
        """Peewee begins with nothing; `using` alone says what is in use."""

    @property
    def told(self) -> Any:
        """The same; an error outside of any `using`."""
        found = self.obj
        if found is None:
            raise LookupError("A query was run outside of MephistoDB.read and of an operation.")
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.told, name)

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        rows: list[tuple[Any, ...]] = self.told.fetch(sql, values)
        return rows

    def stream(self, query: Any) -> Iterator[tuple[Any, ...]]:
        """Rows of a query as they are stored, one at a time."""
        rows: Iterator[tuple[Any, ...]] = self.told.stream(query)
        return rows

    @contextmanager
    def using(self, database: Any) -> Iterator[None]:
        """For the time of the block the queries of this thread, or task, are for ``database``."""
        before = _in_use.set(database)
        try:
            yield
        finally:
            _in_use.reset(before)


database: DatabaseInUse = DatabaseInUse()


class UtcField(BigIntegerField):
    """An aware UTC datetime, stored as whole milliseconds since the epoch.

    Integers sort, compare and index alike on SQLite and PostgreSQL, and cost no parsing.
    """

    def db_value(self, value: Any) -> int | None:
        """Accepts a datetime, or milliseconds as they come from a compiled query."""
        if isinstance(value, datetime):
            return to_ms(value)
        return None if value is None else int(value)

    def python_value(self, value: Any) -> datetime | None:
        """Milliseconds as stored, as an aware datetime."""
        return None if value is None else from_ms(value)


class JsonField(TextField):
    """Any JSON value, stored as compact text."""

    def db_value(self, value: Any) -> str | None:
        """The value as JSON text."""
        return None if value is None else orjson.dumps(value).decode()

    def python_value(self, value: Any) -> Any:
        """The decoded JSON value."""
        return None if value is None else orjson.loads(value)


class Table(Model):
    """Base of all tables."""

    if TYPE_CHECKING:
        id: AutoField[int]

    class Meta:
        database = database
        legacy_table_names = False
