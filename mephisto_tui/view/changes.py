"""How much has changed from one snapshot to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mephisto_engine.operations.watching.details import Detail, said_in
from mephisto_engine.operations.watching.snapshot import Snapshot


def changes_between(old: Snapshot, new: Snapshot) -> int:
    """How many rows are other than they were, new lines of the log included."""
    pairs: tuple[tuple[Sequence[Any], Sequence[Any]], ...] = (
        (old.runs, new.runs),
        (old.units, new.units),
        (old.agents, new.agents),
        (old.workers, new.workers),
        (old.log, new.log),
    )
    rows = sum(_changed_rows(before, after) for before, after in pairs)
    return rows + _changes_of_detail(old.detail, new.detail)


def _changes_of_detail(before: Detail | None, after: Detail | None) -> int:
    """What was said meanwhile; or that something else about it has changed."""
    if before is None or after is None or before == after:
        return 0
    return max(1, said_in(after) - said_in(before))


def _changed_rows(before: Sequence[Any], after: Sequence[Any]) -> int:
    if before is after:
        return 0
    known = {row.id: row for row in before}
    return sum(known.get(row.id) != row for row in after)
