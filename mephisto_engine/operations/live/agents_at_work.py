"""Agents at work: the coroutine beside each worker, their deadline, and how they end."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import orjson

from mephisto_engine.abstractions.agent import AbsentAgentError, AgentSubmittedError, LiveAgent
from mephisto_engine.abstractions.blueprint import TaskRunner
from mephisto_engine.abstractions.calling import call
from mephisto_engine.abstractions.channel import AgentDetails, Channel
from mephisto_engine.clock import from_ms, to_ms
from mephisto_engine.data_model.records import UnitRecord, WorkerRecord
from mephisto_engine.data_model.status import AgentStatus, UnitStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import agents as ops
from mephisto_engine.errors import StateError, StorageError
from mephisto_engine.operations.live.conversations import Conversations
from mephisto_engine.operations.live.deadlines import Deadlines
from mephisto_engine.operations.live.hooks import Hooks
from mephisto_engine.operations.live.judging import Judging
from mephisto_engine.operations.live.live_run import LiveRun, is_special
from mephisto_engine.operations.live.presence import Presence
from mephisto_engine.operations.live.update_log import UpdateLog
from mephisto_engine.operations.runs.job import Job

log = logging.getLogger(__name__)

MOST_PROBLEMS = 20
"""Problems beside one agent that are journalled; after that, every twentieth."""

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
        requeued: Callable[[list[tuple[int, int]]], None],
    ) -> None:
        self.presence = Presence(db, deadlines, self._went_silent)
        self.on_onboarding_silence: Callable[[LiveAgent], None] | None = None
        """What is done about a silent page of the qualifying task."""
        self.updates = UpdateLog(db)
        self.hooks = Hooks(db, live.run_id, job.blueprint.shared_state)
        self._db = db
        self._live = live
        self._job = job
        self._deadlines = deadlines
        self._changed = changed
        self._channel: Channel | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._problems: Counter[str] = Counter()
        """Token → what went wrong beside the agent so far."""
        runner = type(job.runner)
        self._has_task_code = (
            runner.run_unit is not TaskRunner.run_unit
            or runner.cleanup_unit is not TaskRunner.cleanup_unit
        )
        """Whether something runs beside each worker; most pages only wait for the answer."""
        self.judging = Judging(db, live, job, self.hooks.call, self.spawn, requeued, changed)
        self._conversations = (
            Conversations(db, live, job, self, requeued, changed)
            if job.runner.is_concurrent
            else None
        )

    def open(self, channel: Channel) -> None:
        """The pages can be reached; agents that were restored go on."""
        self._channel = channel
        for agent in list(self._live.agents.values()):
            deadline = self._live.deadlines.get(agent.token)
            if deadline is not None:
                left = (deadline - self._db.clock.now()).total_seconds()
                seconds = max(left, RETURN_SECONDS)
                self.give_until(agent, seconds)
        self.judging.restore()
        agents = list(self._live.agents.values())
        if self._conversations is not None:
            self._conversations.restore([agent for agent in agents if not is_special(agent.unit)])
            agents = [agent for agent in agents if is_special(agent.unit)]
        for agent in agents:
            self._start(agent)

    async def close(self) -> None:
        """End the coroutines beside the agents; what they owe to the database is done first."""
        self.presence.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.updates.close()

    def beginning(self, *, is_alone: bool = False) -> tuple[AgentStatus, int]:
        """How an agent begins, and for how many seconds: at work, or waiting for partners.

        Args:
            is_alone: whether its unit is one that is done without partners in any case.
        """
        if self._conversations is None or is_alone:
            return AgentStatus.IN_TASK, self._job.assignment_duration_seconds
        return AgentStatus.WAITING, self._conversations.wait_seconds

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way that will make new units."""
        is_mending = self._conversations is not None and not self._conversations.is_settled
        return self.judging.is_settled and not is_mending

    def nobody_comes(self) -> None:
        """The run lets nobody in any more: who waits for a partner waits in vain."""
        if self._conversations is not None:
            self._conversations.nobody_comes()

    def received(self, agent: LiveAgent, update: dict[str, Any]) -> None:
        """The agent's page sent a live update."""
        self.updates.add(agent, update, is_from_worker=True)
        agent.deliver(update)

    def keep(self, agent: LiveAgent, update: dict[str, Any]) -> None:
        """Task code noted something down that the page is not sent."""
        self.updates.add(agent, update, is_from_worker=False)

    def report(self, agent: LiveAgent, problem: dict[str, Any]) -> None:
        """Something went wrong beside the agent, which goes on; journalled unless it floods."""
        self._problems[agent.token] += 1
        number = self._problems[agent.token]
        if number <= MOST_PROBLEMS or number % MOST_PROBLEMS == 0:
            # An onboarding agent has no unit, and its number is not that of an agent.
            agent_id = agent.id if agent.unit.id else 0
            data = {"number": number, **problem}
            self.spawn(self._journal("agent.call_failed", agent_id, data))

    def push(self, agent: LiveAgent, update: dict[str, Any]) -> None:
        """Send a live update of task code to the agent's page."""
        self.keep(agent, update)
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
        is_alone = is_special(unit)
        status, seconds = self.beginning(is_alone=is_alone)
        agent = self.make_agent(agent_id, token, registration_id, worker, unit, status)
        self._live.add_agent(agent)
        self._live.moved(UnitStatus.LAUNCHED, UnitStatus.ASSIGNED)
        self.give_until(agent, seconds)
        if self._conversations is not None and not is_alone:
            self._conversations.join(agent)
        else:
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
        history: list[dict[str, Any]] | None = None,
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
            keep=self.keep,
            report=self.report,
            history=history,
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
        if self._conversations is not None:
            self._conversations.submitted(agent)
        self.judging.submitted(agent.unit, agent.worker)
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
        only_if: AgentStatus | None = None,
    ) -> None:
        """A worker is gone: their unit goes back to the pool while the run is open.

        Args:
            agent: who.
            status: how they are gone.
            actor: who caused it.
            reason: in words, for the journal.
            unit_status: what becomes of the unit, if not what usually does.
            only_if: end the agent only if it has this status still.
        """
        async with self._turn_of(agent):
            if only_if is not None and agent.status != only_if:
                return
            to = unit_status or self._unit_after(agent)
            run_id = self._live.run_id
            try:
                await self._db.write(
                    ops.end_agent, agent.id, agent.unit.id, run_id, status, to, actor, reason
                )
            except StateError:
                # The answer was stored first: the worker has finished and is not gone.
                return
            self._gone(agent, status, to)

    def give_up(self, assignment_id: int) -> None:
        """The assignment is not to be offered again when its workers leave."""
        if self._conversations is not None:
            self._conversations.give_up(assignment_id)

    def _gone(self, agent: LiveAgent, status: AgentStatus, unit_status: UnitStatus) -> None:
        """What was stored becomes true in memory, and for the page."""
        self._forget(agent)
        self._live.moved(UnitStatus.ASSIGNED, unit_status)
        if is_special(agent.unit):
            self.spawn(self._withdraw_special(agent.unit))
        elif unit_status is UnitStatus.LAUNCHED:
            self._live.forget_assignment(agent.worker.name, agent.unit.assignment_id)
            self._live.pool.give_back(agent.unit.assignment_id, agent.unit.id)
        agent.set_gone(status)
        self.tell(agent, status)
        if self._conversations is not None:
            self._conversations.leave(agent)
        self._changed()

    async def _withdraw_special(self, unit: UnitRecord) -> None:
        """Nobody else is to come for a unit that was made for one worker."""
        self._live.special[unit.unit_index] -= 1
        await call(self._job.provider.unit.expire, [unit])

    def _turn_of(self, agent: LiveAgent) -> AbstractAsyncContextManager[object]:
        return nullcontext() if self._conversations is None else self._conversations.lock_of(agent)

    def tell(self, agent: LiveAgent, status: AgentStatus) -> None:
        """Tell the agent's page its status."""
        if self._channel is not None:
            self._channel.send_status(agent.token, status)

    def give_until(self, agent: LiveAgent, seconds: float) -> None:
        """End the agent in so many seconds, if nothing else happens first."""
        self._deadlines.set(agent.token, seconds, self._overdue(agent))

    def _unit_after(self, agent: LiveAgent) -> UnitStatus:
        """What becomes of the unit of a worker who leaves.

        A unit of a conversation that has begun cannot be done by somebody else, nor one that was
        made for this worker.
        """
        if is_special(agent.unit):
            return UnitStatus.EXPIRED
        has_begun = self._conversations is not None and agent.status != AgentStatus.WAITING
        return UnitStatus.LAUNCHED if self._live.is_open and not has_begun else UnitStatus.EXPIRED

    async def fail(self, agent: LiveAgent, error: Exception) -> None:
        """The task's code has failed beside a worker: that is journalled, and the agent ends."""
        await self._journal("agent.task_failed", agent.id, {"error": repr(error)[:2000]})
        await self.end(agent, AgentStatus.DISCONNECT, "engine", "the task's code failed")

    def _forget(self, agent: LiveAgent) -> None:
        self._deadlines.cancel(agent.token)
        self._problems.pop(agent.token, None)
        self.presence.forget(agent)
        self._live.drop_agent(agent)

    def _start(self, agent: LiveAgent) -> None:
        if self._has_task_code:
            self.spawn(self._accompany(agent))

    async def _accompany(self, agent: LiveAgent) -> None:
        """Run the task's code beside the worker until one of them is done."""
        runner = self._job.runner
        try:
            await call(runner.run_unit, agent)
            await self.expect_answer(agent)
        except AbsentAgentError as error:
            if not agent.is_gone:
                reason = "took too long to answer"
                await self.end(agent, AgentStatus(error.status), "engine", reason)
        except AgentSubmittedError:
            pass
        except Exception as error:
            await self.fail(agent, error)
        finally:
            await call(runner.cleanup_unit, agent)

    async def expect_answer(self, agent: LiveAgent) -> None:
        """The task's own logic is over: from now on the page has `submission_timeout` left."""
        if agent.token not in self._live.agents:
            return
        seconds = self._job.submission_timeout_seconds
        deadline = to_ms(self._db.clock.now()) + seconds * 1000
        is_shorter = await self._db.write(ops.shorten_deadline, agent.id, deadline)
        if is_shorter and agent.token in self._live.agents:
            self._deadlines.set_at(agent.token, from_ms(deadline), self._overdue(agent))

    def _overdue(self, agent: LiveAgent) -> Callable[[float], None]:
        def end(_: float) -> None:
            if agent.status == AgentStatus.WAITING and self._conversations is not None:
                self.spawn(self._conversations.waited_in_vain(agent))
            else:
                reason = "the time for the assignment was over"
                self.spawn(self._end_surely(agent, AgentStatus.TIMEOUT, reason))

        return end

    def _went_silent(self, agent: LiveAgent) -> None:
        if not agent.unit.id and self.on_onboarding_silence is not None:
            self.on_onboarding_silence(agent)
            return
        reason = "no sign of life from the page"
        self.spawn(self._end_surely(agent, AgentStatus.DISCONNECT, reason))

    async def _end_surely(self, agent: LiveAgent, status: AgentStatus, reason: str) -> None:
        """End an agent whose time has come; as often as it takes, for its timer is gone."""
        try:
            await self.end(agent, status, "engine", reason)
        except StorageError as error:
            log.error("agent %d could not be ended yet: %s", agent.id, error)
            self._deadlines.set(
                agent.token,
                RETRY_SECONDS,
                lambda _: self.spawn(self._end_surely(agent, status, reason)),
            )

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine beside the agents, until it ends or the run does."""
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
