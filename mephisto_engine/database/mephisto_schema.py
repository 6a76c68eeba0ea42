"""The tables of Mephisto's own database file (`database.db`), for reading and writing such files.

Columns and names are those of Mephisto 1.1; what later versions added is null where it is missing.
Sums of money are in dollars there: they are read and written as text, never as floats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from peewee import (
    SQL,
    AutoField,
    BooleanField,
    Field,
    IntegerField,
    Model,
    SqliteDatabase,
    Table,
    TextField,
    fn,
)

from mephisto_engine.cents import amount
from mephisto_engine.database.compiled import Compiled, param


class DollarField(Field):
    """Dollars in a FLOAT column, as cents here."""

    field_type = "FLOAT"

    def db_value(self, value: Any) -> str | None:
        """Cents as a decimal text, which SQLite turns into its own number."""
        return None if value is None else amount(value)

    def python_value(self, value: Any) -> Decimal | None:
        """Cents; a fraction of one is kept."""
        return None if value is None else Decimal(str(value)) * 100


class _Row(Model):
    """Columns come in Mephisto's own order: its migrations copy rows by the place of a column."""


def _creation_date() -> TextField:
    return TextField(null=True, constraints=[SQL("DEFAULT CURRENT_TIMESTAMP")])


class Projects(_Row):
    """Groups of tasks."""

    project_id = AutoField()
    project_name = TextField(unique=True)
    creation_date = _creation_date()


class Tasks(_Row):
    """Types of work."""

    task_id = AutoField()
    task_name = TextField(unique=True)
    task_type = TextField()
    project_id = IntegerField(null=True)
    parent_task_id = IntegerField(null=True)
    creation_date = _creation_date()


class Requesters(_Row):
    """Accounts."""

    requester_id = AutoField()
    requester_name = TextField(unique=True)
    provider_type = TextField()
    creation_date = _creation_date()


class TaskRuns(_Row):
    """Launches of tasks."""

    task_run_id = AutoField()
    task_id = IntegerField()
    requester_id = IntegerField()
    init_params = TextField()
    """A JSON text that contains the config as YAML."""
    is_completed = BooleanField()
    provider_type = TextField()
    task_type = TextField()
    sandbox = BooleanField()
    creation_date = _creation_date()

    class Meta:
        table_name = "task_runs"


class Assignments(_Row):
    """Items of task data."""

    assignment_id = AutoField()
    task_id = IntegerField()
    task_run_id = IntegerField()
    requester_id = IntegerField()
    task_type = TextField()
    provider_type = TextField()
    sandbox = BooleanField()
    creation_date = _creation_date()


class Units(_Row):
    """Contributions of one worker each."""

    unit_id = AutoField()
    assignment_id = IntegerField()
    unit_index = IntegerField()
    pay_amount = DollarField()
    provider_type = TextField()
    status = TextField()
    agent_id = IntegerField(null=True)
    worker_id = IntegerField(null=True)
    task_type = TextField()
    task_id = IntegerField()
    task_run_id = IntegerField()
    sandbox = BooleanField()
    requester_id = IntegerField()
    creation_date = _creation_date()

    class Meta:
        indexes = ((("assignment_id", "unit_index"), True),)


class Workers(_Row):
    """Persons."""

    worker_id = AutoField()
    worker_name = TextField(unique=True)
    provider_type = TextField()
    creation_date = _creation_date()


class Agents(_Row):
    """Workers on units."""

    agent_id = AutoField()
    worker_id = IntegerField()
    unit_id = IntegerField()
    task_id = IntegerField()
    task_run_id = IntegerField()
    assignment_id = IntegerField()
    task_type = TextField()
    provider_type = TextField()
    status = TextField()
    creation_date = _creation_date()


class OnboardingAgents(_Row):
    """Workers on qualifying tasks."""

    onboarding_agent_id = AutoField()
    worker_id = IntegerField()
    task_id = IntegerField()
    task_run_id = IntegerField()
    task_type = TextField()
    status = TextField()
    creation_date = _creation_date()

    class Meta:
        table_name = "onboarding_agents"


class Qualifications(_Row):
    """Kinds of labels."""

    qualification_id = AutoField()
    qualification_name = TextField(unique=True)
    creation_date = _creation_date()


class GrantedQualifications(_Row):
    """Workers' labels."""

    granted_qualification_id = AutoField()
    worker_id = IntegerField()
    qualification_id = IntegerField()
    value = IntegerField()
    creation_date = _creation_date()

    class Meta:
        table_name = "granted_qualifications"
        indexes = ((("worker_id", "qualification_id"), True),)


class UnitReview(_Row):
    """The log of decisions, as it was before later versions renamed it themselves."""

    id = AutoField()
    unit_id = IntegerField()
    worker_id = IntegerField()
    task_id = IntegerField()
    status = TextField()
    review_note = TextField(null=True)
    bonus = IntegerField(null=True)
    blocked_worker = BooleanField(null=True)
    updated_qualification_id = IntegerField(null=True)
    updated_qualification_value = IntegerField(null=True)
    revoked_qualification_id = IntegerField(null=True)
    created_at = _creation_date()

    class Meta:
        table_name = "unit_review"


MEPHISTO_TABLES: tuple[type[_Row], ...] = (
    Projects,
    Tasks,
    Requesters,
    TaskRuns,
    Assignments,
    Units,
    Workers,
    Agents,
    OnboardingAgents,
    Qualifications,
    GrantedQualifications,
    UnitReview,
)


@cache
def _insert(table: type[_Row], columns: tuple[str, ...]) -> Compiled:
    """One statement for all rows: building one for each costs more than running it."""
    row = {getattr(table, name): param(name) for name in columns}
    return Compiled(lambda: table.insert(row).on_conflict_ignore())


def _as_dollars(row: dict[str, Any]) -> dict[str, Any]:
    cents = row.get("pay_amount")
    return {} if cents is None else {"pay_amount": Units.pay_amount.db_value(cents)}


class MephistoFile:
    """A new database file of Mephisto's, filled in one transaction."""

    def __init__(self, path: Path) -> None:
        pragmas = {"journal_mode": "memory", "synchronous": "off", "foreign_keys": 0}
        self._database = SqliteDatabase(str(path), pragmas=pragmas)
        with self._database.bind_ctx(MEPHISTO_TABLES):
            self._database.create_tables(MEPHISTO_TABLES, safe=False)
        self._database.begin()

    def add(self, table: type[_Row], rows: Sequence[dict[str, Any]]) -> None:
        """Add rows with the same columns; those whose key is there already stay as they are."""
        if not rows:
            return
        query = _insert(table, tuple(rows[0]))
        sql = query.sql(self._database)
        values = (query.values({**row, **_as_dollars(row)}) for row in rows)
        self._database.connection().executemany(sql, values)

    def units_among(self, ids: Sequence[int]) -> set[int]:
        """Those of some unit ids that the file has."""
        with self._database.bind_ctx(MEPHISTO_TABLES):
            query: Any = Units.select(Units.unit_id).where(Units.unit_id.in_(list(ids)))
            return {row[0] for row in query.tuples()}

    def close(self) -> None:
        """Commit everything."""
        self._database.commit()
        self._database.close()


class MephistoReader:
    """An existing database file of Mephisto's, read and never written."""

    def __init__(self, path: Path) -> None:
        uri = f"file:{quote(str(path.absolute()))}?mode=ro"
        self._database = SqliteDatabase(uri, uri=True, pragmas={"query_only": 1})

    def tables(self) -> set[str]:
        """Names of the tables that the file has."""
        return set(self._database.get_tables())

    def columns(self, table: str) -> set[str]:
        """Names of a table's columns; empty where there is no such table."""
        if table not in self.tables():
            return set()
        return {column.name for column in self._database.get_columns(table)}

    def count(self, table: str) -> int:
        """How many rows a table has."""
        rows = Table(table).select(fn.COUNT(SQL("*"))).tuples().execute(self._database)
        return int(next(iter(rows))[0])

    def rows(self, model: type[_Row], *where: Any) -> Iterator[dict[str, Any]]:
        """Rows of a table as dicts, by key; those columns that all versions have."""
        query = model.select().order_by(model._meta.primary_key)
        if where:
            query = query.where(*where)
        with self._database.bind_ctx(MEPHISTO_TABLES):
            yield from query.dicts().execute(self._database)

    def extra(self, table: str, *names: str) -> list[dict[str, Any]]:
        """Rows of a table that only some versions have; columns that it lacks are None."""
        found = self.columns(table)
        if not found:
            return []
        source = Table(table, [name for name in names if name in found])
        query = source.select(*(getattr(source, name) for name in names if name in found))
        blank = dict.fromkeys(names)
        return [{**blank, **row} for row in query.dicts().execute(self._database)]

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()
