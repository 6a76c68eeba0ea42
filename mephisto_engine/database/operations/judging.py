"""Judging answers: what the operator's code said, and everything that follows from it, at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from peewee import JOIN

from mephisto_engine.data_model import Agent, Judgement, Submission, Unit, Worker
from mephisto_engine.data_model.records import SubmittedUnit, UnitRecord, WorkerRecord
from mephisto_engine.data_model.status import DONE_UNIT, HOLDING_AGENT, OPEN_UNIT, UnitStatus
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.operations.assignments import requeue
from mephisto_engine.database.operations.runs import ensure_qualifications
from mephisto_engine.database.operations.workers import grant_qualification, held_value
from mephisto_engine.database.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one of the worker's qualifications."""

    qualification_name: str
    value: int = 1
    is_added: bool = False
    """Whether the value is added to the one they hold."""


@dataclass(frozen=True, slots=True)
class NewJudgement:
    """What the operator's code said about an answer."""

    run_id: int
    unit_id: int
    worker_id: int
    is_right: bool | None
    changes: Sequence[Change] = ()
    more_units: int = 0
    is_concurrent: bool = False
    """Whether the item's units are done together: then all of them are offered again, once."""
    expected: str | None = None
    """What the unit should have been answered with, as JSON text."""


_HOLDS = Agent.status.in_(sorted(HOLDING_AGENT))
UNJUDGED = Compiled(
    lambda: (
        Unit.select(Unit.id, Worker.id, Worker.name, Worker.provider_type)
        .join(Agent, on=((Agent.unit == Unit.id) & _HOLDS))
        .join(Worker, on=(Agent.worker == Worker.id))
        .join(Judgement, JOIN.LEFT_OUTER, on=(Judgement.unit == Unit.id))
        .where(
            (Unit.task_run == param("run"))
            & Unit.status.in_(sorted(DONE_UNIT))
            & Judgement.id.is_null()
        )
        .order_by(Unit.status_at, Unit.id)
    )
)
"""Units of a run whose answers the operator's code has not seen, and who has answered."""

ITEM = Compiled(
    lambda: (
        Unit.select(Unit.id, Unit.status, Submission.body)
        .join(Agent, JOIN.LEFT_OUTER, on=((Agent.unit == Unit.id) & _HOLDS))
        .join(Submission, JOIN.LEFT_OUTER, on=(Submission.agent == Agent.id))
        .where(Unit.assignment == param("assignment"))
        .order_by(Unit.unit_index)
    )
)
_JUDGED = Compiled(lambda: Judgement.select(Judgement.id).where(Judgement.unit == param("unit")))
_SIBLINGS = Compiled(
    lambda: (
        Unit.select(Unit.unit_index, Unit.data, Unit.pay_cents, Unit.assignment)
        .where(Unit.assignment.in_(Unit.select(Unit.assignment).where(Unit.id == param("unit"))))
        .order_by(Unit.unit_index.desc())
    )
)


def submitted_unit(
    unit: UnitRecord, worker: WorkerRecord, rows: Sequence[tuple[Any, ...]]
) -> SubmittedUnit:
    """The unit with its answer and those of its item, from the rows of `ITEM`."""
    answers = {
        unit_id: orjson.loads(body)
        for unit_id, status, body in rows
        if body is not None and status != UnitStatus.REJECTED
    }
    return SubmittedUnit(
        unit.id,
        unit.assignment_id,
        unit.task_run_id,
        unit.unit_index,
        UnitStatus.COMPLETED,
        unit.pay_cents,
        unit.shared,
        unit.data,
        worker.id,
        worker=worker,
        answer=answers.get(unit.id),
        item_answers=tuple(answers.values()),
        open_units=sum(status in OPEN_UNIT for _, status, _ in rows),
    )


def judge_unit(tx: Transaction, new: NewJudgement) -> list[tuple[int, int]]:
    """Keep a judgement with what follows from it; a second one of the same unit changes nothing.

    Returns:
        ``(unit id, assignment id)`` of the units that were asked for, status `created`.
    """
    if tx.one(_JUDGED, unit=new.unit_id) is not None:
        return []
    is_right = None if new.is_right is None else int(new.is_right)
    tx.insert(
        "judgement",
        unit=new.unit_id,
        is_right=is_right,
        more_units=new.more_units,
        expected=new.expected,
        judged_at=tx.now_ms,
    )
    if new.is_right is not None or new.more_units:
        data = {"is_right": new.is_right, "more_units": new.more_units}
        tx.record("unit.judged", "unit", new.unit_id, run=new.run_id, data=data)
    for change in new.changes:
        _apply(tx, new.worker_id, change)
    return _ask_again(tx, new) if new.more_units else []


def _apply(tx: Transaction, worker_id: int, change: Change) -> None:
    ensure_qualifications(tx, [change.qualification_name])
    value = change.value
    if change.is_added:
        value += held_value(tx, worker_id, change.qualification_name) or 0
    grant_qualification(tx, worker_id, change.qualification_name, value, "engine")


def _ask_again(tx: Transaction, new: NewJudgement) -> list[tuple[int, int]]:
    """More units of the same item, in the same assignment, so that nobody does it twice."""
    last_index, data, pay_cents, assignment_id = tx.all(_SIBLINGS, unit=new.unit_id)[0]
    if new.is_concurrent:
        return requeue(tx, new.run_id, assignment_id)
    ids = [
        tx.insert(
            "unit",
            assignment=assignment_id,
            task_run=new.run_id,
            unit_index=last_index + 1 + place,
            data=data,
            pay_cents=pay_cents,
            status=UnitStatus.CREATED,
            status_at=tx.now_ms,
            created_at=tx.now_ms,
        )
        for place in range(new.more_units)
    ]
    tx.record(
        "unit.created",
        "unit",
        ids[0],
        run=new.run_id,
        after=UnitStatus.CREATED,
        data={"ranges": [(ids[0], ids[-1])], "asked_by": new.unit_id},
    )
    return [(unit_id, assignment_id) for unit_id in ids]
