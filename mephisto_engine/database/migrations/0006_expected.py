"""What a screening or gold unit should have been answered with, for those who review it."""
from peewee import *


def up(migrator, db):
    db.execute_sql('ALTER TABLE "judgement" ADD COLUMN "expected" TEXT')
