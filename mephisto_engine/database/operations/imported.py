"""What was brought from another database before, by the ids that it has there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from mephisto_engine.data_model import Imported
from mephisto_engine.database.transaction import Transaction

ACTOR: Final = "import"
"""Who an import is in the journal."""


def known_ids(
    tx: Transaction, source: str, kind: str, foreign_ids: Sequence[int]
) -> dict[int, int]:
    """Foreign id → id here, of those rows that were brought before."""
    query: Any = Imported.select(Imported.foreign_id, Imported.local_id).where(
        (Imported.source == source)
        & (Imported.kind == kind)
        & Imported.foreign_id.in_([str(item) for item in foreign_ids])
    )
    return {int(foreign): local for foreign, local in tx.select(query.tuples())}


def remember(tx: Transaction, source: str, kind: str, foreign_id: int, local_id: int) -> None:
    """Note what a foreign row became here."""
    tx.insert(
        "imported",
        source=source,
        kind=kind,
        foreign_id=str(foreign_id),
        local_id=local_id,
        imported_at=tx.now_ms,
    )
