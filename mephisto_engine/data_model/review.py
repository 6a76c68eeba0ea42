"""What operators decide about finished work, and what they note about who did it."""

from __future__ import annotations

from peewee import SQL, BooleanField, ForeignKeyField, IntegerField, TextField

from mephisto_engine.data_model.base import Table, UtcField
from mephisto_engine.data_model.runs import TaskRun
from mephisto_engine.data_model.status import DecisionStatus
from mephisto_engine.data_model.units import Unit
from mephisto_engine.data_model.workers import Worker


class Decision(Table):
    """What an operator makes of a Unit: staged first, and final once it was sent."""

    unit = ForeignKeyField(Unit, backref="decisions", on_delete="RESTRICT")
    task_run = ForeignKeyField(TaskRun, index=False, on_delete="RESTRICT")
    verdict = TextField()
    """The unit status that it leads to: `accepted`, `soft_rejected` or `rejected`."""
    status = TextField()
    status_at = UtcField()
    note = TextField(default="")
    """Why; a rejection needs one."""
    is_note_sent = BooleanField(default=False)
    """Whether the worker is told the note."""
    bonus_cents = IntegerField(default=0)
    block_reason = TextField(null=True)
    """Set when the worker is to be blocked too, and why."""
    error = TextField(null=True)
    """Why the last try to send it failed; it stays staged."""
    decided_by = TextField()
    created_at = UtcField()

    class Meta:
        indexes = ((("task_run", "status", "created_at"), False),)


Decision.add_index(
    Decision.index(
        Decision.unit,
        unique=True,
        where=SQL(f"status = '{DecisionStatus.STAGED}'"),
        name="decision_staged_once",
    )
)


class WorkerNote(Table):
    """Something an operator wants to remember of a worker; never shown to the worker."""

    worker = ForeignKeyField(Worker, backref="notes", on_delete="CASCADE")
    text = TextField()
    written_by = TextField()
    created_at = UtcField()
