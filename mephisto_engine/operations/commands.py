"""Asking for things from outside the engine: commands as rows, answered by its run's driver."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path
from typing import Any

from mephisto_engine.clock import to_ms
from mephisto_engine.data_model.status import CommandStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import commands as ops
from mephisto_engine.database.operations import lease as lease_ops
from mephisto_engine.database.queries.commands import command_state
from mephisto_engine.database.queries.runs import find_run, lease_of
from mephisto_engine.errors import LeaseHeldError, StateError

ANSWER_SECONDS = 30.0
"""How long an engine may take to answer a command."""

_POLL_SECONDS = 0.05


def issue_command(
    db: MephistoDB, kind: str, run_id: int | None, args: dict[str, Any], issued_by: str
) -> int:
    """Store a command for the engine that drives the run; its id comes back. Blocks."""
    return db.write_now(ops.issue, kind, run_id, args, issued_by)


def await_command(db: MephistoDB, command_id: int, timeout: float = ANSWER_SECONDS) -> str:
    """Wait until a command was carried out, and return what came of it. Blocks.

    Raises:
        StateError: it was refused, or nobody answered in time.
    """
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        status, outcome = db.read(command_state, command_id)
        if status == CommandStatus.DONE:
            return outcome
        if status == CommandStatus.FAILED:
            raise StateError(outcome)
        time.sleep(_POLL_SECONDS)
    raise StateError(
        f"No engine has answered within {timeout:.0f} s.",
        "The command stays stored; `mephisto-tui doctor` shows which engines are alive.",
    )


def is_driven(db: MephistoDB, run_id: int) -> bool:
    """Whether an engine, of any process, drives the run now."""
    lease = db.read(lease_of, run_id)
    return lease is not None and lease_ops.is_alive(
        lease, socket.gethostname(), to_ms(db.clock.now())
    )


def stop_run(db: MephistoDB, home: Path, run_id: int, now: bool, issued_by: str) -> str:
    """Stop a run, whether or not an engine drives it; a sentence says what happened. Blocks.

    Raises:
        NotFoundError: there is no such run.
        StateError: it has ended already.
    """
    run = db.read(find_run, run_id)
    if is_driven(db, run_id):
        return await_command(db, issue_command(db, "stop", run_id, {"now": now}, issued_by))
    if run.ended_at is not None:
        raise StateError(f"Run {run_id} is {run.status}; there is nothing to stop.")
    try:
        return _close_out(db, home, run_id, issued_by)
    except LeaseHeldError:
        # Its engine was only slow to renew the lease (a locked database, a stopped process).
        return await_command(db, issue_command(db, "stop", run_id, {"now": now}, issued_by))


def _close_out(db: MephistoDB, home: Path, run_id: int, issued_by: str) -> str:
    # Only here are plugins needed: the usual way is a row in the database.
    from mephisto_engine.abstractions.registry import Registry
    from mephisto_engine.operations.operator import AsyncOperator

    async def work() -> str:
        return await AsyncOperator(db, home, Registry()).close_out(run_id, issued_by)

    return asyncio.run(work())
