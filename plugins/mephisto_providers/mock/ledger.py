"""What the mock provider did, in memory, once for each idempotency key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mephisto_engine.abstractions.crowd_provider import (
    ProviderAgent,
    ProviderRequester,
    ProviderUnit,
    ProviderWorker,
)
from mephisto_engine.data_model.records import UnitRecord, WorkerRecord
from mephisto_engine.errors import ProviderError

BALANCE_CENTS = 10_000_000


@dataclass(frozen=True)
class Entry:
    """One effect: who got how much for what."""

    kind: str
    """``approve``, ``reject`` or ``bonus``."""
    worker_name: str
    cents: int
    unit_id: int | None = None
    reason: str = ""


@dataclass
class Ledger:
    """Everything the mock provider knows."""

    requester_name: str
    entries: dict[str, Entry] = field(default_factory=dict)
    """Idempotency key → its one effect."""
    published: dict[int, str] = field(default_factory=dict)
    """Unit id → reference."""
    expired: set[int] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)

    def record(self, key: str, entry: Entry) -> None:
        """Let an effect happen, unless the key had one; a key stands for one effect only."""
        known = self.entries.setdefault(key, entry)
        if known != entry:
            raise ProviderError(
                f"The key {key!r} was used for something else before.",
                "Nothing was paid; each payment needs a key of its own.",
            )

    def paid_cents(self) -> int:
        """All that was paid so far."""
        return sum(entry.cents for entry in self.entries.values())


class MockUnit(ProviderUnit):
    """Publishes into the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def launch(self, units: Sequence[UnitRecord], url: str) -> dict[int, str]:
        published = self._ledger.published
        return {unit.id: published.setdefault(unit.id, f"mock-{unit.id}") for unit in units}

    async def expire(self, units: Sequence[UnitRecord]) -> None:
        self._ledger.expired.update(unit.id for unit in units)


class MockWorker(ProviderWorker):
    """Pays and blocks in the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def bonus(self, worker: WorkerRecord, cents: int, reason: str, key: str) -> None:
        if cents <= 0:
            raise ProviderError("A bonus has to be more than nothing.")
        self._ledger.record(key, Entry("bonus", worker.name, cents, reason=reason))

    async def block(self, worker: WorkerRecord, reason: str) -> None:
        self._ledger.blocked.add(worker.name)

    async def unblock(self, worker: WorkerRecord, reason: str) -> None:
        self._ledger.blocked.discard(worker.name)


class MockRequester(ProviderRequester):
    """One account, with play money."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def is_registered(self, name: str) -> bool:
        return name == self._ledger.requester_name

    async def available_cents(self, name: str) -> int | None:
        return BALANCE_CENTS - self._ledger.paid_cents()


class MockAgent(ProviderAgent):
    """Approves and rejects in the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def approve(self, unit: UnitRecord, worker: WorkerRecord, key: str) -> None:
        self._ledger.record(key, Entry("approve", worker.name, unit.pay_cents, unit.id))

    async def reject(self, unit: UnitRecord, worker: WorkerRecord, reason: str, key: str) -> None:
        self._ledger.record(key, Entry("reject", worker.name, 0, unit.id, reason))
