"""Rows of another program on their way into this database, already in words of this house.

Ids that are called ``foreign_id`` are those of the other database. Times are milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mephisto_engine.data_model.records import UploadRecord


@dataclass(slots=True)
class ForeignAgent:
    """One worker on one unit."""

    foreign_id: int
    worker_id: int
    """The worker's id in this database."""
    token: str
    status: str
    created_ms: int
    ended_ms: int | None
    body: str | None
    """The answer as JSON text; None if there is none."""
    history: list[tuple[str, int]] = field(default_factory=list)
    """Live updates as JSON texts, with their times."""
    metadata: str | None = None
    uploads: list[UploadRecord] = field(default_factory=list)


@dataclass(slots=True)
class ForeignReview:
    """What was decided about a unit."""

    verdict: str
    note: str
    bonus_cents: int
    at_ms: int


@dataclass(slots=True)
class ForeignUnit:
    """One contribution, with everybody who was ever on it."""

    foreign_id: int
    unit_index: int
    data: str
    pay_cents: int
    status: str
    created_ms: int
    current_agent: int | None
    """Foreign id of the agent that the unit names."""
    agents: list[ForeignAgent] = field(default_factory=list)
    review: ForeignReview | None = None
    provider_ref: str | None = None
    """What the provider calls it."""


@dataclass(slots=True)
class ForeignAssignment:
    """One item with its units."""

    foreign_id: int
    item_index: int
    shared: str
    created_ms: int
    units: list[ForeignUnit] = field(default_factory=list)


@dataclass(slots=True)
class ForeignOnboarding:
    """One worker on a qualifying task."""

    foreign_id: int
    worker_id: int
    token: str
    status: str
    created_ms: int
    answer: str | None
    """As JSON text; None if there is none."""


@dataclass(slots=True)
class Brought:
    """What became of a portion of foreign rows."""

    counts: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What could not be represented as it was, each in one sentence."""

    def count(self, kind: str, number: int = 1) -> None:
        """Note that so many rows were added."""
        if number:
            self.counts[kind] = self.counts.get(kind, 0) + number

    def add(self, other: Brought) -> None:
        """Take in another portion's result."""
        for kind, number in other.counts.items():
            self.count(kind, number)
        self.notes += other.notes
