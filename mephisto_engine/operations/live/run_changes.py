"""What operators change about a live run, each kind of command on its own.

What is changed is stored first, then made true in memory; the outside is told before either, where
it can refuse.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from types import SimpleNamespace
from typing import Any, Protocol

from mephisto_engine.abstractions.calling import call
from mephisto_engine.abstractions.quality import limit_problems
from mephisto_engine.config.live_options import checked_options
from mephisto_engine.data_model import TaskRun
from mephisto_engine.data_model.status import AgentStatus, UnitStatus
from mephisto_engine.database import MephistoDB, ledger
from mephisto_engine.database.operations import changes as ops
from mephisto_engine.database.operations.changes import FoundUnit
from mephisto_engine.database.operations.workers import block_worker
from mephisto_engine.database.queries import changes as queries
from mephisto_engine.database.queries.publishing import units_by_id
from mephisto_engine.errors import ConfigError, ProviderError, StateError
from mephisto_engine.operations.commands.kinds import (
    Block,
    Change,
    Disconnect,
    Expire,
    Extend,
    GoOn,
    Pause,
    SetOptions,
    Stop,
)
from mephisto_engine.operations.live.extensions import Growth, extended, require_agreed
from mephisto_engine.operations.live.launcher import TaskLauncher
from mephisto_engine.operations.live.live_run import LiveRun
from mephisto_engine.operations.live.supervisor import Supervisor
from mephisto_engine.operations.runs.job import Job
from mephisto_engine.operations.watching.selection import Selection, selected_units
from mephisto_engine.phrases import number_of

PROVIDER_SECONDS = 20.0
"""How long a provider may take to withdraw units before the command counts as failed."""


class Steered(Protocol):
    """What commands ask of the driver itself."""

    async def stop(self, actor: str, is_now: bool, reason: str) -> str:
        """Let no more workers in."""

    async def pause(self, actor: str) -> str:
        """Publish nothing new and let nobody new in."""

    async def go_on(self, actor: str) -> str:
        """Take back `pause`."""

    def options_changed(self) -> None:
        """Limits, budget or patience are others than before."""


class RunChanges:
    """Carries out the commands of one run; every method belongs to the engine's event loop."""

    def __init__(
        self,
        db: MephistoDB,
        job: Job,
        live: LiveRun,
        supervisor: Supervisor,
        launcher: TaskLauncher,
        driver: Steered,
    ) -> None:
        self._db = db
        self._job = job
        self._live = live
        self._supervisor = supervisor
        self._launcher = launcher
        self._driver = driver
        self._ways: dict[type[Change], Callable[[Any, str], Awaitable[str]]] = {
            Stop: self._stop,
            Pause: self._pause,
            GoOn: self._go_on,
            SetOptions: self._set_options,
            Extend: self._extend,
            Expire: self._expire,
            Disconnect: self._disconnect,
            Block: self._block,
        }

    async def carry_out(self, change: Change, actor: str) -> str:
        """Do it; a sentence says what has come of it.

        Raises:
            MephistoError: it is refused, and nothing has changed.
        """
        return await self._ways[type(change)](change, actor)

    async def _stop(self, change: Stop, actor: str) -> str:
        return await self._driver.stop(actor, change.now, f"stopped by {actor}")

    async def _pause(self, _: Pause, actor: str) -> str:
        return await self._driver.pause(actor)

    async def _go_on(self, _: GoOn, actor: str) -> str:
        return await self._driver.go_on(actor)

    async def _set_options(self, change: SetOptions, actor: str) -> str:
        run_id = self._live.run_id
        said = await set_options(self._db, run_id, change, actor, self._job)
        self._driver.options_changed()
        return "\n".join([said, *self._notes()])

    def _notes(self) -> list[str]:
        """What may surprise whoever has just lowered a limit."""
        published, cap = self._live.published, self._job.max_num_concurrent_units
        notes = []
        if cap and published > cap:
            notes.append(
                f"{number_of(published, 'unit')} are published now; "
                f"new ones follow when fewer than {cap} are."
            )
        owner = self._db.read(ledger.who_covers_no_unit, self._db.rows, self._live.run_id)
        if owner and self._launcher.waiting:
            waiting = number_of(self._launcher.waiting, "unit")
            notes.append(
                f"The budget of {owner} covers what is promised and not one unit more: "
                f"{waiting} to come {'is' if self._launcher.waiting == 1 else 'are'} not published."
            )
        return notes

    async def _extend(self, change: Extend, actor: str) -> str:
        self._require_open()
        growth = Growth(self._db, self._live, self._job, change)
        extension = await growth.measure()
        if change.is_rehearsal:
            return extension.as_outcome()
        require_agreed(extension, change)
        self._require_open()
        units = await growth.make(actor)
        self._live.moved("", UnitStatus.CREATED, len(units))
        self._live.has_wide_assignments |= len(units) > len({item for _, item in units})
        self._live.has_wide_assignments |= bool(change.units_per_item)
        # Who was not looked after before, because assignments had one unit each, is from now on.
        self._live.cursors.clear()
        self._launcher.add(units)
        return extended(self._live.run_id, extension)

    async def _expire(self, change: Expire, actor: str) -> str:
        async with self._launcher.still():
            ids = await self._ids(change)
            published = await self._withdrawn_from_pool(ids)
            try:
                await self._withdraw_on_provider(published)
            except BaseException:
                self._offer_again(published)
                raise
            self._launcher.drop(ids)
            found = await self._db.write(ops.withdraw_for_good, self._live.run_id, ids, actor)
        numbers = Counter(unit.status for unit in found)
        for status in (UnitStatus.CREATED, UnitStatus.LAUNCHED):
            self._live.moved(status, UnitStatus.EXPIRED, numbers[status])
        ended = await self._end_those_on({unit.id for unit in found}, actor)
        self._driver.options_changed()
        return expired(self._live.run_id, found, ended, len(set(ids)) - len(found))

    async def _ids(self, change: Expire) -> list[int]:
        run_id = self._live.run_id
        if change.is_all_of_nobody:
            return self._db.read(queries.units_of_nobody, run_id)
        units: Collection[int] = change.units
        if change.selection:
            selection = Selection.from_args(change.selection)
            units = await asyncio.to_thread(selected_units, self._db, run_id, selection)
        is_whole = self._job.runner.is_concurrent
        found = self._db.read(queries.units_among, run_id, sorted(units), is_whole)
        return sorted({*units, *(unit.id for unit in found)})

    async def _withdrawn_from_pool(self, ids: Sequence[int]) -> list[FoundUnit]:
        """Take them off offer; those that are published come back."""
        found = self._db.read(queries.units_among, self._live.run_id, ids)
        for unit in found:
            if unit.status == UnitStatus.LAUNCHED:
                self._live.pool.remove(unit.assignment_id, unit.id)
        on_provider = {UnitStatus.LAUNCHED, UnitStatus.ASSIGNED}
        if self._launcher.trouble:
            # Nobody knows what came of the last try to publish some of these.
            on_provider.add(UnitStatus.CREATED)
        return [unit for unit in found if unit.status in on_provider]

    async def _withdraw_on_provider(self, units: Sequence[FoundUnit]) -> None:
        if not units:
            return
        records = self._db.read(units_by_id, self._live.run_id, [unit.id for unit in units])
        try:
            await call(self._job.provider.unit.expire, records, timeout=PROVIDER_SECONDS)
        except TimeoutError as error:
            raise ProviderError(
                "The provider did not answer; nothing was expired here.", "Try again."
            ) from error

    def _offer_again(self, units: Sequence[FoundUnit]) -> None:
        for unit in units:
            if unit.status == UnitStatus.LAUNCHED:
                self._live.pool.give_back(unit.assignment_id, unit.id)

    async def _end_those_on(self, unit_ids: set[int], actor: str) -> int:
        at_work = self._supervisor.at_work
        agents = [agent for agent in self._live.agents.values() if agent.unit.id in unit_ids]
        for agent in agents:
            at_work.give_up(agent.unit.assignment_id)
        for agent in agents:
            reason = f"the unit was expired by {actor}"
            await at_work.end(agent, AgentStatus.EXPIRED, actor, reason, UnitStatus.EXPIRED)
        return sum(agent.is_gone for agent in agents)

    async def _disconnect(self, change: Disconnect, actor: str) -> str:
        agents = self._live.agents.values()
        agent = next((agent for agent in agents if agent.id == change.agent), None)
        if agent is None:
            raise StateError(f"Agent {change.agent} is not at work in run {self._live.run_id}.")
        reason = change.reason or f"disconnected by {actor}"
        await self._supervisor.at_work.end(agent, AgentStatus.DISCONNECT, actor, reason)
        if not agent.is_gone:
            raise StateError(f"Agent {agent.id} has just submitted; the answer is kept.")
        is_offered = self._live.pool.holds(agent.unit.assignment_id, agent.unit.id)
        then = "is offered again" if is_offered else "is not offered again"
        return f"Agent {agent.id} was disconnected; unit {agent.unit.id} {then}."

    async def _block(self, change: Block, actor: str) -> str:
        await self._db.write(block_worker, change.worker, change.reason, actor)
        at_work = [a for a in self._live.agents.values() if a.worker.id == change.worker]
        units = f"; {number_of(len(at_work), 'unit')} they may finish" if at_work else ""
        return f"Worker {change.worker} is blocked{units}."

    def _require_open(self) -> None:
        if not self._live.is_open:
            raise StateError(f"Run {self._live.run_id} is being stopped; it cannot be extended.")


async def set_options(
    db: MephistoDB, run_id: int, change: SetOptions, actor: str, job: Job | None = None
) -> str:
    """Store changed options with a run, and give them to the job that drives it.

    Raises:
        ConfigError: with everything that is wrong; nothing has changed.
    """
    config: Any = db.read(TaskRun.get_by_id, run_id).config
    task = config["mephisto"]["task"]
    options = checked_options(task, change.options)
    task |= options.as_stored
    blueprint = SimpleNamespace(**config["mephisto"]["blueprint"])
    limits = (task["allowed_concurrent"], task["maximum_units_per_worker"])
    problems = list(limit_problems(blueprint, *limits))
    if problems:
        raise ConfigError(problems)
    said = await db.write(
        ops.change_options, run_id, options.as_stored, options.budget_cents, actor
    )
    if job is not None:
        for name, value in options.of_job.items():
            setattr(job, name, value)
    if not said:
        return f"Run {run_id} has these values already."
    return f"Run {run_id}: {', '.join(said)}."


def expired(run_id: int, found: Sequence[FoundUnit], ended: int, strangers: int) -> str:
    """What has come of an `Expire`."""
    numbers = Counter(unit.status for unit in found)
    of_nobody = numbers[UnitStatus.CREATED] + numbers[UnitStatus.LAUNCHED]
    were = numbers[UnitStatus.EXPIRED]
    finished = len(found) - of_nobody - numbers[UnitStatus.ASSIGNED] - were
    said = [f"{number_of(of_nobody + ended, 'unit')} of run {run_id} expired"]
    if ended:
        said.append(f"{number_of(ended, 'worker')} on them were told")
    kept = numbers[UnitStatus.ASSIGNED] - ended + finished
    if kept:
        said.append(f"{kept} were finished and are untouched")
    if were:
        said.append(f"{were} had expired before and are not offered again")
    if strangers:
        said.append(f"{strangers} are not of this run")
    return "; ".join(said) + "."
