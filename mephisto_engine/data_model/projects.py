"""What runs are grouped by: Project and Task, and the Requester who launches them."""

from __future__ import annotations

from peewee import ForeignKeyField, IntegerField, TextField

from mephisto_engine.data_model.base import Table, UtcField


class Project(Table):
    """Groups tasks that are related but not alike."""

    name = TextField(unique=True)
    budget_cents = IntegerField(null=True)
    archived_at = UtcField(null=True)
    created_at = UtcField()


class Task(Table):
    """One type of work, unique by name."""

    name = TextField(unique=True)
    task_type = TextField()
    project = ForeignKeyField(Project, null=True, backref="tasks", on_delete="RESTRICT")
    created_at = UtcField()


class Requester(Table):
    """The account that launches on a provider; its secrets are never stored here."""

    provider_type = TextField()
    name = TextField()
    created_at = UtcField()

    class Meta:
        indexes = ((("provider_type", "name"), True),)
