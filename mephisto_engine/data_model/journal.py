"""The journal: one row for each change, chained by hash, read by everything that watches."""

from __future__ import annotations

from typing import Final

from peewee import SQL, AutoField, IntegerField, TextField

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


OF_WORKER: Final = SQL("subject = 'worker'")
OF_AGENT: Final = SQL("subject = 'agent' AND before IS NOT NULL AND after <> 'completed'")
"""A query that has one of these word for word finds the events of one worker, or of what an agent
became but for submitting, by an index. An index of all subjects would cost a unit's way through
the house four times as much, and the journal a seventh of its size."""

for _where, _name in ((OF_WORKER, "event_of_worker"), (OF_AGENT, "event_of_agent")):
    Event.add_index(Event.index(Event.subject_id, where=_where, name=_name))
