"""What an operation works with: the writer's connection, the time, the journal, the moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import orjson
import peewee
from peewee import Database, Query

from mephisto_engine.clock import to_ms
from mephisto_engine.data_model import TABLES, Event, Table
from mephisto_engine.data_model.status import START, is_allowed
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.journal import FIRST_LINK, JournalWriter, insert_sql
from mephisto_engine.errors import NotFoundError, StateError

exception_wrapper: Any = getattr(peewee, "__exception_wrapper__")  # noqa: B009
"""Turns the driver's errors into Peewee's; the writer puts it around each operation."""

_MODELS: dict[str, type[Table]] = {model._meta.table_name: model for model in TABLES}


@cache
def _status_of(table: str) -> Compiled:
    model: Any = _MODELS[table]
    return Compiled(lambda: model.select(model.status).where(model.id == param("id")))


@cache
def _move_one(table: str, columns: tuple[str, ...]) -> Compiled:
    model: Any = _MODELS[table]
    changes = {name: param(name) for name in ("status", "status_at", *columns)}
    return Compiled(
        lambda: model.update(changes).where(
            (model.id == param("id")) & (model.status == param("source"))
        )
    )


@cache
def _move_range(table: str) -> Compiled:
    model: Any = _MODELS[table]
    changes = {"status": param("status"), "status_at": param("status_at")}
    return Compiled(
        lambda: model.update(changes).where(
            (model.id >= param("first"))
            & (model.id <= param("last"))
            & (model.status == param("source"))
        )
    )


@cache
def _insert(table: str, columns: tuple[str, ...]) -> Compiled:
    model: Any = _MODELS[table]
    row = {getattr(model, name): param(name) for name in columns}
    return Compiled(lambda: model.insert(row))


_LAST_CHAIN = Compiled(lambda: Event.select(Event.chain).order_by(Event.id.desc()).limit(1))


class Transaction:
    """One transaction of the writer thread; operations get it as their first argument."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database = database
        # Asked for once: Peewee's own way to a cursor costs as much as a small statement.
        self._connection = database.connection()
        self.now = now
        self.now_ms = to_ms(now)
        last = self.one(_LAST_CHAIN)
        self.journal = JournalWriter(last[0] if last else FIRST_LINK)

    def run(self, query: Compiled, **values: Any) -> Any:
        """Run a compiled query; the DB-API cursor comes back."""
        return self._connection.execute(query.sql(self.database), query.values(values))

    def one(self, query: Compiled, **values: Any) -> tuple[Any, ...] | None:
        """First row of a compiled query, or None."""
        row: tuple[Any, ...] | None = self.run(query, **values).fetchone()
        return row

    def all(self, query: Compiled, **values: Any) -> list[tuple[Any, ...]]:
        """All rows of a compiled query."""
        rows: list[tuple[Any, ...]] = self.run(query, **values).fetchall()
        return rows

    def select(self, query: Query) -> Any:
        """Run a Peewee query on the writer's connection."""
        return query.execute(self.database)

    def insert(self, table: str, **columns: Any) -> int:
        """Add a row (JSON columns as text, times as milliseconds); its id comes back."""
        cursor = self.run(_insert(table, tuple(columns)), **columns)
        return int(cursor.lastrowid)

    def insert_many(
        self, table: str, columns: tuple[str, ...], rows: Iterable[Sequence[Any]]
    ) -> None:
        """Add many rows with one prepared statement; values as in `insert`, in column order."""
        query = _insert(table, columns)
        text = query.sql(self.database)
        order = [columns.index(item.name) for item in query._names]
        self.run_many(text, ([row[place] for place in order] for row in rows))

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row of values, prepared once."""
        self._connection.executemany(sql, rows)

    def next_id(self, table: str) -> int:
        """The id from which this transaction may number new rows of a table itself."""
        sql = f'SELECT coalesce(max("id"), 0) + 1 FROM "{table}"'
        return int(self.database.execute_sql(sql).fetchone()[0])

    def record(
        self,
        kind: str,
        subject: str,
        subject_id: int,
        *,
        run: int | None = None,
        actor: str = "engine",
        before: str | None = None,
        after: str | None = None,
        data: Any = None,
    ) -> None:
        """Add a row to the journal."""
        text = None if data is None else orjson.dumps(data).decode()
        self.journal.add((self.now_ms, kind, actor, run, subject, subject_id, before, after, text))

    def status(self, table: str, row_id: int) -> str:
        """Stored status of a row.

        Raises:
            NotFoundError: there is no such row.
        """
        row = self.one(_status_of(table), id=row_id)
        if row is None:
            raise NotFoundError(f"There is no {table} {row_id}.")
        return str(row[0])

    def move(
        self,
        table: str,
        row_id: int,
        to: str,
        *,
        source: str | None = None,
        run: int | None = None,
        actor: str = "engine",
        data: Any = None,
        **columns: Any,
    ) -> str:
        """Change a status along the table of moves and write the journal row; the one way to do it.

        Args:
            table: table name, as in `MOVES`.
            row_id: which row.
            to: the new status.
            source: what the caller knows the status to be; read if not given.
            run: run that the journal row belongs to.
            actor: who caused it.
            data: details for the journal.
            **columns: other columns that change with the status.

        Returns:
            The status before.

        Raises:
            StateError: the table of moves has no such edge, or the row is not in ``source``.
        """
        before = self.status(table, row_id) if source is None else source
        if not is_allowed(table, before, to):
            raise StateError(f"{table} {row_id} is {before!r} and cannot become {to!r}.")
        cursor = self.run(
            _move_one(table, tuple(columns)),
            id=row_id,
            source=before,
            status=to,
            status_at=self.now_ms,
            **columns,
        )
        if cursor.rowcount != 1:
            found = self.status(table, row_id)
            raise StateError(f"{table} {row_id} is {found!r}, not {before!r} as expected.")
        self.record(
            _kind(table, to),
            table,
            row_id,
            run=run,
            actor=actor,
            before=before,
            after=to,
            data=data,
        )
        return before

    def move_many(
        self,
        table: str,
        ids: Sequence[int],
        source: str,
        to: str,
        *,
        run: int | None = None,
        actor: str = "engine",
        data: dict[str, Any] | None = None,
    ) -> None:
        """Move many rows of one status at once; one journal row names them as ranges of ids.

        Raises:
            StateError: the edge is not allowed, or a row was not in ``source``; nothing has moved.
        """
        if not ids:
            return
        if not is_allowed(table, source, to):
            raise StateError(f"{table} rows are {source!r} and cannot become {to!r}.")
        ranges = as_ranges(ids)
        moved = sum(
            self.run(
                _move_range(table),
                first=first,
                last=last,
                source=source,
                status=to,
                status_at=self.now_ms,
            ).rowcount
            for first, last in ranges
        )
        if moved != len(ids):
            raise StateError(f"{len(ids) - moved} of {len(ids)} {table} rows are not {source!r}.")
        self.record(
            _kind(table, to),
            table,
            ids[0],
            run=run,
            actor=actor,
            before=source,
            after=to,
            data={"ranges": ranges, **(data or {})},
        )

    def begin(
        self,
        table: str,
        row_id: int,
        status: str,
        *,
        run: int | None = None,
        actor: str = "engine",
        data: Any = None,
    ) -> None:
        """Journal the first status of a row that was just added with it."""
        if not is_allowed(table, START, status):
            raise StateError(f"A {table} cannot begin as {status!r}.")
        self.record(
            _kind(table, "created"), table, row_id, run=run, actor=actor, after=status, data=data
        )

    def flush(self) -> None:
        """Write the journal rows; the writer calls it just before the commit."""
        rows = self.journal.take()
        if rows:
            self.run_many(insert_sql(), rows)


def as_ranges(ids: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending ids as inclusive ranges without gaps."""
    ranges: list[tuple[int, int]] = []
    first = last = ids[0]
    for number in ids[1:]:
        if number != last + 1:
            ranges.append((first, last))
            first = number
        last = number
    ranges.append((first, last))
    return ranges


def _kind(table: str, to: str) -> str:
    noun = "run" if table == "task_run" else table
    return f"{noun}.{to.replace(' ', '_')}"
