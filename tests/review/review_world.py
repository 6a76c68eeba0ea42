from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mephisto_engine.data_model import Intent, TaskRun
from mephisto_engine.data_model.status import IntentStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.operations.checks.invariants import check_invariants
from mephisto_engine.operations.money.payments import Patience
from mephisto_engine.operations.reviewing.review import Review
from mephisto_engine.testing.conformance.database import StoredRun
from mephisto_providers.mock.ledger import LEDGER, Ledger

QUICK = Patience(call=0.05, first_wait=0.0)


class ReviewedRun:
    """A run of submitted units, without an engine: unit n is by the worker that was named n-th."""

    def __init__(
        self,
        db: MephistoDB,
        home: Path,
        *workers: str,
        provider: dict[str, Any] | None = None,
        **changes: Any,
    ) -> None:
        self.db = db
        changes["config"] = _config(provider or {})
        self.stored = StoredRun.create(db, assignments=len(workers), **changes)
        for place, worker in enumerate(workers):
            self.stored.submit(self.stored.arrive(worker, place), f'{{"answer": {place}}}')
        self.units = [unit for unit, _ in self.stored.units]
        self.review = Review(db, home, "operator:me", patience=QUICK)

    @classmethod
    def found(cls, db: MephistoDB, home: Path, stored: StoredRun, units: list[int]) -> ReviewedRun:
        """The run as another process finds it."""
        run = cls.__new__(cls)
        run.db, run.stored, run.units = db, replace(stored, db=db), units
        run.review = Review(db, home, "operator:me", patience=QUICK)
        return run

    def change_provider(self, **options: Any) -> None:
        change = TaskRun.update(config=_config(options)).where(TaskRun.id == self.stored.id)
        self.db.write_now(lambda tx: tx.select(change))

    def status(self, place: int = 0) -> str:
        return self.stored.unit_status(place)


def ledger_of(home: Path) -> Ledger:
    """The mock provider's own books."""
    return Ledger("MOCK_REQUESTER", home / LEDGER)


def check_books(db: MephistoDB, home: Path) -> None:
    """What the provider has done is what we know of, and nothing twice."""
    entries = ledger_of(home).entries
    intents = dict(db.stream(Intent.select(Intent.key, Intent.status)))
    calls = {key for key in entries if not entries[key].kind.endswith("block")}
    confirmed = {key for key, status in intents.items() if status == IntentStatus.CONFIRMED}
    maybe = {key for key, status in intents.items() if status in ("sent", "unknown")}
    assert {key for key in confirmed if not key.startswith("block:")} <= calls
    assert calls <= confirmed | maybe
    approved = [entry.unit_id for entry in entries.values() if entry.kind == "approve"]
    assert len(approved) == len(set(approved))
    assert [item for item in check_invariants(db) if item.level != "ok"] == []


def _config(provider: dict[str, Any]) -> dict[str, Any]:
    return {"mephisto": {"provider": {"_provider_type": "mock", **provider}, "task": {}}}
