"""Assignments that several workers do together: the waiting room, the start, a partner's loss.

Workers wait until all units of their assignment have somebody on them; then all start at once,
and one coroutine of the task leads them. When one leaves, the others are told at once and keep what
they have done, by policy; and the assignment is offered again as a new one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from mephisto_engine.abstractions.agent import AbsentAgentError, AgentSubmittedError, LiveAgent
from mephisto_engine.abstractions.calling import call
from mephisto_engine.clock import to_ms
from mephisto_engine.data_model.status import AgentStatus, UnitStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import assignments as ops
from mephisto_engine.database.operations.submissions import NewSubmission
from mephisto_engine.operations.live.live_run import LiveRun
from mephisto_engine.operations.runs.job import Job
from mephisto_engine.operations.watching.waiting import concurrent_args, outcome_without_partner

log = logging.getLogger(__name__)

WAITED = "no partner came in time"
NOBODY_COMES = "the run takes no new workers, so no partner can come"
PARTNER_LEFT = "a partner has left"


class AtWork(Protocol):
    """What conversations need of the agents at work."""

    def tell(self, agent: LiveAgent, status: AgentStatus) -> None:
        """Tell the agent's page its status."""

    def give_until(self, agent: LiveAgent, seconds: float) -> None:
        """Set the agent's deadline."""

    def submitted(self, agent: LiveAgent, body: str) -> None:
        """The agent's answer is stored."""

    async def end(
        self,
        agent: LiveAgent,
        status: AgentStatus,
        actor: str,
        reason: str,
        unit_status: UnitStatus | None = None,
        only_if: AgentStatus | None = None,
    ) -> None:
        """The agent leaves (if it has that status)."""

    async def fail(self, agent: LiveAgent, error: Exception) -> None:
        """The task's code has failed beside the agent."""

    async def expect_answer(self, agent: LiveAgent) -> None:
        """The task's own logic is over."""

    def spawn(self, work: Any) -> None:
        """Run a coroutine beside the agents."""


@dataclass
class Room:
    """The agents of one assignment."""

    assignment_id: int
    size: int
    agents: list[LiveAgent] = field(default_factory=list)
    """Those who are there; a worker who leaves or submits is taken out."""
    has_started: bool = False
    is_broken: bool = False
    """Whether somebody has left after the start."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while it starts, and while somebody leaves: one of the two comes first."""


class Conversations:
    """Every room of one run."""

    def __init__(
        self,
        db: MephistoDB,
        live: LiveRun,
        job: Job,
        at_work: AtWork,
        requeued: Callable[[list[tuple[int, int]]], None],
        changed: Callable[[], None],
    ) -> None:
        self._db = db
        self._live = live
        self._job = job
        self._at_work = at_work
        self._requeued = requeued
        self._changed = changed
        self._mending = 0
        self._rooms: dict[int, Room] = {}
        self._args = concurrent_args(job.blueprint.args)

    @property
    def is_settled(self) -> bool:
        """Whether no broken assignment is about to be offered again."""
        return not self._mending

    @property
    def wait_seconds(self) -> int:
        """How long a worker waits for partners."""
        return self._args.partner_wait_seconds

    def join(self, agent: LiveAgent) -> None:
        """A worker has come; the last one starts the conversation."""
        room = self._room(agent.unit.assignment_id)
        room.agents.append(agent)
        if len(room.agents) >= room.size:
            self._at_work.spawn(self._start(room))
        elif not self._live.is_open:
            self._at_work.spawn(self.waited_in_vain(agent, NOBODY_COMES))

    def nobody_comes(self) -> None:
        """The run lets nobody in any more: those who wait have waited in vain."""
        for room in self._rooms.values():
            for agent in room.agents if len(room.agents) < room.size else ():
                if agent.status == AgentStatus.WAITING:
                    self._at_work.spawn(self.waited_in_vain(agent, NOBODY_COMES))

    def restore(self, agents: list[LiveAgent]) -> None:
        """The engine was away: who waited waits on; a conversation cannot be taken up again."""
        for agent in agents:
            if agent.status == AgentStatus.WAITING:
                self._live.pool.prefer(agent.unit.assignment_id)
                self.join(agent)
            else:
                room = self._room(agent.unit.assignment_id)
                room.agents.append(agent)
                room.has_started = True
        for room in list(self._rooms.values()):
            if room.has_started:
                self._at_work.spawn(self._mend(self._break(room)))

    def lock_of(self, agent: LiveAgent) -> AbstractAsyncContextManager[object]:
        """To be held while an agent is ended, so that its room does not start meanwhile."""
        room = self._rooms.get(agent.unit.assignment_id)
        return nullcontext() if room is None else room.lock

    def leave(self, agent: LiveAgent) -> None:
        """A worker is gone; their partners are told if the conversation had begun."""
        room = self._leave(agent)
        if room is not None and room.has_started:
            self._at_work.spawn(self._mend(self._break(room)))
        elif not self._live.is_open:
            self.nobody_comes()

    def give_up(self, assignment_id: int) -> None:
        """The assignment is not to be offered again when its workers leave."""
        room = self._rooms.get(assignment_id)
        if room is not None:
            room.is_broken = True

    def submitted(self, agent: LiveAgent) -> None:
        """A worker has handed in the final answer."""
        self._leave(agent)

    async def waited_in_vain(self, agent: LiveAgent, reason: str = WAITED) -> None:
        """The time to wait for partners is over."""
        room = self._rooms.get(agent.unit.assignment_id)
        if room is None:
            return
        outcome = outcome_without_partner(self._args, len(room.agents))
        if outcome == "start":
            await self._start(room, is_complete=False)
        elif outcome == "pay":
            await self._mend(self._pay(room))
        else:
            await self._at_work.end(
                agent, AgentStatus.EXPIRED, "engine", reason, only_if=AgentStatus.WAITING
            )

    async def _start(self, room: Room, *, is_complete: bool = True) -> None:
        """Begin with everybody who is there; if somebody has just left, the rest wait on."""
        async with room.lock:
            agents = list(room.agents)
            if room.has_started or (is_complete and len(agents) < room.size):
                return
            await self._withdraw_rest(room)
            seconds = self._job.assignment_duration_seconds
            deadline = to_ms(self._db.clock.now()) + seconds * 1000
            ids = [agent.id for agent in agents]
            await self._db.write(ops.start_together, self._live.run_id, ids, deadline)
            room.has_started = True
            for agent in agents:
                agent.status = AgentStatus.IN_TASK
                self._at_work.give_until(agent, seconds)
                self._at_work.tell(agent, AgentStatus.IN_TASK)
        self._at_work.spawn(self._lead(room))

    async def _lead(self, room: Room) -> None:
        """Run the task's code for the assignment, and clear up after it."""
        agents = sorted(room.agents, key=lambda agent: agent.unit.unit_index)
        runner = self._job.runner
        try:
            await call(runner.run_assignment, agents)
        except AbsentAgentError as error:
            await self._end_absent(error)
        except AgentSubmittedError:
            pass
        except Exception as error:
            log.exception("the task's code failed in assignment %d", room.assignment_id)
            for agent in list(room.agents):
                await self._at_work.fail(agent, error)
        finally:
            await call(runner.cleanup_assignment, agents)
        for agent in list(room.agents):
            await self._at_work.expect_answer(agent)

    async def _end_absent(self, error: AbsentAgentError) -> None:
        """Task code noticed first that somebody is not there (they took too long to answer)."""
        agent = error.agent
        if agent is not None and not agent.is_gone:
            reason = "took too long to answer"
            await self._at_work.end(agent, AgentStatus(error.status), "engine", reason)

    def _mend(self, work: Coroutine[Any, Any, None]) -> Coroutine[Any, Any, None]:
        """Keep the run from ending before a broken assignment has been offered again."""
        # Counted before the work begins, because the driver may look in between.
        self._mending += 1

        async def mending() -> None:
            try:
                await work
            finally:
                self._mending -= 1
                self._changed()

        return mending()

    async def _break(self, room: Room) -> None:
        """Tell those who stay, and offer the assignment again."""
        is_first = not room.is_broken
        room.is_broken = True
        agents = list(room.agents)
        if self._args.when_partner_leaves == "release":
            for agent in agents:
                await self._at_work.end(
                    agent, AgentStatus.RETURNED, "engine", PARTNER_LEFT, UnitStatus.EXPIRED
                )
        else:
            await self._tell_partners(agents)
        if self._live.is_open and not self._args.requeue_broken:
            await self._db.write(ops.give_up_expired, room.assignment_id)
        elif is_first and self._live.is_open:
            await self._requeue(room.assignment_id)

    async def _tell_partners(self, agents: list[LiveAgent]) -> None:
        ids = [agent.id for agent in agents]
        told = set(await self._db.write(ops.tell_partners, self._live.run_id, ids))
        for agent in agents:
            if agent.id in told:
                agent.status = AgentStatus.PARTNER_DISCONNECT
                self._at_work.tell(agent, AgentStatus.PARTNER_DISCONNECT)
                await self._at_work.expect_answer(agent)

    async def _pay(self, room: Room) -> None:
        """Everybody who waits here is paid for it, and the assignment starts over."""
        async with room.lock:
            if room.has_started:
                return
            await self._withdraw_rest(room)
            room.has_started = room.is_broken = True
            for agent in list(room.agents):
                await self._pay_one(agent)
        if self._live.is_open:
            await self._requeue(room.assignment_id)

    async def _pay_one(self, agent: LiveAgent) -> None:
        until = self._db.clock.now().isoformat()
        body = orjson.dumps({"paid_for_waiting": True, "until": until}).decode()
        new = NewSubmission(
            agent.id, agent.unit.id, self._live.run_id, agent.worker.id, body, (), None
        )
        if await self._db.write(ops.pay_for_waiting, new) == "stored":
            self._at_work.tell(agent, AgentStatus.COMPLETED)
            self._at_work.submitted(agent, body)

    async def _withdraw_rest(self, room: Room) -> None:
        """Nobody else is to come into this assignment."""
        units = self._live.pool.withdraw(room.assignment_id)
        if units:
            reason = "the assignment goes on without them"
            await self._db.write(
                ops.withdraw_units, self._live.run_id, room.assignment_id, units, reason
            )
            self._live.moved(UnitStatus.LAUNCHED, UnitStatus.EXPIRED, len(units))

    async def _requeue(self, assignment_id: int) -> None:
        units = await self._db.write(ops.requeue, self._live.run_id, assignment_id)
        if units:
            self._live.moved("", UnitStatus.CREATED, len(units))
            self._requeued(units)

    def _leave(self, agent: LiveAgent) -> Room | None:
        room = self._rooms.get(agent.unit.assignment_id)
        if room is None or agent not in room.agents:
            return None
        room.agents.remove(agent)
        if not room.agents:
            del self._rooms[room.assignment_id]
        return room

    def _room(self, assignment_id: int) -> Room:
        room = self._rooms.get(assignment_id)
        if room is None:
            size = len(self._db.rows(ops.SIZE, assignment=assignment_id))
            room = self._rooms[assignment_id] = Room(assignment_id, size)
        return room
