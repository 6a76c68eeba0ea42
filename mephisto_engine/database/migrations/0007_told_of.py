"""What the journal says of one worker, and of how one agent left, is found at once."""
from peewee import *


def up(migrator, db):
    db.execute_sql(
        'CREATE INDEX "event_of_worker" ON "event" ("subject_id") WHERE subject = \'worker\''
    )
    db.execute_sql(
        'CREATE INDEX "event_of_agent" ON "event" ("subject_id") '
        "WHERE subject = 'agent' AND before IS NOT NULL AND after <> 'completed'"
    )
