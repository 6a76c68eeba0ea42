"""Bringing people of another database in: workers, their labels, and who is kept out."""

from __future__ import annotations

from collections.abc import Sequence

from mephisto_engine.data_model import GrantedQualification, Qualification, Worker
from mephisto_engine.data_model.foreign import Brought
from mephisto_engine.database.operations.imported import ACTOR, known_ids, remember
from mephisto_engine.database.transaction import Transaction


def bring_workers(
    tx: Transaction, source: str, workers: Sequence[tuple[int, str, str, int]]
) -> tuple[dict[int, int], int]:
    """Workers as ``(foreign id, provider, name, created)``: their ids here, and how many are new.

    A worker of that provider and name is the same person, wherever they were first met.
    """
    known = known_ids(tx, source, "workers", [item[0] for item in workers])
    added = 0
    for foreign_id, provider, name, created in workers:
        if foreign_id in known:
            continue
        where = (Worker.provider_type == provider) & (Worker.name == name)
        found = next(iter(tx.select(Worker.select(Worker.id).where(where).tuples())), None)
        if found is None:
            row = {"provider_type": provider, "name": name, "created_at": created}
            known[foreign_id] = tx.insert("worker", **row)
            tx.record(
                "worker.created", "worker", known[foreign_id], actor=ACTOR, data={"name": name}
            )
            added += 1
        else:
            known[foreign_id] = found[0]
        remember(tx, source, "workers", foreign_id, known[foreign_id])
    return known, added


def bring_qualification(
    tx: Transaction, source: str, foreign_id: int, name: str, description: str, created_ms: int
) -> tuple[int, bool]:
    """A kind of label; its id here, and whether it is new. One of that name is the same."""
    known = known_ids(tx, source, "qualifications", [foreign_id])
    if foreign_id in known:
        return known[foreign_id], False
    query = Qualification.select(Qualification.id).where(Qualification.name == name)
    found = next(iter(tx.select(query.tuples())), None)
    if found is None:
        row = {"name": name, "description": description, "created_at": created_ms}
        row_id = tx.insert("qualification", **row)
        tx.record(
            "qualification.created", "qualification", row_id, actor=ACTOR, data={"name": name}
        )
    else:
        row_id = found[0]
    remember(tx, source, "qualifications", foreign_id, row_id)
    return row_id, found is None


def bring_grants(
    tx: Transaction, source: str, grants: Sequence[tuple[int, int, int, int, int]]
) -> Brought:
    """Labels of workers as ``(foreign id, worker, qualification, value, granted)``, ids of here.

    What a worker holds here already stays as it is.
    """
    done = Brought()
    known = known_ids(tx, source, "granted_qualifications", [item[0] for item in grants])
    for foreign_id, worker, qualification, value, granted in grants:
        if foreign_id in known:
            continue
        where = (GrantedQualification.worker == worker) & (
            GrantedQualification.qualification == qualification
        )
        query = GrantedQualification.select(GrantedQualification.id, GrantedQualification.value)
        held = next(iter(tx.select(query.where(where).tuples())), None)
        if held is None:
            times = {"granted_at": granted, "updated_at": granted}
            key = {"worker": worker, "qualification": qualification, "value": value}
            row_id = tx.insert("granted_qualification", **key, **times)
            data = {"qualification": qualification, "value": value, "before": None}
            tx.record("worker.granted", "worker", worker, actor=ACTOR, data=data)
            done.count("grants")
        else:
            row_id = held[0]
            if held[1] != value:
                done.notes.append(
                    f"worker {worker} holds qualification {qualification} with {held[1]} here and "
                    f"with {value} there; it stays {held[1]}"
                )
        remember(tx, source, "granted_qualifications", foreign_id, row_id)
    return done


def bring_block(tx: Transaction, source: str, worker_id: int, reason: str) -> bool:
    """Keep a worker out who was kept out there; once, so that letting them in again lasts."""
    if worker_id in known_ids(tx, source, "blocks", [worker_id]):
        return False
    remember(tx, source, "blocks", worker_id, worker_id)
    open_to = (Worker.id == worker_id) & Worker.blocked_at.is_null()
    changed = tx.select(Worker.update(blocked_at=tx.now, block_reason=reason).where(open_to))
    if changed:
        tx.record("worker.blocked", "worker", worker_id, actor=ACTOR, data={"reason": reason})
    return bool(changed)
