"""Commands: what operators ask of the engine that drives a run, from any process."""

from __future__ import annotations

from typing import Any

import orjson

from mephisto_engine.data_model.status import CommandStatus
from mephisto_engine.database.transaction import Transaction


def issue(tx: Transaction, kind: str, run_id: int | None, args: Any, issued_by: str) -> int:
    """Ask for something; the command's id comes back."""
    command_id = tx.insert(
        "command",
        task_run=run_id,
        kind=kind,
        args=orjson.dumps(args).decode(),
        status=CommandStatus.ISSUED,
        status_at=tx.now_ms,
        issued_by=issued_by,
        issued_at=tx.now_ms,
    )
    tx.begin(
        "command",
        command_id,
        CommandStatus.ISSUED,
        run=run_id,
        actor=issued_by,
        data={"kind": kind, "args": args},
    )
    return command_id


def take(tx: Transaction, command_id: int, run_id: int) -> None:
    """The engine begins to carry it out."""
    tx.move("command", command_id, CommandStatus.TAKEN, source=CommandStatus.ISSUED, run=run_id)


def withdraw(tx: Transaction, command_id: int) -> bool:
    """Take back what no engine has begun with; False if one has."""
    if tx.status("command", command_id) != CommandStatus.ISSUED:
        return False
    outcome = "nobody has answered in time"
    data = {"outcome": outcome}
    tx.move("command", command_id, CommandStatus.FAILED, data=data, outcome=outcome)
    return True


def finish(tx: Transaction, command_id: int, run_id: int | None, outcome: str, ok: bool) -> None:
    """It was carried out, or could not be; ``outcome`` says what came of it."""
    to = CommandStatus.DONE if ok else CommandStatus.FAILED
    data = None if ok else {"outcome": outcome}
    tx.move("command", command_id, to, run=run_id, data=data, outcome=outcome)
