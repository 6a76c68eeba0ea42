"""Intents: calls to the provider that must have their effect once.

planned → sent → confirmed. A call that was refused is failed; one whose answer is missing is
unknown, and goes back to planned only when the provider has said that nothing happened. What an
intent leads to here (a unit accepted, a worker blocked) is stored in the transaction that
confirms it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from mephisto_engine.data_model import Agent, Decision, Intent, TaskRun, Unit
from mephisto_engine.data_model.status import (
    AgentStatus,
    DecisionStatus,
    IntentStatus,
    UnitStatus,
)
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.operations.budgets import check_caps
from mephisto_engine.database.operations.compensation import add_compensation_unit
from mephisto_engine.database.operations.review import LARGEST_SUM
from mephisto_engine.database.operations.workers import block_worker
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import NotFoundError, StateError

_AGENT_STATUS = {
    UnitStatus.ACCEPTED: AgentStatus.APPROVED,
    UnitStatus.SOFT_REJECTED: AgentStatus.SOFT_REJECTED,
    UnitStatus.REJECTED: AgentStatus.REJECTED,
}
"""Unit status → status of the agent who did it."""


@dataclass(frozen=True, slots=True)
class IntentRow:
    """An intent as it is stored."""

    id: int
    key: str
    kind: str
    run_id: int
    unit_id: int | None
    worker_id: int
    decision_id: int | None
    amount_cents: int
    fee_cents: int
    reason: str
    status: str
    attempts: int


@dataclass(frozen=True, slots=True)
class _Decision:
    """A decision with what of its unit and run decides what it costs."""

    status: str
    verdict: str
    note: str
    is_note_sent: bool
    bonus_cents: int
    block_reason: str | None
    decided_by: str
    unit_id: int
    unit_status: str
    pay_cents: int
    worker_id: int
    run_id: int
    unit_cost: int


LONGEST_ERROR: Final = 2000
"""Characters of a provider's words that are kept."""

_COLUMNS = (
    Intent.id,
    Intent.key,
    Intent.kind,
    Intent.task_run,
    Intent.unit,
    Intent.worker,
    Intent.decision,
    Intent.amount_cents,
    Intent.fee_cents,
    Intent.reason,
    Intent.status,
    Intent.attempts,
)
INTENT = Compiled(lambda: Intent.select(*_COLUMNS).where(Intent.id == param("id")))
_BY_KEY = Compiled(lambda: Intent.select(*_COLUMNS).where(Intent.key == param("key")))
_OF_DECISION = Compiled(
    lambda: Intent.select(*_COLUMNS).where(Intent.decision == param("decision")).order_by(Intent.id)
)
_SENT = Compiled(lambda: Intent.select(*_COLUMNS).where(Intent.status == IntentStatus.SENT))
_ADOPT = Compiled(
    lambda: Intent.update(
        {
            Intent.decision: param("decision"),
            Intent.amount_cents: param("amount"),
            Intent.fee_cents: param("fee"),
            Intent.reason: param("reason"),
        }
    ).where(Intent.id == param("id"))
)
_DECISION = Compiled(
    lambda: (
        Decision.select(
            Decision.status,
            Decision.verdict,
            Decision.note,
            Decision.is_note_sent,
            Decision.bonus_cents,
            Decision.block_reason,
            Decision.decided_by,
            Unit.id,
            Unit.status,
            Unit.pay_cents,
            Unit.worker,
            Unit.task_run,
            TaskRun.unit_cost_cents,
        )
        .join(Unit)
        .join(TaskRun)
        .where(Decision.id == param("id"))
    )
)
_SET_ERROR = Compiled(
    lambda: Decision.update({Decision.error: param("error")}).where(Decision.id == param("id"))
)
_HOLDER = Compiled(
    lambda: Agent.select(Agent.id, Agent.status).where(
        (Agent.unit == param("unit"))
        & Agent.status.in_([AgentStatus.COMPLETED, AgentStatus.REJECTED])
    )
)


@dataclass(frozen=True, slots=True)
class NewIntent:
    """A call that is wanted."""

    kind: str
    key: str
    amount_cents: int
    fee_cents: int
    reason: str


def plan_decision(
    tx: Transaction, decision_id: int, fee_of_bonus: Callable[[int], int]
) -> list[IntentRow]:
    """Store what a staged decision asks of the provider, in the order in which it is to be sent.

    A repeat finds the same intents; those that failed are planned again.

    Args:
        tx: the transaction.
        decision_id: which decision.
        fee_of_bonus: cents of a bonus → cents that the provider takes on top.

    Raises:
        NotFoundError: there is no such decision.
        StateError: it is not staged any more, or a budget does not cover it.
    """
    found = _decision(tx, decision_id)
    if found.status != DecisionStatus.STAGED:
        raise StateError(f"The decision about unit {found.unit_id} is {found.status}.")
    ids = [
        _plan(tx, new, found.run_id, found.worker_id, found.decided_by, found.unit_id, decision_id)
        for new in _wanted(decision_id, found, fee_of_bonus)
    ]
    is_paid_after_all = found.unit_status == UnitStatus.REJECTED
    if found.bonus_cents or is_paid_after_all:
        check_caps(tx, found.run_id)
    return [intent(tx, intent_id) for intent_id in ids]


def plan_compensation(
    tx: Transaction,
    run_id: int,
    worker_id: int,
    new: NewIntent,
    actor: str,
) -> IntentRow:
    """Store that a worker is to be compensated; a second call with the key finds the first.

    Raises:
        StateError: the amount is none, or a budget does not cover it.
    """
    if not 0 < new.amount_cents <= LARGEST_SUM:
        raise StateError(f"A compensation is from 1 to {LARGEST_SUM} cents.")
    if not new.reason.strip():
        raise StateError("A compensation needs a reason, which the worker is told.")
    intent_id = _plan(tx, new, run_id, worker_id, actor)
    found = intent(tx, intent_id)
    if found.status == IntentStatus.PLANNED:
        check_caps(tx, found.run_id)
    return found


def begin(tx: Transaction, intent_id: int) -> None:
    """The call is about to be made: planned → sent, committed before the provider hears of it."""
    found = intent(tx, intent_id)
    _move(tx, found, IntentStatus.SENT, IntentStatus.PLANNED, attempts=found.attempts + 1)


def put_back(tx: Transaction, intent_id: int, error: str) -> None:
    """The provider did nothing, and may be asked again with the same key."""
    _move(tx, intent(tx, intent_id), IntentStatus.PLANNED, error=error)


def refuse(tx: Transaction, intent_id: int, error: str) -> None:
    """The provider will not do it; what was reserved for it is free again."""
    found = intent(tx, intent_id)
    _move(tx, found, IntentStatus.FAILED, error=error)
    _set_error(tx, found, error)


def lose(tx: Transaction, intent_id: int, error: str) -> None:
    """Nobody knows whether it has happened."""
    found = intent(tx, intent_id)
    _move(tx, found, IntentStatus.UNKNOWN, IntentStatus.SENT, error=error)
    _set_error(tx, found, f"not known whether the provider has done it: {error}")


def lose_all(tx: Transaction, error: str) -> list[IntentRow]:
    """Every call that somebody was making when their process ended; nobody else may be sending."""
    found = [IntentRow(*row) for row in tx.all(_SENT)]
    for row in found:
        lose(tx, row.id, error)
    return found


def confirm(tx: Transaction, intent_id: int) -> None:
    """It has happened: store what follows from it here, in the same transaction."""
    found = intent(tx, intent_id)
    _move(tx, found, IntentStatus.CONFIRMED, error=None)
    if found.kind in ("approve", "reject"):
        _settle_unit(tx, found)
    elif found.kind == "block":
        block_worker(tx, found.worker_id, found.reason, _decision(tx, found.decision_id).decided_by)
    elif found.kind == "compensate":
        unit_id = add_compensation_unit(
            tx, found.run_id, found.worker_id, found.amount_cents, found.reason
        )
        tx.select(Intent.update(unit=unit_id).where(Intent.id == found.id))
    if found.decision_id is not None:
        _finish(tx, found.decision_id)


def note_failure(tx: Transaction, decision_id: int, error: str) -> None:
    """Say at a decision why it could not even be begun to be sent; it stays staged."""
    tx.run(_SET_ERROR, id=decision_id, error=error[:LONGEST_ERROR])


def intent(tx: Transaction, intent_id: int) -> IntentRow:
    """An intent as it is stored.

    Raises:
        NotFoundError: there is none with that id.
    """
    row = tx.one(INTENT, id=intent_id)
    if row is None:
        raise NotFoundError(f"There is no intent {intent_id}.")
    return IntentRow(*row)


def compensation_key(worker_id: int, run_id: int | None, cents: int, reason: str) -> str:
    """What the keys of the same compensation begin with, whenever it is asked for.

    Args:
        worker_id: who gets it.
        run_id: the run that the operator named, if any.
        cents: how much.
        reason: why, as the worker is told.
    """
    digest = hashlib.sha256(f"{run_id}:{cents}:{reason}".encode()).hexdigest()[:16]
    return f"compensate:worker:{worker_id}:{digest}:"


def _decision(tx: Transaction, decision_id: int | None) -> _Decision:
    row = tx.one(_DECISION, id=decision_id)
    if row is None:
        raise NotFoundError(f"There is no decision {decision_id}.")
    return _Decision(*row)


def _wanted(
    decision_id: int, found: _Decision, fee_of_bonus: Callable[[int], int]
) -> Iterator[NewIntent]:
    said = found.note if found.is_note_sent else ""
    unit = found.unit_id
    if found.verdict == UnitStatus.REJECTED:
        yield NewIntent("reject", f"reject:unit:{unit}", 0, 0, found.note)
    else:
        fee = found.unit_cost - found.pay_cents
        yield NewIntent("approve", f"approve:unit:{unit}", found.pay_cents, fee, said)
    if found.bonus_cents:
        fee = fee_of_bonus(found.bonus_cents)
        reason = said or "Thank you for your work."
        yield NewIntent("bonus", f"bonus:decision:{decision_id}", found.bonus_cents, fee, reason)
    if found.block_reason is not None:
        yield NewIntent("block", f"block:decision:{decision_id}", 0, 0, found.block_reason)


def _plan(
    tx: Transaction,
    new: NewIntent,
    run_id: int,
    worker_id: int,
    actor: str,
    unit_id: int | None = None,
    decision_id: int | None = None,
) -> int:
    """The intent with a key: a new one, or the one there is, which is planned again if it failed.

    A unit that was to be approved before, and is now by another decision, keeps its one key.
    """
    row = tx.one(_BY_KEY, key=new.key)
    if row is None:
        return _insert(tx, new, run_id, worker_id, actor, unit_id, decision_id)
    found = IntentRow(*row)
    if found.status == IntentStatus.FAILED:
        terms = {"amount": new.amount_cents, "fee": new.fee_cents, "reason": new.reason}
        tx.run(_ADOPT, id=found.id, decision=decision_id, **terms)
        _move(tx, found, IntentStatus.PLANNED, actor=actor, error=None)
    return found.id


def _insert(
    tx: Transaction,
    new: NewIntent,
    run_id: int,
    worker_id: int,
    actor: str,
    unit_id: int | None,
    decision_id: int | None,
) -> int:
    intent_id = tx.insert(
        "intent",
        key=new.key,
        kind=new.kind,
        task_run=run_id,
        unit=unit_id,
        worker=worker_id,
        decision=decision_id,
        amount_cents=new.amount_cents,
        fee_cents=new.fee_cents,
        reason=new.reason,
        status=IntentStatus.PLANNED,
        status_at=tx.now_ms,
        attempts=0,
        created_at=tx.now_ms,
    )
    data = {"key": new.key, "cents": new.amount_cents, "worker": worker_id, "unit": unit_id}
    tx.begin("intent", intent_id, IntentStatus.PLANNED, run=run_id, actor=actor, data=data)
    return intent_id


def _move(
    tx: Transaction,
    found: IntentRow,
    to: IntentStatus,
    source: str | None = None,
    actor: str = "engine",
    **columns: Any,
) -> None:
    if columns.get("error"):
        columns["error"] = columns["error"][:LONGEST_ERROR]
    data = {"key": found.key, "cents": found.amount_cents, "error": columns.get("error") or ""}
    tx.move(
        "intent",
        found.id,
        to,
        source=source or found.status,
        run=found.run_id,
        actor=actor,
        data=data,
        **columns,
    )


def _set_error(tx: Transaction, found: IntentRow, error: str) -> None:
    if found.decision_id is not None:
        note_failure(tx, found.decision_id, f"{found.kind}: {error}")


def _settle_unit(tx: Transaction, found: IntentRow) -> None:
    """The provider has approved or rejected a unit: the unit and its agent follow."""
    decision = _decision(tx, found.decision_id)
    verdict = UnitStatus(decision.verdict)
    run, actor = found.run_id, decision.decided_by
    data = {"decision": found.decision_id, "note": decision.note}
    tx.move("unit", decision.unit_id, verdict, run=run, actor=actor, data=data)
    for agent_id, status in tx.all(_HOLDER, unit=decision.unit_id):
        tx.move("agent", agent_id, _AGENT_STATUS[verdict], source=status, run=run, actor=actor)


def _finish(tx: Transaction, decision_id: int) -> None:
    """A decision all of whose calls were confirmed is sent."""
    intents = [IntentRow(*row) for row in tx.all(_OF_DECISION, decision=decision_id)]
    if any(item.status != IntentStatus.CONFIRMED for item in intents):
        return
    decision = _decision(tx, decision_id)
    tx.move(
        "decision",
        decision_id,
        DecisionStatus.SENT,
        run=decision.run_id,
        actor=decision.decided_by,
        data={"unit": decision.unit_id},
        error=None,
    )
