"""What all tables share: the database they are bound to, and the field types of the house."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from peewee import AutoField, BigIntegerField, DatabaseProxy, Model, TextField

from mephisto_engine.clock import from_ms, to_ms

database: DatabaseProxy = DatabaseProxy()
"""Bound by `MephistoDB.open`; one database is open in a process at a time."""


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
