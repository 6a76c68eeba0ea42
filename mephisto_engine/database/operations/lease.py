"""The lease: which engine drives a run. Fenced, renewed, and taken over from the dead."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import orjson

from mephisto_engine.clock import to_ms
from mephisto_engine.data_model import Lease
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import LeaseHeldError

LEASE_SECONDS = 15.0
"""A lease that has not been renewed for so long may be taken over."""

_RENEW = Compiled(
    lambda: Lease.update({Lease.renewed_at: param("now"), Lease.health: param("health")}).where(
        (Lease.task_run == param("run"))
        & (Lease.holder == param("holder"))
        & (Lease.fence == param("fence"))
    )
)


@dataclass(frozen=True, slots=True)
class Holder:
    """An engine process: who it is, and where."""

    name: str
    """Unique to this engine."""
    host: str
    pid: int


def acquire(tx: Transaction, run_id: int, holder: Holder) -> int:
    """Take the lease of a run.

    Returns:
        The fence: a number that changes with every taking over, for `renew` and `release`.

    Raises:
        LeaseHeldError: a living engine holds it; the message says which.
    """
    found = next(iter(tx.select(Lease.select().where(Lease.task_run == run_id))), None)
    if found is None:
        fence = 1
        tx.select(Lease.insert(task_run=run_id, fence=fence, health={}, **_columns(tx, holder)))
    else:
        refuse_if_held(run_id, found, holder, tx.now_ms)
        fence = found.fence + 1
        tx.select(
            Lease.update(fence=fence, health={}, **_columns(tx, holder)).where(
                Lease.task_run == run_id
            )
        )
    tx.record(
        "run.lease_taken",
        "task_run",
        run_id,
        run=run_id,
        data={"host": holder.host, "pid": holder.pid, "fence": fence},
    )
    return fence


def refuse_if_held(run_id: int, lease: Lease, holder: Holder, now_ms: int) -> None:
    """Raise `LeaseHeldError` if a living engine other than ``holder`` has the lease."""
    if lease.holder == holder.name or not is_alive(lease, holder.host, now_ms):
        return
    raise LeaseHeldError(
        f"Run {run_id} is driven by process {lease.pid} on {lease.host}.",
        f"Watch it with `mephisto-tui watch {run_id}`, or stop it with "
        f"`mephisto-tui stop {run_id}`.",
    )


def renew(tx: Transaction, run_id: int, holder: Holder, fence: int, health: Any) -> bool:
    """Keep the lease and publish the engine's health; False if somebody else has it now."""
    cursor = tx.run(
        _RENEW,
        run=run_id,
        holder=holder.name,
        fence=fence,
        now=tx.now_ms,
        health=orjson.dumps(health).decode(),
    )
    return bool(cursor.rowcount == 1)


def release(tx: Transaction, run_id: int, holder: Holder, fence: int) -> None:
    """Give the lease back."""
    tx.select(
        Lease.delete().where(
            (Lease.task_run == run_id) & (Lease.holder == holder.name) & (Lease.fence == fence)
        )
    )


def is_alive(lease: Lease, own_host: str, now_ms: int) -> bool:
    """Whether the holder of a lease still drives its run.

    On this host a process that is gone is known to be; elsewhere only time tells.
    """
    age = (now_ms - to_ms(lease.renewed_at)) / 1000
    if age > LEASE_SECONDS:
        return False
    return lease.host != own_host or _process_exists(lease.pid)


def _process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _columns(tx: Transaction, holder: Holder) -> dict[str, Any]:
    return {
        "holder": holder.name,
        "host": holder.host,
        "pid": holder.pid,
        "acquired_at": tx.now,
        "renewed_at": tx.now,
    }
