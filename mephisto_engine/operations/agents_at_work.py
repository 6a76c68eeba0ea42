"""Agents at work: the coroutine beside each worker, their deadline, and how they end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import orjson

from mephisto_engine.abstractions.agent import AbsentAgentError, LiveAgent
from mephisto_engine.abstractions.blueprint import TaskRunner
from mephisto_engine.abstractions.calling import call
from mephisto_engine.abstractions.channel import AgentDetails, Channel
from mephisto_engine.clock import to_ms
from mephisto_engine.data_model.records import UnitRecord, WorkerRecord
from mephisto_engine.data_model.status import AgentStatus, UnitStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import agents as ops
from mephisto_engine.errors import StateError, StorageError
from mephisto_engine.operations.deadlines import Deadlines
from mephisto_engine.operations.job import Job
from mephisto_engine.operations.live_run import LiveRun
from mephisto_engine.operations.presence import Presence

log = logging.getLogger(__name__)

HOOK_SECONDS = 30.0
"""How long a function of the operator may take before it counts as failed."""

RETRY_SECONDS = 5.0
"""How long after the database refused to store the end of an agent that is tried again."""

RETURN_SECONDS = 30.0
"""What an agent has at least after the engine was away: its page may be about to send the answer
that it could not deliver."""


class AgentsAtWork:
    """The live agents of one run, from their first moment to their last."""

    def __init__(
        self,
        db: MephistoDB,
        live: LiveRun,
        job: Job,
        deadlines: Deadlines,
        changed: Callable[[], None],
    ) -> None:
        self.presence = Presence(db, deadlines, self._went_silent)
        self._db = db
        self._live = live
        self._job = job
        self._deadlines = deadlines
        self._changed = changed
        self._channel: Channel | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        runner = type(job.runner)
        self._has_task_code = (
            runner.run_unit is not TaskRunner.run_unit
            or runner.cleanup_unit is not TaskRunner.cleanup_unit
        )
        """Whether something runs beside each worker; most pages only wait for the answer."""

    def open(self, channel: Channel) -> None:
        """The pages can be reached; agents that were restored go on."""
        self._channel = channel
        for agent in list(self._live.agents.values()):
            deadline = self._live.deadlines.get(agent.token)
            if deadline is not None:
                left = (deadline - self._db.clock.now()).total_seconds()
                seconds = max(left, RETURN_SECONDS)
                self._deadlines.set(agent.token, seconds, self._overdue(agent))
            self._start(agent)

    async def close(self) -> None:
        """End the coroutines beside the agents; what they owe to the database is done first."""
        self.presence.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def push(self, agent: LiveAgent, update: dict[str, Any]) -> None:
        """Send a live update of task code to the agent's page."""
        if self._channel is not None:
            self._channel.send_live_update(agent.token, update)

    def begin(
        self,
        worker: WorkerRecord,
        registration_id: str,
        token: str,
        agent_id: int,
        unit: UnitRecord,
    ) -> LiveAgent:
        """The worker has a unit: their agent goes to work."""
        agent = self.make_agent(agent_id, token, registration_id, worker, unit, AgentStatus.IN_TASK)
        self._live.add_agent(agent)
        self._live.moved(UnitStatus.LAUNCHED, UnitStatus.ASSIGNED)
        seconds = self._job.assignment_duration_seconds
        self._deadlines.set(token, seconds, self._overdue(agent))
        self._start(agent)
        self._changed()
        return agent

    def make_agent(
        self,
        agent_id: int,
        token: str,
        registration_id: str,
        worker: WorkerRecord,
        unit: UnitRecord,
        status: str,
    ) -> LiveAgent:
        """An agent whose live updates go to its page."""
        return LiveAgent(
            id=agent_id,
            token=token,
            registration_id=registration_id,
            worker=worker,
            unit=unit,
            status=status,
            push=self.push,
        )

    def details(self, agent: LiveAgent) -> AgentDetails:
        """What the agent's page is told, each time that it registers."""
        data = self._job.runner.get_init_data_for_agent(agent)
        return AgentDetails(str(agent.worker.id), agent.token, data)

    def submitted(self, agent: LiveAgent, body: str) -> None:
        """The agent's answer is stored."""
        self._forget(agent)
        self._live.moved(UnitStatus.ASSIGNED, UnitStatus.COMPLETED)
        agent.status = AgentStatus.COMPLETED
        agent.set_submitted(orjson.loads(body))
        if self._job.blueprint.shared_state.on_unit_submitted is not None:
            self._spawn(self._call_submit_hook(agent.unit))
        self._changed()

    async def end_all(self, status: AgentStatus, actor: str, reason: str) -> None:
        """End every live agent and withdraw its unit; the run lets nobody in any more."""
        agents = list(self._live.agents.values())
        await asyncio.gather(
            *(self.end(agent, status, actor, reason, UnitStatus.EXPIRED) for agent in agents)
        )

    async def end(
        self,
        agent: LiveAgent,
        status: AgentStatus,
        actor: str,
        reason: str,
        unit_status: UnitStatus | None = None,
    ) -> None:
        """A worker is gone: their unit goes back to the pool while the run is open."""
        to = unit_status or (UnitStatus.LAUNCHED if self._live.is_open else UnitStatus.EXPIRED)
        try:
            await self._db.write(
                ops.end_agent,
                agent.id,
                agent.unit.id,
                self._live.run_id,
                status,
                to,
                actor,
                reason,
            )
        except StateError:
            # The answer was stored first: the worker has finished and is not gone.
            return
        self._forget(agent)
        self._live.moved(UnitStatus.ASSIGNED, to)
        if to is UnitStatus.LAUNCHED:
            self._live.forget_assignment(agent.worker.name, agent.unit.assignment_id)
            self._live.pool.give_back(agent.unit.assignment_id, agent.unit.id)
        agent.set_gone(status)
        if self._channel is not None:
            self._channel.send_status(agent.token, status)
        self._changed()

    async def fail(self, agent: LiveAgent, error: Exception) -> None:
        """The task's code has failed beside a worker: that is journalled, and the agent ends."""
        await self._journal("agent.task_failed", agent.id, {"error": repr(error)[:2000]})
        await self.end(agent, AgentStatus.DISCONNECT, "engine", "the task's code failed")

    async def call_hook(self, name: str, *args: Any) -> Any:
        """Call a function of the operator; its failure is journalled and counts as `None`."""
        try:
            return await call(
                getattr(self._job.blueprint.shared_state, name), *args, timeout=HOOK_SECONDS
            )
        except Exception as error:
            data = {"hook": name, "error": repr(error)[:2000]}
            await self._journal("run.hook_failed", 0, data)
            return None

    def _forget(self, agent: LiveAgent) -> None:
        self._deadlines.cancel(agent.token)
        self.presence.forget(agent)
        self._live.drop_agent(agent)

    def _start(self, agent: LiveAgent) -> None:
        if self._has_task_code:
            self._spawn(self._accompany(agent))

    async def _accompany(self, agent: LiveAgent) -> None:
        """Run the task's code beside the worker until one of them is done."""
        runner = self._job.runner
        try:
            await call(runner.run_unit, agent)
            await self._expect_answer(agent)
        except AbsentAgentError:
            pass
        except Exception as error:
            await self.fail(agent, error)
        finally:
            await call(runner.cleanup_unit, agent)

    async def _call_submit_hook(self, unit: UnitRecord) -> None:
        await self.call_hook("on_unit_submitted", unit)

    async def _expect_answer(self, agent: LiveAgent) -> None:
        """The task's own logic is over: from now on the page has `submission_timeout` left."""
        if agent.token not in self._live.agents:
            return
        seconds = self._job.submission_timeout_seconds
        deadline = to_ms(self._db.clock.now()) + seconds * 1000
        is_shorter = await self._db.write(ops.shorten_deadline, agent.id, deadline)
        if is_shorter and agent.token in self._live.agents:
            self._deadlines.set(agent.token, seconds, self._overdue(agent))

    def _overdue(self, agent: LiveAgent) -> Callable[[float], None]:
        reason = "the time for the assignment was over"
        return lambda _: self._spawn(self._end_surely(agent, AgentStatus.TIMEOUT, reason))

    def _went_silent(self, agent: LiveAgent) -> None:
        reason = "no sign of life from the page"
        self._spawn(self._end_surely(agent, AgentStatus.DISCONNECT, reason))

    async def _end_surely(self, agent: LiveAgent, status: AgentStatus, reason: str) -> None:
        """End an agent whose time has come; as often as it takes, for its timer is gone."""
        try:
            await self.end(agent, status, "engine", reason)
        except StorageError as error:
            log.error("agent %d could not be ended yet: %s", agent.id, error)
            self._deadlines.set(
                agent.token,
                RETRY_SECONDS,
                lambda _: self._spawn(self._end_surely(agent, status, reason)),
            )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("work beside an agent failed", exc_info=task.exception())

    async def _journal(self, kind: str, agent_id: int, data: dict[str, Any]) -> None:
        await self._db.write(
            ops.record_agent_event, kind, agent_id, self._live.run_id, "engine", data
        )
