"""One launch of a Task, who drives it, and what operators ask of it."""

from __future__ import annotations

from peewee import BooleanField, ForeignKeyField, IntegerField, TextField

from mephisto_engine.data_model.base import JsonField, Table, UtcField
from mephisto_engine.data_model.projects import Requester, Task


class TaskRun(Table):
    """One launch of a Task with its own config."""

    task = ForeignKeyField(Task, backref="runs", on_delete="RESTRICT")
    requester = ForeignKeyField(Requester, backref="runs", on_delete="RESTRICT")
    blueprint_type = TextField()
    architect_type = TextField()
    provider_type = TextField()
    is_sandbox = BooleanField()
    config = JsonField()
    """The resolved `mephisto` node that was launched, without secrets."""
    config_path = TextField(null=True)
    """File that the config was composed from; `resume` reads task code relative to it."""
    status = TextField(index=True)
    status_at = UtcField()
    status_reason = TextField(null=True)
    url = TextField(null=True)
    pay_cents = IntegerField()
    """Pay of one unit."""
    unit_cost_cents = IntegerField()
    """Pay of one unit and the provider's fee on it."""
    budget_cents = IntegerField(null=True)
    publishing = IntegerField(default=0)
    """Units that the provider is being asked to publish now: reserved, and not launched yet."""
    items_taken = IntegerField(default=0)
    """How many items of task data have become assignments; where a resumed generator goes on."""
    is_data_exhausted = BooleanField(default=False)
    engine_version = TextField()
    created_at = UtcField(index=True)
    started_at = UtcField(null=True)
    ended_at = UtcField(null=True)


class Lease(Table):
    """Which engine drives a run; one row a run, fenced by a growing number."""

    task_run = ForeignKeyField(TaskRun, primary_key=True, on_delete="CASCADE")
    holder = TextField()
    host = TextField()
    pid = IntegerField()
    process = TextField(default="")
    """Mark that tells the process from others of its pid; see `processes`."""
    fence = IntegerField()
    acquired_at = UtcField()
    renewed_at = UtcField()
    """By the clock of the engine's host, which other hosts need not share."""
    renewals = IntegerField(default=0)
    """Grows while the engine lives: whoever watches it needs no clock but their own."""
    health = JsonField(default=dict)
    """Facts that live only in the engine's memory, for consoles in other processes."""


class Command(Table):
    """What an operator asks of the engine that drives a run, from any process."""

    task_run = ForeignKeyField(TaskRun, null=True, on_delete="CASCADE")
    kind = TextField()
    args = JsonField(default=dict)
    status = TextField(index=True)
    status_at = UtcField()
    issued_by = TextField()
    issued_at = UtcField()
    outcome = TextField(null=True)
