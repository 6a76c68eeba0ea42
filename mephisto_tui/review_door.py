"""The console's door to decisions: a thread reads and stages, so that no key waits for a disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from mephisto_tui.daemon_worker import DaemonWorker
from mephisto_tui.review_queue import Arrangement, Grouping, arranged

if TYPE_CHECKING:
    from mephisto_engine.database.operations.review import NewDecision
    from mephisto_engine.database.queries.review import DecisionRow
    from mephisto_engine.operations.reviewing.review import Review, Sent
    from mephisto_engine.operations.reviewing.review_detail import ItemUnit, ReviewedUnit

T = TypeVar("T")

LAST_WRITE_SECONDS: Final = 2.0
"""How long a console that ends waits for a decision that is being stored."""


class Desk(NamedTuple):
    """What lies on a reviewer's desk."""

    arrangement: Arrangement
    before: dict[int, tuple[int, int, int]]
    """Worker → units accepted, passed and rejected earlier."""
    staged: list[DecisionRow]


def failed_units(staged: Sequence[DecisionRow]) -> frozenset[int]:
    """Units whose decision could not be sent."""
    return frozenset(row.unit_id for row in staged if row.error)


class Undone(NamedTuple):
    """What was taken back together."""

    units: list[int]
    staged: list[DecisionRow]
    """What is still staged."""


class ReviewDoor:
    """Each method returns at once; what is asked is done in that order, sending beside it.

    Futures fail as the methods of `Review` do. A ``run_id`` of None stands for all runs.
    """

    def __init__(self, review: Review) -> None:
        self._review = review
        self._worker = DaemonWorker("console-review")
        self._sender: DaemonWorker | None = None
        self._sending: Future[list[Sent]] | None = None
        self._writes: set[Future[Any]] = set()
        self.sent = 0
        """Decisions that the sending under way is done with."""
        self._acts: list[list[int]] = []
        """Decisions that were staged together, for undo; the thread's alone."""

    @property
    def is_sending(self) -> bool:
        """Whether decisions are on their way to a provider."""
        return self._sending is not None and not self._sending.done()

    def desk(self, run_id: int | None, grouping: Grouping, text: str) -> Future[Desk]:
        """All that waits for a decision, or for its decision to be sent, as it is to be shown."""
        return self._worker.submit(self._desk, run_id, grouping, text)

    def staged(self, run_id: int | None) -> Future[list[DecisionRow]]:
        """What is staged once everything is stored that was asked for before."""
        return self._worker.submit(self._review.staged, run_id)

    def detail(self, unit_id: int) -> Future[ReviewedUnit]:
        """A unit with what is known around it."""
        return self._worker.submit(self._review.detail, unit_id)

    def item(self, assignment_id: int) -> Future[tuple[ItemUnit, ...]]:
        """The answered units of an item."""
        return self._worker.submit(self._review.item, assignment_id)

    def stage(
        self, run_id: int | None, decisions: Sequence[NewDecision]
    ) -> Future[list[DecisionRow]]:
        """Stage decisions as one act, all or none; what is staged now comes back."""

        def work() -> list[DecisionRow]:
            self._acts.append(self._review.stage(*decisions))
            return self._review.staged(run_id)

        return self._write(work)

    def undo(self, run_id: int | None) -> Future[Undone]:
        """Take back the last act of this sitting, or else the operator's last decision."""
        return self._write(lambda: self._undo(run_id))

    def grant(self, worker_id: int, name: str, value: int) -> Future[None]:
        """Give a worker a qualification."""
        return self._write(lambda: self._review.grant(worker_id, name, value))

    def revoke(self, worker_id: int, name: str) -> Future[None]:
        """Take a qualification from a worker."""
        return self._write(lambda: self._review.revoke(worker_id, name))

    def send(self, run_id: int | None) -> Future[list[Sent]]:
        """Carry out what is staged; `sent` counts meanwhile."""
        if self._sender is None:
            self._sender = DaemonWorker("console-send")
        self.sent = 0
        self._sending = self._sender.submit(lambda: self._review.send(run_id, report=self._count))
        return self._sending

    def _count(self, sent: Sent) -> None:
        self.sent += 1

    def close(self) -> None:
        """Let what was decided be stored, and do no more."""
        wait(list(self._writes), timeout=LAST_WRITE_SECONDS)
        self._worker.close()
        if self._sender is not None:
            self._sender.close()

    def _desk(self, run_id: int | None, grouping: Grouping, text: str) -> Desk:
        review = self._review
        units, staged = review.queue(run_id), review.staged(run_id)
        arrangement = arranged(units, grouping, text, failed_units(staged))
        return Desk(arrangement, review.decided_before(run_id), staged)

    def _write(self, work: Callable[[], T]) -> Future[T]:
        future = self._worker.submit(work)
        self._writes.add(future)
        future.add_done_callback(self._writes.discard)
        return future

    def _undo(self, run_id: int | None) -> Undone:
        before = {row.id: row.unit_id for row in self._review.staged()}
        act: list[int] = []
        while self._acts and not act:
            act = [number for number in self._acts.pop() if number in before]
        if act:
            self._review.withdraw(act)
        else:
            act = [self._review.undo()]
        return Undone([before[number] for number in act], self._review.staged(run_id))
