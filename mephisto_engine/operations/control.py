"""Asking for things from outside the engine: commands as rows, answered by its run's driver."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from mephisto_engine.data_model import TaskRun
from mephisto_engine.data_model.status import LIVE_RUN, CommandStatus, RunStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import commands as ops
from mephisto_engine.database.operations.workers import block_worker
from mephisto_engine.database.queries.commands import command_state
from mephisto_engine.database.queries.runs import find_run
from mephisto_engine.errors import LeaseHeldError, StateError
from mephisto_engine.operations.commands.kinds import (
    Block,
    Change,
    Extend,
    SetOptions,
    Stop,
    args_of,
)
from mephisto_engine.operations.runs.run_lease import is_driven

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

    A command that nobody has begun with in time is withdrawn, so that it is not carried out much
    later, when the run is resumed.

    Raises:
        StateError: it was refused, or nobody answered in time.
    """
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        status, outcome = db.read(command_state, command_id)
        if status == CommandStatus.DONE:
            return outcome
        if status == CommandStatus.FAILED:
            message, _, hint = outcome.partition("\n")
            raise StateError(message, hint)
        time.sleep(_POLL_SECONDS)
    if db.write_now(ops.withdraw, command_id):
        raise StateError(
            f"No engine has answered within {timeout:.0f} s; nothing was changed.",
            "`mephisto-tui doctor` shows which engines are alive.",
        )
    raise StateError(
        f"The engine is at it for more than {timeout:.0f} s.",
        "`mephisto-tui journal` shows what comes of it.",
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


def ask(
    db: MephistoDB,
    home: Path,
    run_id: int,
    change: Change,
    issued_by: str,
    timeout: float = ANSWER_SECONDS,
) -> str:
    """Change a run; a sentence says what has come of it. Blocks.

    Where an engine drives the run, the change is a command to it. Where none does, what can be
    changed without one is changed in the database.

    Raises:
        NotFoundError: there is no such run.
        MephistoError: it is refused; nothing has changed.
    """
    if isinstance(change, Stop):
        return stop_run(db, home, run_id, change.now, issued_by)
    run = db.read(find_run, run_id)
    if not is_driven(db, run_id):
        return asyncio.run(_change_at_rest(db, home, run, change, issued_by))
    command_id = issue_command(db, change.KIND, run_id, args_of(change), issued_by)
    return await_command(db, command_id, timeout)


async def _change_at_rest(
    db: MephistoDB, home: Path, run: TaskRun, change: Change, issued_by: str
) -> str:
    """Make a change to a run that no engine drives."""
    if isinstance(change, Block):
        await db.write(block_worker, change.worker, change.reason, issued_by)
        return f"Worker {change.worker} is blocked."
    if run.status == RunStatus.COMPLETED:
        raise StateError(f"Run {run.id} has completed; there is nothing left to change.")
    if isinstance(change, SetOptions):
        from mephisto_engine.operations.live.run_changes import set_options

        said = await set_options(db, run.id, change, issued_by)
        return f"{said}\n`mephisto-tui resume {run.id}` goes on with that."
    if isinstance(change, Extend) and run.status not in LIVE_RUN:
        from mephisto_engine.abstractions.registry import Registry
        from mephisto_engine.operations.operator import AsyncOperator

        return await AsyncOperator(db, home, Registry()).extend(run.id, change, issued_by)
    raise StateError(
        f"No engine drives run {run.id} ({run.status}).",
        f"Go on with it by `mephisto-tui resume {run.id}`, "
        f"or end it by `mephisto-tui stop {run.id}`.",
    )


def _close_out(db: MephistoDB, home: Path, run_id: int, issued_by: str) -> str:
    # Only here are plugins needed: the usual way is a row in the database.
    from mephisto_engine.abstractions.registry import Registry
    from mephisto_engine.operations.operator import AsyncOperator

    async def work() -> str:
        return await AsyncOperator(db, home, Registry()).close_out(run_id, issued_by)

    return asyncio.run(work())
