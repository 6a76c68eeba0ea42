"""What the mock provider does for its requester, all of it in the ledger."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from mephisto_engine.abstractions.crowd_provider import (
    Outcome,
    ProviderAgent,
    ProviderCall,
    ProviderRequester,
    ProviderUnit,
    ProviderWorker,
)
from mephisto_engine.data_model.records import UnitRecord, WorkerRecord
from mephisto_engine.errors import ProviderError
from mephisto_providers.mock.faults import Faults
from mephisto_providers.mock.ledger import BALANCE_CENTS, Entry, Ledger

Fee = Callable[[int], int]
"""Cents of a payment → cents that are taken on top."""


class MockUnit(ProviderUnit):
    """Publishes into the ledger's memory: what is on offer ends with the run."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def launch(self, units: Sequence[UnitRecord], url: str) -> dict[int, str]:
        published = self._ledger.published
        return {unit.id: published.setdefault(unit.id, f"mock-{unit.id}") for unit in units}

    async def expire(self, units: Sequence[UnitRecord]) -> None:
        self._ledger.expired.update(unit.id for unit in units)


class MockWorker(ProviderWorker):
    """Pays and blocks in the ledger."""

    def __init__(self, ledger: Ledger, faults: Faults, fee_of: Fee) -> None:
        self._ledger = ledger
        self._faults = faults
        self._fee_of = fee_of

    async def bonus(self, worker: WorkerRecord, cents: int, reason: str, key: str) -> None:
        if cents <= 0:
            raise ProviderError("A bonus has to be more than nothing.")
        fee = self._fee_of(cents)
        entry = Entry("bonus", worker.name, cents, reason=reason, fee_cents=fee)
        await self._faults.around(key, lambda: self._ledger.record(key, entry))

    async def block(self, worker: WorkerRecord, reason: str) -> None:
        if worker.name not in self._ledger.blocked:
            self._ledger.record(_new_key(), Entry("block", worker.name, reason=reason))

    async def unblock(self, worker: WorkerRecord, reason: str) -> None:
        if worker.name in self._ledger.blocked:
            self._ledger.record(_new_key(), Entry("unblock", worker.name, reason=reason))


class MockRequester(ProviderRequester):
    """One account, with play money."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def is_registered(self, name: str) -> bool:
        return name == self._ledger.requester_name

    async def available_cents(self, name: str) -> int | None:
        return BALANCE_CENTS - self._ledger.paid_cents() - self._ledger.fee_cents()


class MockAgent(ProviderAgent):
    """Approves and rejects in the ledger."""

    def __init__(self, ledger: Ledger, faults: Faults, fee_of: Fee) -> None:
        self._ledger = ledger
        self._faults = faults
        self._fee_of = fee_of

    async def approve(self, unit: UnitRecord, worker: WorkerRecord, note: str, key: str) -> None:
        fee = self._fee_of(unit.pay_cents)
        entry = Entry("approve", worker.name, unit.pay_cents, unit.id, note, fee)
        await self._faults.around(key, lambda: self._ledger.record(key, entry))

    async def reject(self, unit: UnitRecord, worker: WorkerRecord, reason: str, key: str) -> None:
        entry = Entry("reject", worker.name, 0, unit.id, reason)
        await self._faults.around(key, lambda: self._ledger.record(key, entry))


def outcome_in(ledger: Ledger, call: ProviderCall) -> Outcome:
    """Whether the ledger has a call's effect."""
    if call.kind == "block":
        is_done = call.worker.name in ledger.blocked
    else:
        is_done = call.key in ledger.entries
    return Outcome.DONE if is_done else Outcome.NOT_DONE


def _new_key() -> str:
    """Blocks have no key of their own: they come and go."""
    return f"block:{secrets.token_hex(8)}"
