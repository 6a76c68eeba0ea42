"""More units for a run that exists: how many, what they cost at worst, and making them."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence
from pathlib import Path

from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.cents import amount, dollars
from mephisto_engine.data_model.status import UnitStatus
from mephisto_engine.database import MephistoDB, ledger
from mephisto_engine.database.operations import changes as ops
from mephisto_engine.database.operations.lease import Holder
from mephisto_engine.database.operations.runs import NewAssignment
from mephisto_engine.database.queries import changes as queries
from mephisto_engine.errors import StateError
from mephisto_engine.operations.commands.kinds import Extend, Extension
from mephisto_engine.operations.live.launcher import as_assignment
from mephisto_engine.operations.live.live_run import LiveRun, load_live_run
from mephisto_engine.operations.runs.job import Job
from mephisto_engine.operations.runs.run_lease import RunLease
from mephisto_engine.phrases import number_of


class Growth:
    """One way in which a run may be extended."""

    def __init__(self, db: MephistoDB, live: LiveRun, job: Job, change: Extend) -> None:
        self._db = db
        self._live = live
        self._job = job
        self._change = change
        self._items: Sequence[NewAssignment] = ()

    async def measure(self) -> Extension:
        """What would be made. Reads the data file.

        Raises:
            ConfigError: the data file, with all that is wrong with it.
            StateError: a run of this kind cannot be extended so, or not yet.
        """
        if not self._live.is_data_exhausted:
            raise StateError(
                f"The own data of run {self._live.run_id} are not all units yet.",
                "Extend it when they are; endless data need no extension.",
            )
        if self._change.data:
            self._items = await asyncio.to_thread(self._read)
            items, units = len(self._items), sum(len(item.units) for item in self._items)
        else:
            items = await asyncio.to_thread(self._count)
            units = items * self._change.units_per_item
        return self._extension(items, units)

    async def make(self, actor: str) -> list[tuple[int, int]]:
        """Make what was measured; ``(unit id, assignment id)`` of each new unit."""
        pay, run_id = self._job.run.pay_cents, self._live.run_id
        if self._change.data:
            return await self._db.write(ops.add_items, run_id, self._items, pay, actor)
        number = self._change.units_per_item
        return await self._db.write(ops.add_units_per_item, run_id, number, pay, actor)

    def _read(self) -> list[NewAssignment]:
        items = self._job.blueprint.read_items(Path(self._change.data))
        return [as_assignment(0, item) for item in items]

    def _count(self) -> int:
        if self._job.runner.is_concurrent:
            raise StateError(
                "The units of an assignment are done together here; none can be added to it.",
                "Extend the run by more data instead.",
            )
        return self._db.read(queries.count_extendable, self._live.run_id)

    def _extension(self, items: int, units: int) -> Extension:
        run_id = self._live.run_id
        cost, promised = self._db.read(ledger.costs_of_run, self._db.rows, run_id)
        to_come = self._live.counts[UnitStatus.CREATED] + units
        project, left = self._db.read(ledger.left_for_run, self._db.rows, run_id)
        short = 0 if left is None else max(0, to_come * cost - left)
        return Extension(
            items=items,
            units=units,
            cost_cents=units * cost,
            total_cents=promised + to_come * cost,
            budget_cents=self._job.budget_cents,
            project_name=project if short else "",
            short_cents=short,
        )


async def extend_at_rest(
    db: MephistoDB, job: Job, holder: Holder, change: Extend, actor: str
) -> str:
    """Extend a run that no engine drives and in which nobody is at work.

    Raises:
        LeaseHeldError: an engine has taken it up meanwhile.
        MephistoError: it is refused; nothing has changed.
    """
    run_id = job.run.id
    lease = RunLease(db, run_id, holder)
    await lease.take()
    try:
        live = await asyncio.to_thread(load_live_run, db, run_id, _nobody)
        # What the run's end has withdrawn is there again when the new units are.
        live.moved("", UnitStatus.CREATED, db.read(queries.count_withdrawn, run_id))
        growth = Growth(db, live, job, change)
        extension = await growth.measure()
        if change.is_rehearsal:
            return extension.as_outcome()
        require_agreed(extension, change)
        await growth.make(actor)
    finally:
        await lease.give_back()
    return f"{extended(run_id, extension)}\n`mephisto-tui resume {run_id}` publishes them."


def _nobody(*_: object) -> LiveAgent:
    raise StateError("Somebody is at work in this run.")


def require_agreed(extension: Extension, change: Extend) -> None:
    """Refuse an extension that is not what the operator has seen, or that costs too much.

    Raises:
        StateError: it is refused.
    """
    if not extension.units:
        raise StateError("There is nothing to add.")
    if change.expected_units not in (None, extension.units):
        raise StateError(
            f"{number_of(extension.units, 'unit')} would be made now, "
            f"not {change.expected_units} as was agreed.",
            "Ask again, to see what it costs.",
        )
    more = f"{number_of(extension.units, 'unit')} more cost up to {dollars(extension.cost_cents)}"
    cap, name = extension.budget_cents, extension.project_name
    if cap is not None and extension.total_cents > cap:
        raise StateError(
            f"{more}; the run could then cost {dollars(extension.total_cents)}, "
            f"over its cap of {dollars(cap)}.",
            f"Raise the cap first: budget={amount(extension.total_cents)}",
        )
    if extension.short_cents:
        raise StateError(
            f"{more}; the budget of project {name} falls {dollars(extension.short_cents)} short of "
            "what is to come then.",
            f"Raise it first: `mephisto-tui money --project {shlex.quote(name)} --cap DOLLARS`",
        )


def extended(run_id: int, extension: Extension) -> str:
    """What has come of an extension."""
    return (
        f"Run {run_id} has {number_of(extension.units, 'unit')} more, of "
        f"{number_of(extension.items, 'item')}; they cost up to {dollars(extension.cost_cents)}."
    )
