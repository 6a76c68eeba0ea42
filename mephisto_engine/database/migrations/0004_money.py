"""How many units a run is publishing: they are reserved before the provider hears of them."""
from peewee import *


def up(migrator, db):
    migrator.migrate(
        migrator.add_column('task_run', 'publishing', IntegerField(default=0)),
    )
