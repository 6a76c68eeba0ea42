"""Workers over time: blocks and qualifications."""

from __future__ import annotations

from mephisto_engine.data_model import GrantedQualification, Qualification, Worker
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import NotFoundError


def block_worker(tx: Transaction, worker_id: int, reason: str, actor: str) -> None:
    """Keep a worker out of every run of this installation."""
    _update_worker(tx, worker_id, tx.now, reason)
    tx.record("worker.blocked", "worker", worker_id, actor=actor, data={"reason": reason})


def unblock_worker(tx: Transaction, worker_id: int, actor: str) -> None:
    """Let a blocked worker in again."""
    _update_worker(tx, worker_id, None, None)
    tx.record("worker.unblocked", "worker", worker_id, actor=actor)


def create_qualification(tx: Transaction, name: str, description: str, actor: str) -> int:
    """Add a kind of label."""
    row_id = tx.insert("qualification", name=name, description=description, created_at=tx.now_ms)
    tx.record("qualification.created", "qualification", row_id, actor=actor)
    return row_id


def grant_qualification(tx: Transaction, worker_id: int, name: str, value: int, actor: str) -> None:
    """Give a worker a value for a qualification; a second grant changes the value."""
    found = tx.select(Qualification.select(Qualification.id).where(Qualification.name == name))
    qualification = next(iter(found), None)
    if qualification is None:
        raise NotFoundError(f"There is no qualification {name!r}.")
    insert = GrantedQualification.insert(
        worker=worker_id,
        qualification=qualification.id,
        value=value,
        granted_at=tx.now,
        updated_at=tx.now,
    )
    tx.select(
        insert.on_conflict(
            conflict_target=[GrantedQualification.worker, GrantedQualification.qualification],
            update={
                GrantedQualification.value: value,
                GrantedQualification.updated_at: tx.now,
            },
        )
    )
    tx.record(
        "worker.granted",
        "worker",
        worker_id,
        actor=actor,
        data={"qualification": name, "value": value},
    )


def _update_worker(tx: Transaction, worker_id: int, blocked_at: object, reason: object) -> None:
    changed = tx.select(
        Worker.update(blocked_at=blocked_at, block_reason=reason).where(Worker.id == worker_id)
    )
    if changed != 1:
        raise NotFoundError(f"There is no worker {worker_id}.")
