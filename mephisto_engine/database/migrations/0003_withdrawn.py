"""Who expired a unit for good."""
from peewee import *


def up(migrator, db):
    migrator.migrate(migrator.add_column('unit', 'withdrawn_by', TextField(null=True)))
