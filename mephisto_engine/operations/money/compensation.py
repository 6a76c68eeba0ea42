"""Compensating a worker: one payment for one order, however often it is given."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from mephisto_engine.data_model.status import IntentStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import money as ops
from mephisto_engine.database.operations.money import IntentRow, NewIntent
from mephisto_engine.database.queries import money as queries
from mephisto_engine.errors import OutcomeUnknownError, ProviderError, StateError
from mephisto_engine.operations.money.payments import Sender


@dataclass(frozen=True, slots=True)
class Order:
    """What an operator asks for."""

    worker_id: int
    cents: int
    reason: str
    run_id: int | None
    """The run that was named; None for the worker's last."""
    is_again: bool
    """Whether the same is to be paid once more."""


@dataclass(frozen=True, slots=True)
class Compensation:
    """A compensation that was paid, now or before."""

    unit_id: int
    """The unit that stands for it."""
    run_id: int
    key: str
    was_paid_before: bool


async def compensate(db: MephistoDB, sender: Sender, order: Order, actor: str) -> Compensation:
    """Carry out an order; errors as `Review.compensate`. Only one process may send at a time."""
    await sender.recover()
    run_id = order.run_id
    if run_id is None:
        run_id = await asyncio.to_thread(db.read, queries.last_run_of, order.worker_id)
    if run_id is None:
        raise StateError(
            f"Worker {order.worker_id} has had no unit in any run.", "Name one with --run."
        )
    prefix = ops.compensation_key(order.worker_id, order.run_id, order.cents, order.reason)
    known = await asyncio.to_thread(db.read, queries.intents_like, prefix)
    if known and known[-1].status == IntentStatus.CONFIRMED and not order.is_again:
        return _paid(known[-1], was_paid_before=True)
    # What was begun and not finished is finished first, also by an order to pay once more.
    is_open = bool(known) and known[-1].status != IntentStatus.CONFIRMED
    number = len(known) if is_open else len(known) + 1
    fee = (await sender.fees(run_id)).of_bonus(order.cents)
    new = NewIntent("compensate", f"{prefix}{number}", order.cents, fee, order.reason)
    intent = await db.write(ops.plan_compensation, run_id, order.worker_id, new, actor)
    error = await sender.send(intent)
    intent = await asyncio.to_thread(db.read, queries.intent, intent.id)
    if intent.status == IntentStatus.UNKNOWN:
        raise OutcomeUnknownError(
            f"It is not known whether the provider has paid: {error}",
            "The same command again asks it; nothing is paid twice.",
        )
    if error:
        raise ProviderError(error, "Nothing was paid.")
    return _paid(intent, was_paid_before=False)


def _paid(intent: IntentRow, *, was_paid_before: bool) -> Compensation:
    return Compensation(intent.unit_id or 0, intent.run_id, intent.key, was_paid_before)
