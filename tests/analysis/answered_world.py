"""A stored run whose workers are good, guessing, hasty, copying, or always of one mind."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from mephisto_engine.database import MephistoDB
from mephisto_engine.testing.clock import FakeClock
from mephisto_engine.testing.conformance.database import StoredRun

TEXTS = (
    "The reply answers the question and says why the method is safe to use at home",
    "I miss a word on what to do when the first attempt does not work out",
    "Two of the steps contradict each other so nobody could follow the advice",
    "Polite and short but the numbers in the second sentence cannot be right",
)


@dataclass
class AnsweredRun:
    """Items with several units each, answered in turn."""

    db: MephistoDB
    clock: FakeClock
    items: int = 30
    each: int = 3
    changes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stored = StoredRun.create(
            self.db, assignments=self.items, units_each=self.each, **self.changes
        )
        self.id = self.stored.id
        self._taken: dict[int, int] = {}

    def answer(self, item: int, worker: str, body: Any, seconds: float = 60.0) -> None:
        """One worker does the item's next unit."""
        place = item * self.each + self._taken.get(item, 0)
        self._taken[item] = self._taken.get(item, 0) + 1
        arrived = self.stored.arrive(worker, place)
        self.clock.advance(seconds)
        self.stored.submit(arrived, json.dumps(body))

    def fill(self, seed: int = 1) -> None:
        """Three workers for each item: `good`, `fair` and `odd` in turn with others."""
        rng = random.Random(seed)
        for item in range(self.items):
            true = rng.choice(["safe", "unsafe"])
            wrong = "unsafe" if true == "safe" else "safe"
            hasty = "safe"
            self.answer(item, "good", self._body(true, rng, item), rng.uniform(50, 80))
            fair = true if rng.random() < 0.9 else wrong
            self.answer(item, "fair", self._body(fair, rng, item), rng.uniform(40, 90))
            self.answer(item, "hasty", {"rating": hasty, "why": TEXTS[0]}, rng.uniform(1, 2))

    def _body(self, rating: str, rng: random.Random, item: int) -> dict[str, Any]:
        words = rng.sample(" ".join(TEXTS).split(), 12)
        return {"rating": rating, "why": f"{' '.join(words)} {item}"}
