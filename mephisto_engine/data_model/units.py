"""What is to be done: Assignments and their Units."""

from __future__ import annotations

from peewee import BooleanField, ForeignKeyField, IntegerField, TextField

from mephisto_engine.data_model.base import JsonField, Table, UtcField
from mephisto_engine.data_model.records import COMPENSATION_INDEX as COMPENSATION_INDEX
from mephisto_engine.data_model.records import GOLD_INDEX as GOLD_INDEX
from mephisto_engine.data_model.records import SCREENING_INDEX as SCREENING_INDEX
from mephisto_engine.data_model.runs import TaskRun
from mephisto_engine.data_model.workers import Worker


class Assignment(Table):
    """The smallest goal that is reviewed as a whole."""

    task_run = ForeignKeyField(TaskRun, backref="assignments", on_delete="RESTRICT")
    item_index = IntegerField()
    """Position of its item in the task data, from 0."""
    data = JsonField()
    """Shared data of its units."""
    requeued_from = ForeignKeyField("self", null=True, on_delete="SET NULL")
    created_at = UtcField()


class Unit(Table):
    """One worker's contribution to an Assignment; what is published, paid and reviewed."""

    assignment = ForeignKeyField(Assignment, backref="units", index=False, on_delete="RESTRICT")
    task_run = ForeignKeyField(TaskRun, backref="units", index=False, on_delete="RESTRICT")
    unit_index = IntegerField()
    """From 0; the negative ones are screening, gold and compensation units."""
    data = JsonField()
    pay_cents = IntegerField()
    status = TextField()
    status_at = UtcField()
    worker = ForeignKeyField(Worker, null=True, backref="units", on_delete="RESTRICT")
    """Who has it or did it; empty again when it goes back to the pool."""
    provider_ref = TextField(null=True)
    withdrawn_by = TextField(null=True)
    """Operator who expired it, or `engine` where its assignment went on or broke without it; such a
    unit is not offered again when its run is resumed.
    """
    created_at = UtcField()

    class Meta:
        indexes = (
            (("assignment", "unit_index"), True),
            (("task_run", "status", "status_at"), False),
            (("task_run", "status_at"), False),
        )


Unit.add_index(
    Unit.index(Unit.task_run, Unit.unit_index, where=Unit.unit_index < 0, name="unit_special")
)


class Judgement(Table):
    """What the operator's code said about an answer; without it the answer is still to be judged.

    Written together with everything that follows from it, so that nothing follows twice.
    """

    unit = ForeignKeyField(Unit, unique=True, on_delete="RESTRICT")
    is_right = BooleanField(null=True)
    """For screening and gold units; empty where the code did not say."""
    more_units = IntegerField(default=0)
    """How many more units of the item it asked for."""
    expected = JsonField(null=True)
    """What a screening or gold unit should have been answered with, as far as the code said."""
    judged_at = UtcField()
