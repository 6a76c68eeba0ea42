"""Assignments whose workers do them together: waiting, starting, breaking, offering again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from mephisto_engine.data_model import Agent, Assignment, LiveUpdate, Unit
from mephisto_engine.data_model.status import AgentStatus, UnitStatus
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.operations.submissions import NewSubmission, submit
from mephisto_engine.database.transaction import Transaction

_UNITS_OF = Compiled(
    lambda: (
        Unit.select(Unit.id, Unit.unit_index, Unit.data, Unit.pay_cents, Unit.status)
        .where((Unit.assignment == param("assignment")) & (Unit.unit_index >= 0))
        .order_by(Unit.unit_index)
    )
)
_ASSIGNMENT = Compiled(
    lambda: Assignment.select(Assignment.item_index, Assignment.data).where(
        Assignment.id == param("assignment")
    )
)
_GIVE_UP_EXPIRED = Compiled(
    lambda: Unit.update({Unit.withdrawn_by: "engine"}).where(
        (Unit.assignment == param("assignment"))
        & (Unit.status == UnitStatus.EXPIRED)
        & Unit.withdrawn_by.is_null()
    )
)
_REQUEUED = Compiled(
    lambda: Assignment.select(Assignment.id).where(Assignment.requeued_from == param("assignment"))
)
SIZE = Compiled(
    lambda: Unit.select(Unit.id).where(
        (Unit.assignment == param("assignment"))
        & (Unit.unit_index >= 0)
        & (Unit.status != UnitStatus.EXPIRED)
    )
)
HISTORY = Compiled(
    lambda: (
        LiveUpdate.select(LiveUpdate.body)
        .where(LiveUpdate.agent == param("agent"))
        .order_by(LiveUpdate.id)
    )
)
_SET_DEADLINE = Compiled(
    lambda: Agent.update({Agent.deadline_at: param("deadline")}).where(Agent.id == param("id"))
)


def start_together(
    tx: Transaction, run_id: int, agent_ids: Sequence[int], deadline_ms: int
) -> None:
    """All partners are there: waiting → in task, each with the same deadline.

    Raises:
        StateError: one of them is not waiting any more; nobody has started.
    """
    for agent_id in agent_ids:
        tx.move("agent", agent_id, AgentStatus.IN_TASK, source=AgentStatus.WAITING, run=run_id)
        tx.run(_SET_DEADLINE, id=agent_id, deadline=deadline_ms)


def tell_partners(tx: Transaction, run_id: int, agent_ids: Sequence[int]) -> list[int]:
    """A partner has left: in task → partner disconnect. Those whom it concerned come back."""
    told = []
    for agent_id in agent_ids:
        if tx.status("agent", agent_id) == AgentStatus.IN_TASK:
            tx.move(
                "agent",
                agent_id,
                AgentStatus.PARTNER_DISCONNECT,
                source=AgentStatus.IN_TASK,
                run=run_id,
            )
            told.append(agent_id)
    return told


def withdraw_units(
    tx: Transaction, run_id: int, assignment_id: int, unit_ids: Sequence[int], reason: str
) -> None:
    """Expire published units of an assignment that nobody is on, for good."""
    tx.move_many(
        "unit",
        unit_ids,
        UnitStatus.LAUNCHED,
        UnitStatus.EXPIRED,
        run=run_id,
        data={"reason": reason},
    )
    give_up_expired(tx, assignment_id)


def give_up_expired(tx: Transaction, assignment_id: int) -> None:
    """Do not offer the expired units of an assignment again when the run is resumed."""
    tx.run(_GIVE_UP_EXPIRED, assignment=assignment_id)


def pay_for_waiting(tx: Transaction, new: NewSubmission) -> str:
    """Complete the unit of a worker who waited in vain, with a note in place of an answer."""
    tx.move("agent", new.agent_id, AgentStatus.IN_TASK, source=AgentStatus.WAITING, run=new.run_id)
    return submit(tx, new)


def requeue(tx: Transaction, run_id: int, assignment_id: int) -> list[tuple[int, int]]:
    """Offer a broken assignment again, as a new one with a link to the old; once.

    Returns:
        ``(unit id, assignment id)`` of the new units, status `created`; nothing if it was done.
    """
    if tx.one(_REQUEUED, assignment=assignment_id) is not None:
        return []
    item_index, data = tx.all(_ASSIGNMENT, assignment=assignment_id)[0]
    new_id = tx.insert(
        "assignment",
        task_run=run_id,
        item_index=item_index,
        data=data,
        requeued_from=assignment_id,
        created_at=tx.now_ms,
    )
    units = [
        tx.insert(
            "unit",
            assignment=new_id,
            task_run=run_id,
            unit_index=unit_index,
            data=unit_data,
            pay_cents=pay,
            status=UnitStatus.CREATED,
            status_at=tx.now_ms,
            created_at=tx.now_ms,
        )
        for _, unit_index, unit_data, pay, _ in tx.all(_UNITS_OF, assignment=assignment_id)
    ]
    tx.record(
        "unit.created",
        "unit",
        units[0],
        run=run_id,
        after=UnitStatus.CREATED,
        data={
            "ranges": [(units[0], units[-1])],
            "assignments": 1,
            "requeued_from": assignment_id,
        },
    )
    return [(unit_id, new_id) for unit_id in units]


def store_live_updates(tx: Transaction, updates: Sequence[tuple[int, bool, Any]]) -> None:
    """Keep live updates: ``(agent id, is from the worker, update)``, in order."""
    tx.insert_many(
        "live_update",
        ("agent_id", "is_from_worker", "body", "at"),
        [
            (agent_id, int(is_from_worker), orjson.dumps(update).decode(), tx.now_ms)
            for agent_id, is_from_worker, update in updates
        ],
    )
