"""Which export has a worker's file that was removed because it has it."""
from peewee import *


def up(migrator, db):
    migrator.migrate(
        migrator.add_column('upload', 'archived_in', TextField(null=True)),
    )
