"""How much has changed from one snapshot to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mephisto_engine.operations.snapshot import Snapshot


def changes_between(old: Snapshot, new: Snapshot) -> int:
    """How many rows are other than they were, new lines of the log included."""
    pairs: tuple[tuple[Sequence[Any], Sequence[Any]], ...] = (
        (old.runs, new.runs),
        (old.units, new.units),
        (old.agents, new.agents),
        (old.workers, new.workers),
        (old.log, new.log),
    )
    return sum(_changed_rows(before, after) for before, after in pairs)


def _changed_rows(before: Sequence[Any], after: Sequence[Any]) -> int:
    if before is after:
        return 0
    known = {row.id: row for row in before}
    return sum(known.get(row.id) != row for row in after)
