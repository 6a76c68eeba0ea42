"""The lease: which engine drives a run. Fenced, renewed, and taken over from the dead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from mephisto_engine.data_model import Lease
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.lease_watch import LeaseSight, LeaseWatch
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import LeaseHeldError

_RENEW = Compiled(
    lambda: Lease.update(
        {
            Lease.renewed_at: param("now"),
            Lease.renewals: Lease.renewals + 1,
            Lease.health: param("health"),
        }
    ).where(
        (Lease.task_run == param("run"))
        & (Lease.holder == param("holder"))
        & (Lease.fence == param("fence"))
    )
)

_HELD = Compiled(
    lambda: Lease.select(Lease.fence).where(
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
    process: str = ""
    """Mark of the process; see `processes`."""


def acquire(tx: Transaction, run_id: int, holder: Holder, watch: LeaseWatch) -> int:
    """Take the lease of a run.

    Returns:
        The fence: a number that changes with every taking over, for `renew` and `release`.

    Raises:
        LeaseHeldError: a living engine holds it, or one that may live; the message says which.
    """
    found = next(iter(tx.select(Lease.select().where(Lease.task_run == run_id))), None)
    if found is None:
        fence = 1
        tx.select(Lease.insert(task_run=run_id, fence=fence, health={}, **_columns(tx, holder)))
    else:
        refuse_if_held(found, holder, watch)
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


def refuse_if_held(lease: Lease, holder: Holder, watch: LeaseWatch) -> None:
    """Raise `LeaseHeldError` unless the lease is ``holder``'s or of an engine that is gone."""
    if lease.holder == holder.name or watch.is_alive(sight_of(lease)) is False:
        return
    run_id = sight_of(lease).run_id
    raise LeaseHeldError(
        f"Run {run_id} is driven by process {lease.pid} on {lease.host}.",
        f"Watch it with `mephisto-tui watch {run_id}`, or stop it with "
        f"`mephisto-tui stop {run_id}`. If that process is stuck, end it: `kill {lease.pid}` "
        f"on {lease.host}.",
    )


def sight_of(lease: Lease) -> LeaseSight:
    """What a `LeaseWatch` has to know of a lease."""
    row: Any = lease
    return LeaseSight(
        row.task_run_id,
        lease.holder,
        lease.pid,
        lease.process,
        lease.fence,
        lease.renewals,
        lease.renewed_at,
    )


def is_held(tx: Transaction, run_id: int, holder: Holder, fence: int) -> bool:
    """Whether the lease is still what `acquire` made it."""
    return tx.one(_HELD, run=run_id, holder=holder.name, fence=fence) is not None


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


def _columns(tx: Transaction, holder: Holder) -> dict[str, Any]:
    return {
        "holder": holder.name,
        "host": holder.host,
        "pid": holder.pid,
        "process": holder.process,
        "acquired_at": tx.now,
        "renewed_at": tx.now,
        "renewals": 0,
    }
