from __future__ import annotations

from pathlib import Path

from mephisto_engine.database import MephistoDB
from mephisto_engine.operations.review import Review
from mephisto_engine.testing.conformance.database import StoredRun


class ReviewedRun:
    """A run of submitted units, without an engine: unit n is by the worker that was named n-th."""

    def __init__(self, db: MephistoDB, home: Path, *workers: str, **changes: object) -> None:
        self.db = db
        self.stored = StoredRun.create(db, assignments=len(workers), **changes)
        for place, worker in enumerate(workers):
            self.stored.submit(self.stored.arrive(worker, place), f'{{"answer": {place}}}')
        self.units = [unit for unit, _ in self.stored.units]
        self.review = Review(db, home, "operator:me")

    def status(self, place: int = 0) -> str:
        return self.stored.unit_status(place)
