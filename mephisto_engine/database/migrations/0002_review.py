"""Decisions, notes on workers, imports; what an intent pays for."""
from peewee import *


def up(migrator, db):
    class Worker(Model):
        class Meta:
            database = db
            table_name = 'worker'

    class TaskRun(Model):
        class Meta:
            database = db
            table_name = 'task_run'

    class Unit(Model):
        class Meta:
            database = db
            table_name = 'unit'

    class Decision(Model):
        unit = ForeignKeyField(Unit, on_delete='RESTRICT')
        task_run = ForeignKeyField(TaskRun, index=False, on_delete='RESTRICT')
        verdict = TextField()
        status = TextField()
        status_at = BigIntegerField()
        note = TextField(default='')
        is_note_sent = BooleanField(default=False)
        bonus_cents = IntegerField(default=0)
        block_reason = TextField(null=True)
        error = TextField(null=True)
        decided_by = TextField()
        created_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'decision'
            indexes = ((('task_run', 'status', 'created_at'), False),)

    class WorkerNote(Model):
        worker = ForeignKeyField(Worker, on_delete='CASCADE')
        text = TextField()
        written_by = TextField()
        created_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'worker_note'

    class Imported(Model):
        source = TextField()
        kind = TextField()
        foreign_id = TextField()
        local_id = IntegerField()
        imported_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'imported'
            indexes = ((('source', 'kind', 'foreign_id'), True),)

    db.create_tables([Decision, WorkerNote, Imported])
    db.execute_sql(
        'CREATE UNIQUE INDEX "decision_staged_once" ON "decision" ("unit_id") '
        "WHERE status = 'staged'"
    )
    decision = ForeignKeyField(Decision, field=Decision.id, null=True, on_delete='RESTRICT')
    migrator.migrate(
        migrator.add_column('intent', 'decision_id', decision),
        migrator.add_column('intent', 'fee_cents', IntegerField(default=0)),
        migrator.add_column('intent', 'reason', TextField(default='')),
    )
