"""Review: the one door to decisions, for the command line, the console and scripts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.data_model.status import IntentStatus, UnitStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import money as money_ops
from mephisto_engine.database.operations import review as ops
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.database.operations.workers import grant_qualification, revoke_qualification
from mephisto_engine.database.queries import money as money_queries
from mephisto_engine.database.queries import review as queries
from mephisto_engine.database.queries.money import UnsettledCall
from mephisto_engine.database.queries.review import DecisionRow, QueuedUnit, Scope
from mephisto_engine.errors import StateError
from mephisto_engine.operations.money.compensation import Compensation, Order, compensate
from mephisto_engine.operations.money.payments import Failpoint, Patience, Sender, sending_alone
from mephisto_engine.operations.reviewing.review_detail import (
    ItemUnit,
    ReviewedUnit,
    reviewed_item,
    reviewed_unit,
)
from mephisto_engine.operations.runs.provider_access import provider_of_run

AT_ONCE = 8
"""Decisions that are under way to providers at one time."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one staged decision."""

    decision: DecisionRow
    error: str = ""
    """Why it is still staged; empty if it was sent whole."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a batch of staged decisions amounts to."""

    counts: dict[str, int]
    """Verdict → number."""
    cents: dict[str, int]
    """Verdict → pay of its units."""
    bonus_cents: int
    blocks: int

    @property
    def is_final_for_somebody(self) -> bool:
        """Whether it rejects or blocks, which is asked about before it is sent."""
        return bool(self.counts[UnitStatus.REJECTED] or self.blocks)


def summarise(decisions: Sequence[DecisionRow]) -> Summary:
    """Count a batch of decisions by verdict."""
    counts: Counter[str] = Counter()
    cents: Counter[str] = Counter()
    for row in decisions:
        counts[row.verdict] += 1
        if row.verdict != UnitStatus.REJECTED:
            cents[row.verdict] += row.pay_cents
    blocks = sum(row.block_reason is not None for row in decisions)
    return Summary(counts, cents, sum(row.bonus_cents for row in decisions), blocks)


class Review:
    """Decisions of one operator. Methods block; none of them belongs on an event loop."""

    def __init__(
        self,
        db: MephistoDB,
        home: Path,
        actor: str,
        registry: Registry | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Review as ``actor`` (see `operator_name`), with the data folder ``home``."""
        self._db = db
        self._home = home
        self._actor = actor
        self._registry = registry
        self._patience = patience
        self.failpoint: Failpoint = lambda step: None
        """Called between any two steps of sending; for tests that end the process there."""

    def queue(self, run_id: int | None = None, task_name: str | None = None) -> list[QueuedUnit]:
        """Submitted units that wait, by worker and then oldest first."""
        return self._db.read(queries.queue, Scope(run_id, task_name))

    def decided_before(
        self, run_id: int | None = None, task_name: str | None = None
    ) -> dict[int, tuple[int, int, int]]:
        """Worker → how many of their units were accepted, passed and rejected."""
        return self._db.read(queries.decided_before, Scope(run_id, task_name))

    def detail(self, unit_id: int) -> ReviewedUnit:
        """A submitted unit with its data as the blueprint shows them, and what is around it.

        Raises:
            NotFoundError: there is no such unit.
        """
        return self._db.read(reviewed_unit, unit_id, self._plugins(), self._home)

    def item(self, assignment_id: int) -> tuple[ItemUnit, ...]:
        """The answered units of an item, decided or not, each as the blueprint shows it."""
        return self._db.read(reviewed_item, assignment_id, self._plugins(), self._home)

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

    def apply(self, decisions: Sequence[NewDecision], *, is_rehearsal: bool = False) -> list[str]:
        """Stage each decision that can be, whatever becomes of the others.

        Args:
            decisions: what to stage, in order.
            is_rehearsal: only find out, and store nothing.

        Returns:
            For each why it was not staged; empty if it was.
        """
        if not is_rehearsal:
            return self._db.write_now(ops.stage_each, decisions, self._actor)
        try:
            self._db.write_now(ops.rehearse, decisions, self._actor)
        except ops.RehearsedError as rehearsed:
            return rehearsed.faults
        raise AssertionError("a rehearsal always ends with its answer")

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

    def send(
        self,
        run_id: int | None = None,
        task_name: str | None = None,
        report: Callable[[Sent], object] = lambda sent: None,
    ) -> list[Sent]:
        """Carry out what is staged: pay, refuse, give bonuses, block.

        Works for runs that are live, in this process or another, and for runs that have ended.
        What fails stays staged with the reason. A repeat never does anything twice.

        Args:
            run_id: only decisions about this run.
            task_name: only decisions about this task.
            report: called with each decision when it is done, from another thread.

        Returns:
            What became of each, in the order in which they were staged.

        Raises:
            StateError: another process is sending.
        """
        with sending_alone(self._db):
            return asyncio.run(self._send(Scope(run_id, task_name), report))

    def compensate(
        self,
        worker_id: int,
        cents: int,
        reason: str,
        run_id: int | None = None,
        *,
        again: bool = False,
    ) -> Compensation:
        """Pay a worker for work that left no submitted unit.

        The same call again finds the first one, and finishes it if it was cut off.

        Args:
            worker_id: who gets it.
            cents: how much.
            reason: why; the worker is told.
            run_id: the run whose provider and budget it is; by default the worker's last.
            again: pay the same once more.

        Raises:
            NotFoundError: there is no such worker or run.
            StateError: no run is known for the worker, a budget does not cover it, or another
                process is sending.
            ProviderError: the provider refused.
        """
        with sending_alone(self._db):
            order = Order(worker_id, cents, reason, run_id, again)
            return asyncio.run(compensate(self._db, self._sender(), order, self._actor))

    def unsettled(self, run_id: int | None = None) -> list[UnsettledCall]:
        """Calls to a provider of which nobody knows yet whether they had their effect."""
        return self._db.read(money_queries.unsettled_calls, run_id)

    def settle(self, key: str, is_done: bool) -> None:
        """Say of a call what has come of it, where the provider cannot be asked.

        Args:
            key: the call's key.
            is_done: whether it had its effect; if not, the next `send` makes it again.

        Raises:
            NotFoundError: there is no call with that key.
            StateError: its outcome is known.
        """
        with sending_alone(self._db):
            found = self._db.read(money_queries.find_intent, key)
            if found.status != IntentStatus.UNKNOWN:
                raise StateError(f"{key} is {found.status}; there is nothing to settle.")
            if is_done:
                self._db.write_now(money_ops.confirm, found.id)
            else:
                words = f"{self._actor} says that it has not happened"
                self._db.write_now(money_ops.put_back, found.id, words)

    async def _send(self, scope: Scope, report: Callable[[Sent], object]) -> list[Sent]:
        sender = self._sender()
        await sender.recover()
        staged = await asyncio.to_thread(self._db.read, queries.staged_decisions, scope)
        gate = asyncio.Semaphore(AT_ONCE)

        async def send_one(row: DecisionRow) -> Sent:
            async with gate:
                sent = Sent(row, await sender.send_decision(row.id, row.run_id))
            report(sent)
            return sent

        return await asyncio.gather(*(send_one(row) for row in staged))

    def grant(self, worker_id: int, name: str, value: int) -> None:
        """Give a worker a qualification, or another value.

        Raises:
            NotFoundError: there is no such qualification.
        """
        self._db.write_now(grant_qualification, worker_id, name, value, self._actor)

    def revoke(self, worker_id: int, name: str) -> None:
        """Take a qualification from a worker.

        Raises:
            NotFoundError: there is no such qualification.
            StateError: the worker does not hold it.
        """
        self._db.write_now(revoke_qualification, worker_id, name, self._actor)

    def _plugins(self) -> Registry:
        if self._registry is None:
            self._registry = Registry()
        return self._registry

    def _sender(self) -> Sender:
        registry = self._plugins()
        return Sender(
            self._db,
            lambda run_id: provider_of_run(self._db, self._home, registry, run_id),
            self._patience,
            self.failpoint,
        )
