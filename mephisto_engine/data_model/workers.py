"""Who does the work, and what is known of them."""

from __future__ import annotations

from peewee import ForeignKeyField, IntegerField, TextField

from mephisto_engine.data_model.base import Table, UtcField


class Worker(Table):
    """A person, known per provider, long term."""

    provider_type = TextField()
    name = TextField()
    blocked_at = UtcField(null=True)
    block_reason = TextField(null=True)
    created_at = UtcField()

    class Meta:
        indexes = ((("provider_type", "name"), True),)


class Qualification(Table):
    """A kind of label that workers can be granted."""

    name = TextField(unique=True)
    description = TextField(default="")
    created_at = UtcField()


class GrantedQualification(Table):
    """A worker's value for a qualification."""

    worker = ForeignKeyField(Worker, backref="grants", index=False, on_delete="CASCADE")
    qualification = ForeignKeyField(Qualification, backref="grants", on_delete="CASCADE")
    value = IntegerField()
    granted_at = UtcField()
    updated_at = UtcField()

    class Meta:
        indexes = ((("worker", "qualification"), True),)
