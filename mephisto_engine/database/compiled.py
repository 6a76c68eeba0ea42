"""Peewee queries compiled once.

Building a query costs Peewee 50–100 µs, running it costs SQLite 5 µs. The operations on a worker's
way through the house are therefore built once from the models, with a `Param` wherever a value
will stand, and run as SQL text with the values filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from peewee import SQL, Database, NodeList, Query, Value

from mephisto_engine.data_model.base import database as in_use


class Param:
    """A place in a query that is filled when it is run."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


def param(name: str) -> Value:
    """A named place in a query; the value given for it is passed to the driver as it is."""
    return Value(Param(name), converter=False)


def unindexed(column: Any) -> NodeList:
    """The column where no index is used for it: one that would find most of a table's rows."""
    return NodeList((SQL("+"), column), glue="")


class Compiled:
    """A query whose SQL text is made at first use; one instance a query, at module level."""

    __slots__ = ("_build", "_names", "_sql")

    def __init__(self, build: Callable[[], Query]) -> None:
        self._build = build
        self._sql: dict[type[Database], str] = {}
        self._names: list[Any] = []

    def sql(self, database: Database) -> str:
        """The SQL text in the dialect of ``database``."""
        kind = type(database)
        text = self._sql.get(kind)
        if text is None:
            with in_use.using(database):
                text, values = database.get_sql_context().sql(self._build()).query()
            self._names = list(values)
            self._sql[kind] = text
        return text

    def values(self, given: dict[str, Any]) -> list[Any]:
        """The driver's parameters, in order, from values by name."""
        return [given[item.name] if isinstance(item, Param) else item for item in self._names]

    def fetch(self, **given: Any) -> list[tuple[Any, ...]]:
        """All rows, in the database of the `MephistoDB.read` that this is called in."""
        return in_use.fetch(self.sql(in_use.told), self.values(given))

    def stream(self, **given: Any) -> Iterator[tuple[Any, ...]]:
        """The same, one row at a time."""
        database = in_use.told
        return iter(database.execute_sql(self.sql(database), self.values(given)))
