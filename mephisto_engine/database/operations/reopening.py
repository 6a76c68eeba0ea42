"""What a resumed run offers again: units that its end, and nobody for good, has withdrawn."""

from __future__ import annotations

from typing import Any

from peewee import fn

from mephisto_engine.data_model import Agent, Assignment, Unit
from mephisto_engine.data_model.status import DONE_UNIT, AgentStatus, UnitStatus
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.operations.assignments import requeue
from mephisto_engine.database.transaction import Transaction

_TALKING = (AgentStatus.IN_TASK, AgentStatus.PARTNER_DISCONNECT)


def is_withdrawn() -> Any:
    """Condition on a Unit of the task data: its run's end has expired it, and it has no successor.

    A unit that an operator has expired, or that a broken assignment has left behind, is not one.
    """
    successor = Assignment.alias()
    made_anew = successor.select(successor.id).where(successor.requeued_from == Unit.assignment)
    return (
        (Unit.status == UnitStatus.EXPIRED)
        & (Unit.unit_index >= 0)
        & Unit.withdrawn_by.is_null()
        & ~fn.EXISTS(made_anew)
    )


def _has_begun() -> Any:
    """Condition on a Unit: workers have begun to do its assignment together, or have done it."""
    beside = Unit.alias()
    talks = Agent.select(Agent.id).where((Agent.unit == beside.id) & Agent.status.in_(_TALKING))
    is_beside = (beside.assignment == Unit.assignment) & (beside.unit_index >= 0)
    has_begun = beside.status.in_(sorted(DONE_UNIT)) | fn.EXISTS(talks)
    return fn.EXISTS(beside.select(beside.id).where(is_beside & has_begun))


def _withdrawn(*conditions: Any) -> Any:
    return Unit.select(Unit.id).where((Unit.task_run == param("run")), is_withdrawn(), *conditions)


_EACH = Compiled(lambda: _withdrawn().order_by(Unit.id))
_WHOLE = Compiled(lambda: _withdrawn(~_has_begun()).order_by(Unit.id))
_CUT_OFF = Compiled(
    lambda: (
        Unit.select(Unit.assignment)
        .where((Unit.task_run == param("run")), is_withdrawn(), _has_begun())
        .distinct()
        .order_by(Unit.assignment)
    )
)


def reopen_units(
    tx: Transaction, run_id: int, actor: str, *, is_concurrent: bool, requeues: bool
) -> int:
    """Offer again what the run's end has withdrawn: expired → created.

    Args:
        tx: the transaction.
        run_id: which run.
        actor: who resumes it.
        is_concurrent: whether workers do an assignment together. Then nobody can do a part of one
            that others have begun.
        requeues: whether such an assignment is offered again whole, as a new one.

    Returns:
        How many units are offered again as they were.
    """
    if is_concurrent and requeues:
        for (assignment_id,) in tx.all(_CUT_OFF, run=run_id):
            requeue(tx, run_id, assignment_id)
    ids = [row[0] for row in tx.all(_WHOLE if is_concurrent else _EACH, run=run_id)]
    tx.move_many("unit", ids, UnitStatus.EXPIRED, UnitStatus.CREATED, run=run_id, actor=actor)
    return len(ids)
