"""Compensations: money for work that left no submitted unit."""

from __future__ import annotations

import orjson

from mephisto_engine.data_model.status import UnitStatus
from mephisto_engine.data_model.units import COMPENSATION_INDEX
from mephisto_engine.database.transaction import Transaction


def add_compensation_unit(
    tx: Transaction, run_id: int, worker_id: int, cents: int, reason: str
) -> int:
    """Store a compensation that was paid as a unit of the worker; the unit's id comes back."""
    data = orjson.dumps({"reason": reason}).decode()
    assignment_id = tx.insert(
        "assignment",
        task_run=run_id,
        item_index=COMPENSATION_INDEX,
        data=data,
        created_at=tx.now_ms,
    )
    unit_id = tx.insert(
        "unit",
        assignment=assignment_id,
        task_run=run_id,
        unit_index=COMPENSATION_INDEX,
        data="{}",
        pay_cents=cents,
        status=UnitStatus.ACCEPTED,
        status_at=tx.now_ms,
        worker=worker_id,
        created_at=tx.now_ms,
    )
    # A kind of its own, so that whoever counts a run's units does not count it among them.
    tx.record(
        "unit.compensated",
        "unit",
        unit_id,
        run=run_id,
        after=UnitStatus.ACCEPTED,
        data={"worker": worker_id, "cents": cents, "reason": reason},
    )
    return unit_id
