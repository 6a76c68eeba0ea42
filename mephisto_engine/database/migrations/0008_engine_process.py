"""Which process an engine is, beyond its pid, and that it lives, whatever the clocks of hosts say."""
from peewee import *


def up(migrator, db):
    migrator.migrate(
        migrator.add_column('lease', 'process', TextField(default='')),
        migrator.add_column('lease', 'renewals', IntegerField(default=0)),
    )
