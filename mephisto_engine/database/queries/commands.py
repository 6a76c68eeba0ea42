"""What operators have asked for and not yet been given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mephisto_engine.data_model import Command
from mephisto_engine.data_model.status import CommandStatus


@dataclass(frozen=True, slots=True)
class Asked:
    """One command, as the engine that has to carry it out sees it."""

    id: int
    kind: str
    args: dict[str, Any]
    issued_by: str


def open_commands(run_id: int) -> list[Asked]:
    """Commands for a run that nobody has taken, oldest first."""
    query = (
        Command.select()
        .where((Command.task_run == run_id) & (Command.status == CommandStatus.ISSUED))
        .order_by(Command.id)
    )
    return [Asked(row.id, row.kind, row.args, row.issued_by) for row in query]


def command_state(command_id: int) -> tuple[str, str]:
    """Status and outcome of a command."""
    row = Command.get_by_id(command_id)
    return row.status, row.outcome or ""
