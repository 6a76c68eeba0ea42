"""Calls to the outside that must happen exactly once."""

from __future__ import annotations

from peewee import ForeignKeyField, IntegerField, TextField

from mephisto_engine.data_model.base import Table, UtcField
from mephisto_engine.data_model.review import Decision
from mephisto_engine.data_model.runs import TaskRun
from mephisto_engine.data_model.units import Unit
from mephisto_engine.data_model.workers import Worker


class Intent(Table):
    """One call to a provider, committed before it is made and found again by its key."""

    key = TextField(unique=True)
    kind = TextField()
    """`approve`, `reject`, `bonus`, `compensate`, `block` …"""
    task_run = ForeignKeyField(TaskRun, null=True, on_delete="RESTRICT")
    unit = ForeignKeyField(Unit, null=True, on_delete="RESTRICT")
    worker = ForeignKeyField(Worker, null=True, on_delete="RESTRICT")
    decision = ForeignKeyField(Decision, null=True, backref="intents", on_delete="RESTRICT")
    """The decision that it carries out; none for a compensation."""
    amount_cents = IntegerField(default=0)
    fee_cents = IntegerField(default=0)
    """What the provider takes on top of the amount."""
    reason = TextField(default="")
    status = TextField(index=True)
    status_at = UtcField()
    attempts = IntegerField(default=0)
    provider_ref = TextField(null=True)
    error = TextField(null=True)
    created_at = UtcField()
