"""The tables of Mephisto's own database file (`database.db`), for reading and writing such files.

Columns and names are those of Mephisto 1.1; what later versions added is null where it is missing.
Sums of money are in dollars there: they are read and written as text, never as floats.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from peewee import (
    SQL,
    AutoField,
    BooleanField,
    Field,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
)


class DollarField(Field):
    """Dollars in a FLOAT column, as cents here."""

    field_type = "FLOAT"

    def db_value(self, value: Any) -> str | None:
        """Cents as a decimal text, which SQLite turns into its own number."""
        return None if value is None else f"{value // 100}.{value % 100:02}"


class _Row(Model):
    creation_date = TextField(null=True, constraints=[SQL("DEFAULT CURRENT_TIMESTAMP")])


class Projects(_Row):
    """Groups of tasks."""

    project_id = AutoField()
    project_name = TextField(unique=True)


class Tasks(_Row):
    """Types of work."""

    task_id = AutoField()
    task_name = TextField(unique=True)
    task_type = TextField()
    project_id = IntegerField(null=True)
    parent_task_id = IntegerField(null=True)


class Requesters(_Row):
    """Accounts."""

    requester_id = AutoField()
    requester_name = TextField(unique=True)
    provider_type = TextField()


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

    class Meta:
        indexes = ((("assignment_id", "unit_index"), True),)


class Workers(_Row):
    """Persons."""

    worker_id = AutoField()
    worker_name = TextField(unique=True)
    provider_type = TextField()


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


class OnboardingAgents(_Row):
    """Workers on qualifying tasks."""

    onboarding_agent_id = AutoField()
    worker_id = IntegerField()
    task_id = IntegerField()
    task_run_id = IntegerField()
    task_type = TextField()
    status = TextField()

    class Meta:
        table_name = "onboarding_agents"


class Qualifications(_Row):
    """Kinds of labels."""

    qualification_id = AutoField()
    qualification_name = TextField(unique=True)


class GrantedQualifications(_Row):
    """Workers' labels."""

    granted_qualification_id = AutoField()
    worker_id = IntegerField()
    qualification_id = IntegerField()
    value = IntegerField()

    class Meta:
        table_name = "granted_qualifications"
        indexes = ((("worker_id", "qualification_id"), True),)


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
)


class MephistoFile:
    """A new database file of Mephisto's, filled in one transaction."""

    def __init__(self, path: Path) -> None:
        pragmas = {"journal_mode": "memory", "synchronous": "off", "foreign_keys": 0}
        self._database = SqliteDatabase(str(path), pragmas=pragmas)
        with self._database.bind_ctx(MEPHISTO_TABLES):
            self._database.create_tables(MEPHISTO_TABLES, safe=False)

    def add(self, table: type[_Row], rows: list[dict[str, Any]]) -> None:
        """Add rows; those whose key is there already are left as they are."""
        if rows:
            with self._database.atomic():
                for start in range(0, len(rows), 500):
                    query = table.insert_many(rows[start : start + 500]).on_conflict_ignore()
                    query.execute(self._database)

    def close(self) -> None:
        """Write everything to disk."""
        self._database.close()
