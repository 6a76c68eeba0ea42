"""The journal: one row for each change, chained by hash, read by everything that watches."""

from __future__ import annotations

from peewee import AutoField, IntegerField, TextField

from mephisto_engine.data_model.base import JsonField, Table, UtcField


class Event(Table):
    """What changed, which, when, by whom. Rows are only ever added."""

    id = AutoField()
    at = UtcField()
    kind = TextField()
    """Past tense, dotted: `unit.assigned`, `agent.refused`, `run.live` …"""
    actor = TextField()
    """`engine`, `worker:<id>`, `operator:<login>` or `provider`."""
    task_run = IntegerField(null=True)
    subject = TextField()
    """Table that the change is in."""
    subject_id = IntegerField()
    before = TextField(null=True)
    after = TextField(null=True)
    data = JsonField(null=True)
    chain = TextField()
    """Hash over the row before and this one; see `mephisto_engine.database.journal`."""

    class Meta:
        indexes = ((("task_run", "id"), False),)
