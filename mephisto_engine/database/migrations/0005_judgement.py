"""What the operator's code said about an answer; screening and gold units are found quickly."""
from peewee import *


def up(migrator, db):
    class Unit(Model):
        class Meta:
            database = db
            table_name = 'unit'

    class Judgement(Model):
        unit = ForeignKeyField(Unit, unique=True, on_delete='RESTRICT')
        is_right = BooleanField(null=True)
        more_units = IntegerField(default=0)
        judged_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'judgement'

    db.create_tables([Judgement])
    db.execute_sql(
        'CREATE INDEX "unit_special" ON "unit" ("task_run_id", "unit_index") WHERE unit_index < 0'
    )
    # What was answered before has been seen by the operator's code.
    db.execute_sql(
        'INSERT INTO "judgement" ("unit_id", "more_units", "judged_at") '
        'SELECT "id", 0, "status_at" FROM "unit" '
        "WHERE status IN ('completed', 'accepted', 'soft_rejected', 'rejected')"
    )
