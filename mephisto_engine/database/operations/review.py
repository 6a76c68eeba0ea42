"""Decisions about finished work: staged here, carried out by `database.operations.money`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from mephisto_engine.data_model import Decision, Intent, Unit
from mephisto_engine.data_model.status import (
    UNSETTLED_INTENT,
    DecisionStatus,
    IntentStatus,
    UnitStatus,
    is_allowed,
)
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import MephistoError, NotFoundError, StateError

VERDICTS: Final = (UnitStatus.ACCEPTED, UnitStatus.SOFT_REJECTED, UnitStatus.REJECTED)

LARGEST_SUM: Final = 100_000_00
"""Cents: no bonus and no compensation is larger, so that a slip of the finger is found."""


@dataclass(frozen=True, slots=True)
class NewDecision:
    """What an operator makes of one unit."""

    unit_id: int
    verdict: str
    """`accepted`, `soft_rejected` (paid, not kept) or `rejected` (unpaid)."""
    note: str = ""
    """Why; a rejection needs one, and its worker is always told."""
    is_note_sent: bool = False
    bonus_cents: int = 0
    block_reason: str | None = None


_UNIT = Compiled(
    lambda: Unit.select(Unit.status, Unit.task_run, Unit.worker).where(Unit.id == param("id"))
)
_STAGED = Compiled(
    lambda: Decision.select(Decision.id).where(
        (Decision.unit == param("unit")) & (Decision.status == DecisionStatus.STAGED)
    )
)
_DECISION = Compiled(
    lambda: Decision.select(Decision.unit, Decision.task_run, Decision.status).where(
        Decision.id == param("id")
    )
)
_INTENTS = Compiled(
    lambda: Intent.select(Intent.id, Intent.kind, Intent.status).where(
        Intent.decision == param("decision")
    )
)
_LAST_OF = Compiled(
    lambda: (
        Decision.select(Decision.id)
        .where((Decision.status == DecisionStatus.STAGED) & (Decision.decided_by == param("actor")))
        .order_by(Decision.id.desc())
        .limit(1)
    )
)


def stage(tx: Transaction, new: NewDecision, actor: str) -> int:
    """Store a decision, to be sent later; one that was staged for the unit before is withdrawn.

    Returns:
        The decision's id.

    Raises:
        NotFoundError: there is no such unit.
        StateError: the unit is not one to decide on, something about the decision is wrong, or the
            one before it is being carried out.
    """
    fault = fault_of(new)
    if fault:
        raise StateError(f"Unit {new.unit_id}: {fault}")
    run_id = _check_unit(tx, new)
    for (decision_id,) in tx.all(_STAGED, unit=new.unit_id):
        _withdraw(tx, decision_id, actor)
    return _insert(tx, new, run_id, actor)


def stage_many(tx: Transaction, decisions: Sequence[NewDecision], actor: str) -> list[int]:
    """Stage several decisions, all or none; their ids come back. Errors as `stage`."""
    return [stage(tx, new, actor) for new in decisions]


def stage_each(tx: Transaction, decisions: Sequence[NewDecision], actor: str) -> list[str]:
    """Stage what can be; for each decision why it was not, empty if it was."""
    return [_tried(tx, new, actor) for new in decisions]


class RehearsedError(Exception):
    """What `stage_each` would have said; raised so that nothing of it is stored."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("a rehearsal stores nothing")
        self.faults = faults


def rehearse(tx: Transaction, decisions: Sequence[NewDecision], actor: str) -> None:
    """Find out what `stage_each` would say, and store nothing.

    Raises:
        RehearsedError: always, with the answer.
    """
    raise RehearsedError(stage_each(tx, decisions, actor))


def withdraw(tx: Transaction, decision_ids: Sequence[int], actor: str) -> None:
    """Take staged decisions back.

    Of one that was sent in part, what the provider has done stays done: the decision counts as
    sent, and what has failed is dropped.

    Raises:
        NotFoundError: there is no such decision.
        StateError: one is not staged any more, or is being carried out.
    """
    for decision_id in decision_ids:
        _withdraw(tx, decision_id, actor)


def withdraw_last(tx: Transaction, actor: str) -> int:
    """Take back what this operator staged last; the decision's id comes back.

    Raises:
        StateError: nothing of theirs is staged, or it is being carried out.
    """
    row = tx.one(_LAST_OF, actor=actor)
    if row is None:
        raise StateError("Nothing that you decided is staged.", "What was sent cannot be undone.")
    _withdraw(tx, row[0], actor)
    return int(row[0])


def fault_of(new: NewDecision) -> str:
    """What is wrong with a decision by itself, as a sentence; empty if nothing is."""
    if new.verdict not in VERDICTS:
        return f"{new.verdict!r} is no verdict; those are {', '.join(VERDICTS)}."
    if new.verdict == UnitStatus.REJECTED and not new.note.strip():
        return "a rejection needs a reason, which the worker is told."
    if not 0 <= new.bonus_cents <= LARGEST_SUM:
        return f"a bonus is from 0 to {LARGEST_SUM} cents, not {new.bonus_cents}."
    if new.bonus_cents and new.verdict == UnitStatus.REJECTED:
        return "who is rejected gets no bonus; pass the unit instead."
    if new.block_reason is not None and not new.block_reason.strip():
        return "a block needs a reason."
    return ""


def _tried(tx: Transaction, new: NewDecision, actor: str) -> str:
    try:
        stage(tx, new, actor)
    except MephistoError as error:
        # `stage` looks at everything before it changes anything.
        return error.message
    return ""


def _check_unit(tx: Transaction, new: NewDecision) -> int:
    """The run of a unit that can be decided on."""
    row = tx.one(_UNIT, id=new.unit_id)
    if row is None:
        raise NotFoundError(f"There is no unit {new.unit_id}.")
    status, run_id, worker = row
    if not is_allowed("unit", status, new.verdict) or worker is None:
        raise StateError(
            f"Unit {new.unit_id} is {status} and cannot become {new.verdict}.",
            "Decisions are about submitted units; a rejected one can still be accepted.",
        )
    return int(run_id)


def _insert(tx: Transaction, new: NewDecision, run_id: int, actor: str) -> int:
    decision_id = tx.insert(
        "decision",
        unit=new.unit_id,
        task_run=run_id,
        verdict=str(new.verdict),
        status=DecisionStatus.STAGED,
        status_at=tx.now_ms,
        note=new.note,
        is_note_sent=int(new.is_note_sent or new.verdict == UnitStatus.REJECTED),
        bonus_cents=new.bonus_cents,
        block_reason=new.block_reason,
        decided_by=actor,
        created_at=tx.now_ms,
    )
    data: dict[str, Any] = {"unit": new.unit_id, "verdict": new.verdict, "note": new.note}
    if new.bonus_cents:
        data["bonus_cents"] = new.bonus_cents
    tx.begin("decision", decision_id, DecisionStatus.STAGED, run=run_id, actor=actor, data=data)
    return decision_id


def _withdraw(tx: Transaction, decision_id: int, actor: str) -> None:
    row = tx.one(_DECISION, id=decision_id)
    if row is None:
        raise NotFoundError(f"There is no decision {decision_id}.")
    unit_id, run_id, status = row
    if status != DecisionStatus.STAGED:
        raise StateError(
            f"The decision about unit {unit_id} is {status}.", "What was sent cannot be undone."
        )
    intents = tx.all(_INTENTS, decision=decision_id)
    for _, kind, intent_status in intents:
        if intent_status in UNSETTLED_INTENT:
            raise StateError(
                f"Unit {unit_id}: what came of its {kind} is not known yet.",
                "`mephisto-tui review send` asks the provider.",
            )
    _drop_planned(tx, intents, run_id, actor)
    is_partly_done = any(item[2] == IntentStatus.CONFIRMED for item in intents)
    to = DecisionStatus.SENT if is_partly_done else DecisionStatus.WITHDRAWN
    data = {"unit": unit_id}
    tx.move("decision", decision_id, to, source=status, run=run_id, actor=actor, data=data)


def _drop_planned(
    tx: Transaction, intents: Sequence[tuple[Any, ...]], run_id: int, actor: str
) -> None:
    """What was to be sent and is not wanted any more frees what it had reserved."""
    for intent_id, _, status in intents:
        if status == IntentStatus.PLANNED:
            tx.move(
                "intent",
                intent_id,
                IntentStatus.FAILED,
                source=status,
                run=run_id,
                actor=actor,
                error="withdrawn",
            )
