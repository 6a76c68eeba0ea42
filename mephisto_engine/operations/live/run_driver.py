"""One run that this engine drives, from the lease to the last unit.

Life: ``start`` (lease, site, server, provider) → ``drive`` until nothing is left to do or somebody
stops it → ``_close`` (withdraw what is unfinished, take everything down, give the lease back).
Launching and resuming are the same path.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.abstractions.architect import Architect
from mephisto_engine.abstractions.calling import call
from mephisto_engine.clock import to_ms
from mephisto_engine.data_model.records import UnitRecord, WorkerRecord
from mephisto_engine.data_model.status import AgentStatus, RunStatus, UnitStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import runs as ops
from mephisto_engine.database.operations.lease import Holder
from mephisto_engine.database.operations.reopening import reopen_units
from mephisto_engine.database.queries.publishing import unfinished_there
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import ArchitectError, LeaseLostError, StateError
from mephisto_engine.operations.commands.desk import CommandDesk
from mephisto_engine.operations.live.deadlines import Deadlines
from mephisto_engine.operations.live.heartbeat import Heartbeat
from mephisto_engine.operations.live.idle_watch import IdleWatch
from mephisto_engine.operations.live.launcher import TaskLauncher
from mephisto_engine.operations.live.live_run import LiveRun, history_of, load_live_run
from mephisto_engine.operations.live.run_changes import RunChanges
from mephisto_engine.operations.live.supervisor import Supervisor
from mephisto_engine.operations.money.wages import WageWatch
from mephisto_engine.operations.runs.job import Job
from mephisto_engine.operations.runs.run_lease import RunLease
from mephisto_engine.phrases import number_of

log = logging.getLogger(__name__)

WITHDRAW_SECONDS = 20.0
"""How long a provider may take to withdraw the units of a run that could not be put on line."""

LINGER_SECONDS = 1.0
"""How long pages are still served after the last answer, for what they load at the end."""


class RunDriver:
    """Drives one run; every method belongs to the engine's event loop."""

    def __init__(self, db: MephistoDB, job: Job, deadlines: Deadlines, holder: Holder) -> None:
        self.run_id = job.run.id
        self._wages = WageWatch(db, self.run_id)
        self.ended = asyncio.Event()
        self._db = db
        self._job = job
        self._deadlines = deadlines
        self._lease = RunLease(db, self.run_id, holder)
        self._changed = asyncio.Event()
        self._status = RunStatus.LAUNCHING
        self._reason = ""
        self._actor = "engine"
        self._worker_link = ""
        self._live: LiveRun
        self._supervisor: Supervisor
        self._publishing: TaskLauncher | None = None
        self._desk: CommandDesk
        self._architect: Architect | None = None
        self._heartbeat = Heartbeat(
            db, self.run_id, lambda: self._desk.look(), self._renew, self._let_go
        )
        self._idle = IdleWatch(db, self.run_id, deadlines, job, self._give_up)
        self._tasks: list[asyncio.Task[None]] = []
        self._driving: asyncio.Task[None] | None = None

    @property
    def live(self) -> LiveRun:
        """The run in memory."""
        return self._live

    async def start(self, actor: str) -> None:
        """Take the lease, put the task on line and begin to publish; workers find units then.

        Raises:
            LeaseHeldError: another engine drives the run; nothing has changed.
            MephistoError: it could not be put on line; the run is `failed`, nothing is left behind.
        """
        await self._lease.take()
        try:
            before = await self._move(
                RunStatus.LAUNCHING,
                actor,
                started_at=to_ms(self._db.clock.now()),
                ended_at=None,
                status_reason=None,
            )
            if before != RunStatus.CREATED:
                # Only the end of a run withdraws units, and a crash may have come in its middle.
                await self._db.write(self._reopen, actor)
            url = await self._put_on_line()
            self._worker_link = self._job.provider.worker_link(url)
            self._publishing = TaskLauncher(self._db, self._live, self._job, url, self._wake)
            self._desk = self._make_desk()
            await self._renew()
            await self._move(RunStatus.LIVE, actor, url=url)
        except BaseException as error:
            await self._fail(error)
            raise
        self._launcher.start()
        loop = asyncio.get_running_loop()
        self._driving = loop.create_task(self._drive())
        self._tasks = [self._driving, loop.create_task(self._heartbeat.beat())]
        self._idle.restart()
        await self._launcher.wait_for_first_units()

    @property
    def _launcher(self) -> TaskLauncher:
        """What publishes units: there is one from when the run is on line."""
        assert self._publishing is not None
        return self._publishing

    async def stop(self, actor: str, is_now: bool, reason: str) -> str:
        """Let no more workers in; end those at work at once, or wait for them.

        Returns:
            What happens next, as a sentence for the operator.
        """
        if self._status not in (RunStatus.LIVE, RunStatus.PAUSED, RunStatus.DRAINING):
            raise StateError(f"Run {self.run_id} is {self._status}; it cannot be stopped.")
        self._live.is_open = False
        self._live.pool.clear()
        self._reason, self._actor = reason, actor
        if self._status is not RunStatus.DRAINING:
            await self._move(RunStatus.DRAINING, actor, status_reason=reason)
        at_work = len(self._live.agents)
        if is_now:
            await self._supervisor.end_all(AgentStatus.EXPIRED, actor, reason)
        self._supervisor.at_work.nobody_comes()
        self._wake()
        if not at_work:
            return f"Run {self.run_id} is stopping; nobody is at work."
        if is_now:
            return f"Run {self.run_id} is stopping; {at_work} workers were ended."
        return f"Run {self.run_id} takes no new workers; {at_work} at work may finish."

    async def pause(self, actor: str) -> str:
        """Publish nothing new and let nobody new in; those at work go on.

        A paused run does not end by itself, even if there is nothing left to do.

        Returns:
            What happens now, as a sentence for the operator.
        """
        if self._status is not RunStatus.LIVE:
            raise StateError(f"Run {self.run_id} is {self._status}; it cannot be paused.")
        await self._move(RunStatus.PAUSED, actor)
        self._live.is_paused = True
        number = len(self._live.agents)
        at_work = (
            f"{number_of(number, 'worker')} at work may finish" if number else "nobody is at work"
        )
        return (
            f"Run {self.run_id} is paused: nothing new is published and nobody new is let in; "
            f"{at_work}."
        )

    async def go_on(self, actor: str) -> str:
        """Take back `pause`.

        Returns:
            What happens now, as a sentence for the operator.
        """
        if self._status is not RunStatus.PAUSED:
            raise StateError(f"Run {self.run_id} is {self._status}, not paused.")
        await self._move(RunStatus.LIVE, actor)
        self._live.is_paused = False
        self._idle.went_on()
        self.options_changed()
        return f"Run {self.run_id} goes on: units are published and workers let in again."

    def options_changed(self) -> None:
        """Limits, budget or patience are others than before."""
        self._idle.restart()
        self._wake()

    async def abandon(self) -> None:
        """The engine goes away without stopping the run: it stays live, and can be resumed."""
        self._live.is_open = False
        await self._end_tasks()
        await self._launcher.stop()
        await self._take_down()
        await self._lease.give_back()
        self.ended.set()

    def _reopen(self, tx: Transaction, actor: str) -> int:
        return reopen_units(
            tx,
            self.run_id,
            actor,
            is_concurrent=self._job.runner.is_concurrent,
            requeues=getattr(self._job.blueprint.args, "requeue_broken", True),
        )

    async def _load(self) -> None:
        self._live = await asyncio.to_thread(
            load_live_run,
            self._db,
            self.run_id,
            self._restored_agent,
            is_concurrent=self._job.runner.is_concurrent,
        )
        self._supervisor = Supervisor(
            self._db,
            self._live,
            self._job,
            self._deadlines,
            self._wake,
            self._requeued,
            lambda: self._publishing,
        )

    async def _put_on_line(self) -> str:
        await self._load()
        site = await asyncio.to_thread(self._job.make_site)
        await asyncio.to_thread(self._job.build_site, site.root)
        self._architect = self._job.make_architect(site, self._supervisor)
        try:
            await call(self._architect.prepare)
            url: str = await call(self._architect.deploy)
        except OSError as error:
            raise ArchitectError(f"The task could not be put on line: {error}.") from error
        self._supervisor.open(self._architect.get_channel())
        await call(self._job.provider.setup_resources_for_task_run, url)
        await self._supervisor.special.restore()
        return url

    async def _fail(self, error: BaseException) -> None:
        if not isinstance(error, LeaseLostError):
            try:
                # A resumed run has left units on the provider, and nothing is behind them now.
                await asyncio.wait_for(self._withdraw(), WITHDRAW_SECONDS)
            except Exception:
                log.exception("run %d: its units could not be withdrawn", self.run_id)
        await self._take_down()
        with contextlib.suppress(StateError, LeaseLostError):
            await self._move(
                RunStatus.FAILED,
                "engine",
                status_reason=str(error)[:500] or type(error).__name__,
                ended_at=to_ms(self._db.clock.now()),
            )
        await self._lease.give_back()
        self.ended.set()

    async def _drive(self) -> None:
        """Wait for changes until the run is over, then close it."""
        ending = self._ending()
        while ending is None:
            await self._changed.wait()
            self._changed.clear()
            self._launcher.wake()
            ending = self._ending()
        await self._close(*ending)

    def _ending(self) -> tuple[RunStatus, str] | None:
        """How the run ends now, and why; None while it goes on."""
        if not self._supervisor.at_work.is_settled:
            return None
        failure = self._launcher.failure()
        if failure is not None and self._supervisor.is_empty:
            return RunStatus.FAILED, f"The task's data failed: {failure}"
        if self._status is RunStatus.PAUSED:
            return None
        is_draining = self._status is RunStatus.DRAINING
        # A stop that withdrew units is a stop, even if nothing is left over.
        if self._live.is_finished and not (is_draining and self._live.counts[UnitStatus.EXPIRED]):
            return RunStatus.COMPLETED, ""
        if is_draining and self._supervisor.is_empty:
            return RunStatus.STOPPED, self._reason
        if self._launcher.is_spent and not self._live.published:
            return RunStatus.STOPPED, self._launcher.why_spent()
        return None

    async def _close(self, status: RunStatus, reason: str) -> None:
        try:
            self._live.is_open = False
            await self._launcher.stop()
            await self._withdraw()
            await asyncio.sleep(LINGER_SECONDS)
            await self._end_tasks()
            await self._take_down()
            await self._move(
                status,
                self._actor,
                status_reason=reason or None,
                ended_at=to_ms(self._db.clock.now()),
            )
            await self._lease.give_back()
        except Exception:
            log.exception("run %d could not be closed; `resume` takes it up again", self.run_id)
            self._lease.forget()
        finally:
            self.ended.set()

    async def _end_tasks(self, is_ours: bool = True) -> None:
        """End what runs beside the caller, before the lease that it renews is given back."""
        self._heartbeat.stop()
        await self._desk.close(is_ours)
        if self._driving is not None and self._driving is not asyncio.current_task():
            self._driving.cancel()
        others = [task for task in self._tasks if task is not asyncio.current_task()]
        await asyncio.gather(*others, return_exceptions=True)

    async def _withdraw(self) -> None:
        """Expire what nobody has finished, here and on the provider."""
        units = await asyncio.to_thread(self._db.read, unfinished_there, self.run_id)
        if units:
            await call(self._job.provider.unit.expire, units)
        reason = self._reason or "the run has ended"
        await self._db.write(ops.expire_units, self.run_id, self._actor, reason)

    async def _take_down(self) -> None:
        """Undo what `_put_on_line` did, each part whatever becomes of the others."""
        for part in (self._close_provider, self._close_architect, self._close_supervisor):
            try:
                await part()
            except Exception:
                log.exception("run %d: a part could not be taken down", self.run_id)

    async def _close_provider(self) -> None:
        await call(self._job.provider.cleanup_resources_from_task_run)

    async def _close_architect(self) -> None:
        if self._architect is not None:
            await call(self._architect.shutdown)

    async def _close_supervisor(self) -> None:
        if hasattr(self, "_supervisor"):
            for token in self._live.agents:
                self._deadlines.cancel(token)
            self._idle.stop()
            await self._supervisor.close()

    async def _renew(self) -> None:
        await self._supervisor.at_work.presence.save()
        await self._wages.look()
        channel = self._architect.get_channel() if self._architect else None
        health = await self._heartbeat.health.report(
            channel=channel,
            refusals=self._supervisor.arrivals.refusals,
            launcher=self._launcher,
            worker_link=self._worker_link,
        )
        await self._lease.renew(health)

    async def _let_go(self) -> None:
        """Another engine drives the run: undo what is here, and leave the database alone."""
        log.error("run %d was taken over by another engine; this one lets go", self.run_id)
        try:
            await self._end_tasks(is_ours=False)
            await self._launcher.stop()
            await self._take_down()
        finally:
            self._lease.forget()
            self.ended.set()

    def _make_desk(self) -> CommandDesk:
        changes = RunChanges(
            self._db, self._job, self._live, self._supervisor, self._launcher, self
        )
        return CommandDesk(self._db, self.run_id, changes.carry_out)

    def _give_up(self, reason: str) -> None:
        if self._status is RunStatus.LIVE:
            task = asyncio.get_running_loop().create_task(self._drain_quietly(reason))
            self._tasks.append(task)

    async def _drain_quietly(self, reason: str) -> None:
        with contextlib.suppress(StateError):
            await self.stop("engine", False, reason)

    def _restored_agent(
        self,
        agent_id: int,
        token: str,
        registration_id: str,
        worker: WorkerRecord,
        unit: UnitRecord,
        status: str,
    ) -> LiveAgent:
        """An agent of before the engine was away, with all that was said."""
        return LiveAgent(
            id=agent_id,
            token=token,
            registration_id=registration_id,
            worker=worker,
            unit=unit,
            status=status,
            push=lambda agent, update: self._supervisor.at_work.push(agent, update),
            keep=lambda agent, update: self._supervisor.at_work.keep(agent, update),
            report=lambda agent, problem: self._supervisor.at_work.report(agent, problem),
            history=history_of(self._db, agent_id),
        )

    def _requeued(self, units: list[tuple[int, int]]) -> None:
        # Conversations of before the engine was away are mended while the run is put on line.
        if self._publishing is not None:
            self._publishing.add(units)

    def _wake(self) -> None:
        self._changed.set()

    async def _move(self, to: RunStatus, actor: str, **columns: Any) -> str:
        """Move the run; its status before comes back."""
        before = await self._db.write(ops.move_run, self.run_id, to, actor, columns)
        self._status = to
        return before
