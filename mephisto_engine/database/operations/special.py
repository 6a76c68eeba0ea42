"""Screening and gold units: made for one worker, offered to nobody else."""

from __future__ import annotations

from dataclasses import dataclass

from peewee import fn

from mephisto_engine.data_model import TaskRun, Unit
from mephisto_engine.data_model.records import UnitRecord
from mephisto_engine.data_model.status import COSTED_UNIT, UnitStatus
from mephisto_engine.database import ledger
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.operations.agents import UNIT_WITH_DATA, unit_record, units_with_data
from mephisto_engine.database.transaction import Transaction


@dataclass(frozen=True, slots=True)
class NewSpecialUnit:
    """A unit to be made for one worker."""

    run_id: int
    unit_index: int
    """Which kind, see `mephisto_engine.data_model.records`."""
    data: str
    """Shared data of its assignment, as JSON text."""
    pay_cents: int
    most: int | None
    """How many of the kind may be paid for in the run."""
    worker_id: int


_WITHOUT_WORKER = (UnitStatus.CREATED, UnitStatus.LAUNCHED)
_TAKEN_PLACES = Compiled(
    lambda: Unit.select(fn.COUNT(Unit.id)).where(
        (Unit.task_run == param("run"))
        & (Unit.unit_index < 0)
        & (Unit.unit_index == param("index"))
        & Unit.status.in_(sorted({UnitStatus.CREATED, *COSTED_UNIT}))
    )
)
_UNIT_COST = Compiled(
    lambda: TaskRun.select(TaskRun.unit_cost_cents).where(TaskRun.id == param("run"))
)
MADE = Compiled(
    lambda: Unit.select(fn.COUNT(Unit.id)).where(
        (Unit.task_run == param("run"))
        & (Unit.unit_index < 0)
        & (Unit.unit_index == param("index"))
    )
)
"""How many units of that kind the run has ever had."""

ORPHANS = Compiled(
    lambda: units_with_data().where(
        (Unit.task_run == param("run"))
        & (Unit.unit_index < 0)
        & Unit.status.in_(sorted(_WITHOUT_WORKER))
    )
)
"""Units whose worker was just being let in when the engine died."""


def add_special_unit(tx: Transaction, new: NewSpecialUnit) -> UnitRecord | None:
    """Add a unit for one worker, status `created`; None if the cap or a budget allows no more."""
    cost = tx.all(_UNIT_COST, run=new.run_id)[0][0]
    if any(cap.free_cents < cost for cap in ledger.caps_of(tx.all, new.run_id)):
        return None
    if new.most is not None:
        taken = tx.all(_TAKEN_PLACES, run=new.run_id, index=new.unit_index)[0][0]
        if taken >= new.most:
            return None
    assignment_id = tx.insert(
        "assignment",
        task_run=new.run_id,
        item_index=new.unit_index,
        data=new.data,
        created_at=tx.now_ms,
    )
    unit_id = tx.insert(
        "unit",
        assignment=assignment_id,
        task_run=new.run_id,
        unit_index=new.unit_index,
        data="{}",
        pay_cents=new.pay_cents,
        status=UnitStatus.CREATED,
        status_at=tx.now_ms,
        created_at=tx.now_ms,
    )
    tx.begin(
        "unit",
        unit_id,
        UnitStatus.CREATED,
        run=new.run_id,
        data={"unit_index": new.unit_index, "worker": new.worker_id},
    )
    return unit_record(tx.all(UNIT_WITH_DATA, unit=unit_id)[0])


def launch_special_unit(tx: Transaction, run_id: int, unit_id: int) -> None:
    """The provider has published the unit: created → launched."""
    tx.move("unit", unit_id, UnitStatus.LAUNCHED, source=UnitStatus.CREATED, run=run_id)


def withdraw_special_unit(tx: Transaction, run_id: int, unit_id: int, reason: str) -> None:
    """Expire a unit whose worker has not got it."""
    tx.move("unit", unit_id, UnitStatus.EXPIRED, run=run_id, data={"reason": reason})
