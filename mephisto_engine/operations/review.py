"""Review: the one door to decisions, for the command line, the console and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import review as ops
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.database.queries import review as queries
from mephisto_engine.database.queries.review import DecisionRow, QueuedUnit, Scope


class Review:
    """Decisions of one operator. Methods block; none of them belongs on an event loop."""

    def __init__(
        self, db: MephistoDB, home: Path, actor: str, registry: Registry | None = None
    ) -> None:
        """Review as ``actor`` (see `operator_name`), with the data folder ``home``."""
        self._db = db
        self._home = home
        self._actor = actor
        self._registry = registry

    def queue(self, run_id: int | None = None, task_name: str | None = None) -> list[QueuedUnit]:
        """Submitted units that wait, by worker and then oldest first."""
        return self._db.read(queries.queue, Scope(run_id, task_name))

    def staged(self, run_id: int | None = None, task_name: str | None = None) -> list[DecisionRow]:
        """Decisions that wait to be sent, oldest first."""
        return self._db.read(queries.staged_decisions, Scope(run_id, task_name))

    def history(
        self, run_id: int | None = None, task_name: str | None = None, limit: int | None = None
    ) -> list[DecisionRow]:
        """All decisions ever made, newest first."""
        return self._db.read(queries.history, Scope(run_id, task_name), limit)

    def stage(self, *decisions: NewDecision) -> list[int]:
        """Stage decisions, all or none of them; their ids come back.

        What was staged before for the same unit is withdrawn. Nobody is told and nothing is paid
        until `send`.

        Raises:
            NotFoundError: there is no such unit.
            StateError: a unit is not one to decide on, or a decision is wrong in itself.
        """
        return self._db.write_now(ops.stage_many, decisions, self._actor)

    def undo(self) -> int:
        """Withdraw what this operator staged last; the decision's id comes back.

        Raises:
            StateError: there is nothing to undo, or it is being carried out.
        """
        return self._db.write_now(ops.withdraw_last, self._actor)

    def withdraw(self, decision_ids: Sequence[int]) -> None:
        """Withdraw staged decisions, all or none.

        Raises:
            StateError: one is not staged any more, or is being carried out.
        """
        self._db.write_now(ops.withdraw, decision_ids, self._actor)
