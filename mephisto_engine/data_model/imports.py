"""Where rows came from that another program had written."""

from __future__ import annotations

from peewee import IntegerField, TextField

from mephisto_engine.data_model.base import Table, UtcField


class Imported(Table):
    """One foreign row and what it became here, so that a repeat brings nothing twice."""

    source = TextField()
    """Identity of the foreign database, the same on each import of it."""
    kind = TextField()
    """Its table."""
    foreign_id = TextField()
    local_id = IntegerField()
    imported_at = UtcField()

    class Meta:
        indexes = ((("source", "kind", "foreign_id"), True),)
