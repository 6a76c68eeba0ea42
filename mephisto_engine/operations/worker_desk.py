"""What an operator does to workers, one or many at a time: each change is journalled with who made
it, by the operations that the command line uses too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import workers as ops
from mephisto_engine.database.queries.windows import Asked
from mephisto_engine.database.queries.worker_list import NamedWorker, named_workers, workers_through
from mephisto_engine.errors import MephistoError
from mephisto_engine.operations.live.why import Explanation, explain
from mephisto_engine.operations.reviewing.review import Review
from mephisto_engine.operations.watching.selection import Selection


@dataclass(frozen=True, slots=True)
class Done:
    """What has come of a change to some workers."""

    number: int
    """Workers for whom it was made."""
    refused: tuple[tuple[int, str], ...] = ()
    """Worker and why it was not made."""


class WorkerDesk:
    """Changes of one operator. Methods block; none of them belongs on an event loop.

    A change to several workers is one transaction; who cannot be changed keeps nobody else from it.
    """

    def __init__(
        self, db: MephistoDB, home: Path, actor: str, registry: Registry | None = None
    ) -> None:
        """Change as ``actor`` (see `operator_name`), with the data folder ``home``."""
        self._db = db
        self._registry = registry or Registry()
        self._review = Review(db, home, actor, self._registry)
        self._actor = actor

    def meant(self, selection: Selection) -> list[NamedWorker]:
        """The workers of a selection, as of now."""
        if not selection.is_all:
            return self._db.read(named_workers, sorted(selection.keys))
        asked = Asked(
            text=selection.text,
            is_inverse=selection.is_inverse,
            status=selection.status,
            is_fuzzy=selection.is_fuzzy,
        )
        found = self._db.read(workers_through, asked)
        return [worker for worker in found if worker.id not in selection.keys]

    def why(self, worker_id: int, run_id: int) -> Explanation:
        """Why a worker can or cannot get a unit of a run; the task's code is imported for it.

        Raises:
            NotFoundError: there is no such worker or run.
        """
        return explain(self._db, self._registry, worker_id, run_id)

    def block(self, worker_ids: Sequence[int], reason: str) -> Done:
        """Keep them out of every run; what they are at work on they may finish."""
        return self._each(worker_ids, ops.block_worker, reason)

    def unblock(self, worker_ids: Sequence[int]) -> Done:
        """Let them in again."""
        return self._each(worker_ids, ops.unblock_worker)

    def note(self, worker_ids: Sequence[int], text: str) -> Done:
        """Keep a note on each, which they are never shown."""
        return self._each(worker_ids, ops.note_worker, text)

    def grant(self, worker_ids: Sequence[int], name: str, value: int) -> Done:
        """Give each a value for a qualification."""
        return self._each(worker_ids, ops.grant_qualification, name, value)

    def revoke(self, worker_ids: Sequence[int], name: str) -> Done:
        """Take a qualification from each who holds it."""
        return self._each(worker_ids, ops.revoke_qualification, name)

    def pay(
        self, worker_ids: Sequence[int], cents: int, reason: str, run_id: int | None = None
    ) -> Done:
        """Pay each beside their units; who was paid that for that reason before is not again.

        Args:
            worker_ids: who gets it.
            cents: how much each.
            reason: why; the workers are told.
            run_id: whose provider and budget it is; by default each worker's last.
        """
        refused = []
        for worker_id in worker_ids:
            try:
                paid = self._review.compensate(worker_id, cents, reason, run_id)
            except MephistoError as error:
                refused.append((worker_id, error.message))
            else:
                if paid.was_paid_before:
                    refused.append((worker_id, "Was paid that before, for the same reason."))
        return Done(len(worker_ids) - len(refused), tuple(refused))

    def _each(
        self, worker_ids: Sequence[int], operation: Callable[..., Any], *arguments: Any
    ) -> Done:
        refused = self._db.write_now(ops.for_each, worker_ids, operation, (*arguments, self._actor))
        return Done(len(worker_ids) - len(refused), tuple(refused))
