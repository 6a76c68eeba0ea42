"""The Supervisor: turns what pages ask into stored changes, through the Job of a run.

Every change is committed first, then made in memory, then told to the page.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import islice
from typing import Any

import orjson
from peewee import IntegrityError

from mephisto_engine.abstractions.agent import AbsentAgentError, LiveAgent
from mephisto_engine.abstractions.calling import call
from mephisto_engine.abstractions.channel import (
    AgentDetails,
    Channel,
    FailureReason,
    SubmitOutcome,
    UnknownAgentError,
)
from mephisto_engine.abstractions.crowd_provider import Arrival, RegistrationRefusedError
from mephisto_engine.abstractions.qualifications import unmet
from mephisto_engine.clock import to_ms
from mephisto_engine.data_model.records import UnitRecord, UploadRecord, WorkerRecord
from mephisto_engine.data_model.status import LOST_AGENT, AgentStatus, UnitStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import agents as ops
from mephisto_engine.errors import StateError
from mephisto_engine.operations.deadlines import Deadlines
from mephisto_engine.operations.job import Job
from mephisto_engine.operations.live_run import LiveRun
from mephisto_engine.operations.presence import Presence
from mephisto_engine.operations.unit_pool import Cursor
from mephisto_engine.tokens import new_token

log = logging.getLogger(__name__)

CLAIM_TRIES = 3
"""How often a claim is repeated when the database knows better than memory."""

KEPT_REFUSALS = 10_000
"""Refusals remembered so that a page which asks again and again fills no journal."""

RETURN_SECONDS = 30.0
"""What an agent has at least after the engine was away: its page may be about to send the answer
that it could not deliver."""

_WORDS: dict[str, FailureReason] = {
    "closed": FailureReason.CLOSED,
    "blocked": FailureReason.NOT_QUALIFIED,
    "not_qualified": FailureReason.NOT_QUALIFIED,
    "maximum_units_per_worker": FailureReason.MAX_FOR_TASK,
    "allowed_concurrent": FailureReason.TOO_MANY_CONCURRENT,
    "no_units": FailureReason.NO_AVAILABLE_UNITS,
    "all_seen": FailureReason.ALL_SEEN,
    "not_for_this_worker": FailureReason.NO_AVAILABLE_UNITS,
    "session_ended": FailureReason.TASK_MISSING,
    "bad_link": FailureReason.BAD_LINK,
}
"""Reason of a refusal in the journal → what the worker is told."""


class Supervisor:
    """The engine's side of the channel (`Backend`) for one run."""

    def __init__(
        self,
        db: MephistoDB,
        live: LiveRun,
        job: Job,
        deadlines: Deadlines,
        changed: Callable[[], None],
    ) -> None:
        self.live = live
        self.refusals: Counter[str] = Counter()
        self.presence = Presence(db, deadlines, self._went_silent)
        self._db = db
        self._job = job
        self._deadlines = deadlines
        self._changed = changed
        self._channel: Channel | None = None
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}
        self._nobody_arrives = asyncio.Event()
        self._nobody_arrives.set()
        self._told: dict[tuple[int, str], None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._gateway_refusals: Counter[str] = Counter()

    @property
    def is_empty(self) -> bool:
        """Whether nobody is at work and nobody is just being let in."""
        return not self.live.agents and not self._turns

    def open(self, channel: Channel) -> None:
        """The pages can be reached; agents that were restored go on."""
        self._channel = channel
        for agent in list(self.live.agents.values()):
            deadline = self.live.deadlines.get(agent.token)
            if deadline is not None:
                left = (deadline - self._db.clock.now()).total_seconds()
                seconds = max(left, RETURN_SECONDS)
                self._deadlines.set(agent.token, seconds, self._overdue(agent))
            self._spawn(self._accompany(agent))

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

    async def register_agent(self, provider_data: dict[str, Any]) -> AgentDetails:
        """Give the arriving worker an agent; the arrivals of one worker take turns."""
        try:
            arrival = self._job.provider.read_registration(provider_data)
        except RegistrationRefusedError as error:
            return await self._refuse(0, "bad_link", str(error))
        async with self._turn(arrival.worker_name):
            return await self._register(arrival)

    async def submit_onboarding(self, token: str, data: dict[str, Any]) -> AgentDetails:
        """No run of this version has onboarding agents, so no token is one."""
        raise UnknownAgentError(token)

    async def submit_unit(
        self, token: str, body: str, uploads: Sequence[UploadRecord], client_at: float | None
    ) -> SubmitOutcome:
        """Store an answer; returns after the commit."""
        agent = self.live.agents.get(token)
        known = self._known(token) if agent is None else None
        if agent is not None:
            ids = (agent.id, agent.unit.id, agent.worker.id)
        elif known is not None:
            ids = (known.id, known.unit_id, known.worker_id)
        else:
            raise UnknownAgentError(token)
        client_ms = None if client_at is None else int(client_at * 1000)
        new = ops.NewSubmission(ids[0], ids[1], self.live.run_id, ids[2], body, uploads, client_ms)
        outcome = await self._db.write(ops.submit, new)
        if outcome == "stored" and agent is not None:
            self._submitted(agent, body)
        return SubmitOutcome(outcome)

    async def submit_metadata(
        self, token: str, metadata: Any, uploads: Sequence[UploadRecord]
    ) -> None:
        """Keep what a page sends beside its answer, before or after it."""
        body = orjson.dumps(metadata).decode()
        await self._db.write(
            ops.store_metadata, self._id_of(token), self.live.run_id, body, uploads
        )

    async def log_error(self, token: str | None, error: Any) -> None:
        """Put an error that a page reports into the journal; forged tokens are not believed."""
        agent_id = 0 if token is None else self._id_of(token)
        shown = orjson.dumps(error).decode()[:4000]
        await self._journal("agent.page_error", agent_id, {"error": shown})

    async def status_of(self, token: str) -> str | None:
        """The agent's status, for a page that connects."""
        agent = self.live.agents.get(token)
        if agent is not None:
            return agent.status
        known = self._known(token)
        return known.status if known else None

    def seen(self, token: str) -> None:
        """A sign of life on a socket."""
        agent = self.live.agents.get(token)
        if agent is not None:
            self.presence.seen(agent)

    def live_update(self, token: str, data: dict[str, Any]) -> None:
        """A live update of a page goes into the agent's mailbox."""
        agent = self.live.agents.get(token)
        if agent is not None:
            agent.deliver(data)

    def connected(self, token: str) -> None:
        """A page has opened a socket: from now on its silence is noticed."""
        self.seen(token)

    def disconnected(self, token: str) -> None:
        """Nothing to do: the watch that `connected` began runs out by itself."""

    async def refused(self, reason: str, where: str) -> None:
        """The gateway turned a request away; the first of a kind and every hundredth are kept."""
        self._gateway_refusals[reason] += 1
        number = self._gateway_refusals[reason]
        if number <= 10 or number % 100 == 0:
            data = {"reason": reason, "where": where, "number": number}
            await self._journal("gateway.refused", 0, data)

    async def end_all(self, status: AgentStatus, actor: str, reason: str) -> None:
        """End every live agent and withdraw its unit; the run lets nobody in any more."""
        await self._nobody_arrives.wait()
        agents = list(self.live.agents.values())
        await asyncio.gather(
            *(self.end_agent(agent, status, actor, reason, UnitStatus.EXPIRED) for agent in agents)
        )

    async def end_agent(
        self,
        agent: LiveAgent,
        status: AgentStatus,
        actor: str,
        reason: str,
        unit_status: UnitStatus | None = None,
    ) -> None:
        """A worker is gone: their unit goes back to the pool while the run is open."""
        to = unit_status or (UnitStatus.LAUNCHED if self.live.is_open else UnitStatus.EXPIRED)
        try:
            await self._db.write(
                ops.end_agent,
                agent.id,
                agent.unit.id,
                self.live.run_id,
                status,
                to,
                actor,
                reason,
            )
        except StateError:
            # The answer was stored first: the worker has finished and is not gone.
            return
        self._forget(agent)
        self.live.moved(UnitStatus.ASSIGNED, to)
        if to is UnitStatus.LAUNCHED:
            self.live.forget_assignment(agent.worker.id, agent.unit.assignment_id)
            self.live.pool.give_back(agent.unit.assignment_id, agent.unit.id)
        agent.set_gone(status)
        if self._channel is not None:
            self._channel.send_status(agent.token, status)
        self._changed()

    async def _register(self, arrival: Arrival) -> AgentDetails:
        agent = self.live.by_registration.get((arrival.worker_name, arrival.registration_id))
        if agent is not None:
            return self._details(agent)
        job = self._job
        admission = await self._db.write(
            ops.admit,
            self.live.run_id,
            job.run.provider_type,
            arrival.worker_name,
            arrival.registration_id,
            bool(job.allowed_concurrent or job.maximum_units_per_worker),
        )
        worker = admission.worker
        if admission.known is not None:
            return await self._welcome_back(worker, admission.known)
        reason, detail = self._why_not(admission)
        if reason:
            return await self._refuse(worker.id, reason, detail)
        return await self._assign(worker, arrival.registration_id)

    def _why_not(self, admission: ops.Admission) -> tuple[str, str]:
        """Reason and detail for turning the worker away; empty if they may have a unit."""
        worker = admission.worker
        if not self.live.is_open:
            return "closed", ""
        if worker.is_blocked:
            return "blocked", ""
        requirement = unmet(self._job.requirements, worker)
        if requirement is not None:
            return "not_qualified", str(requirement)
        limit = ops.reached_limit(
            admission.live_units,
            admission.used_units,
            self._job.allowed_concurrent,
            self._job.maximum_units_per_worker,
        )
        return limit, ""

    async def _welcome_back(self, worker: WorkerRecord, known: ops.KnownAgent) -> AgentDetails:
        """The registration id has an agent that is no longer at work."""
        if known.status in LOST_AGENT:
            return await self._refuse(worker.id, "session_ended", known.status)
        unit = ops.unit_record(self._db.rows(ops.UNIT_WITH_DATA, unit=known.unit_id)[0])
        return self._details(
            self._make_agent(known.id, known.token, "", worker, unit, known.status)
        )

    async def _assign(self, worker: WorkerRecord, registration_id: str) -> AgentDetails:
        cursor = self.live.cursor_of(self._db, worker.id)
        for _ in range(CLAIM_TRIES):
            claim = await self._claim(worker, cursor)
            if isinstance(claim, str):
                return await self._refuse(worker.id, claim, "")
            try:
                return await self._begin(worker, registration_id, *claim)
            except ops.LimitReachedError as error:
                self._unclaim(cursor, *claim)
                return await self._refuse(worker.id, error.limit, "")
            except (IntegrityError, StateError) as error:
                # Memory offered what the database has given away: the database is right.
                log.error("claim of unit %d refused by the database: %s", claim[1], error)
            except BaseException:
                self._unclaim(cursor, *claim)
                raise
        return await self._refuse(worker.id, "no_units", "claims were refused")

    async def _claim(self, worker: WorkerRecord, cursor: Cursor) -> tuple[int, int] | str:
        """``(assignment id, unit id)``, or the reason why there is none."""
        pool = self.live.pool
        may_do = self._job.blueprint.shared_state.worker_can_do_unit
        if may_do is None:
            claim = pool.take(cursor)
            return claim or ("all_seen" if len(pool) else "no_units")
        tried: set[int] = set()
        for most in (16, None):
            for assignment_id in list(islice(pool.candidates(cursor), most)):
                if assignment_id in tried:
                    continue
                tried.add(assignment_id)
                claim = await self._claim_if(worker, cursor, assignment_id)
                if claim is not None:
                    return claim
        return "not_for_this_worker" if tried else ("all_seen" if len(pool) else "no_units")

    async def _claim_if(
        self, worker: WorkerRecord, cursor: Cursor, assignment_id: int
    ) -> tuple[int, int] | None:
        """Claim a unit of the assignment if the operator's filter lets the worker have it."""
        try:
            unit_id = self.live.pool.claim(assignment_id, cursor)
        except KeyError:
            return None
        unit = ops.unit_record(self._db.rows(ops.UNIT_WITH_DATA, unit=unit_id)[0])
        is_allowed = await self._call_hook("worker_can_do_unit", worker, unit)
        if is_allowed:
            return assignment_id, unit_id
        self._unclaim(cursor, assignment_id, unit_id)
        return None

    async def _begin(
        self, worker: WorkerRecord, registration_id: str, assignment_id: int, unit_id: int
    ) -> AgentDetails:
        job = self._job
        token = new_token()
        seconds = job.assignment_duration_seconds
        deadline = self._db.clock.now() + timedelta(seconds=seconds)
        new = ops.NewAgent(
            token=token,
            registration_id=registration_id,
            worker_id=worker.id,
            unit_id=unit_id,
            assignment_id=assignment_id,
            task_run_id=self.live.run_id,
            status=AgentStatus.IN_TASK,
            deadline_ms=to_ms(deadline),
            allowed_concurrent=job.allowed_concurrent,
            maximum_units=job.maximum_units_per_worker,
        )
        agent_id, unit = await self._db.write(ops.create_agent, new)
        agent = self._make_agent(agent_id, token, registration_id, worker, unit, new.status)
        self.live.add_agent(agent)
        self.live.moved(UnitStatus.LAUNCHED, UnitStatus.ASSIGNED)
        self._deadlines.set(token, seconds, self._overdue(agent))
        self._spawn(self._accompany(agent))
        self._changed()
        return self._details(agent)

    def _make_agent(
        self,
        agent_id: int,
        token: str,
        registration_id: str,
        worker: WorkerRecord,
        unit: UnitRecord,
        status: str,
    ) -> LiveAgent:
        return LiveAgent(
            id=agent_id,
            token=token,
            registration_id=registration_id,
            worker=worker,
            unit=unit,
            status=status,
            push=self.push,
        )

    def _details(self, agent: LiveAgent) -> AgentDetails:
        data = self._job.runner.get_init_data_for_agent(agent)
        return AgentDetails(str(agent.worker.id), agent.token, data)

    def _submitted(self, agent: LiveAgent, body: str) -> None:
        self._forget(agent)
        self.live.moved(UnitStatus.ASSIGNED, UnitStatus.COMPLETED)
        agent.status = AgentStatus.COMPLETED
        agent.set_submitted(orjson.loads(body))
        if self._job.blueprint.shared_state.on_unit_submitted is not None:
            self._spawn(self._call_submit_hook(agent.unit))
        self._changed()

    def _forget(self, agent: LiveAgent) -> None:
        self._deadlines.cancel(agent.token)
        self.presence.forget(agent)
        self.live.drop_agent(agent)

    def _unclaim(self, cursor: Cursor, assignment_id: int, unit_id: int) -> None:
        cursor.seen.discard(assignment_id)
        self.live.pool.give_back(assignment_id, unit_id)

    async def _accompany(self, agent: LiveAgent) -> None:
        """Run the task's code beside the worker until one of them is done."""
        runner = self._job.runner
        try:
            await runner.run_unit(agent)
        except AbsentAgentError:
            pass
        except Exception as error:
            await self._journal("agent.task_failed", agent.id, {"error": repr(error)[:2000]})
            await self.end_agent(agent, AgentStatus.DISCONNECT, "engine", "the task's code failed")
        finally:
            await runner.cleanup_unit(agent)

    async def _call_submit_hook(self, unit: UnitRecord) -> None:
        await self._call_hook("on_unit_submitted", unit)

    async def _call_hook(self, name: str, *args: Any) -> Any:
        """Call a function of the operator; its failure is journalled and counts as `None`."""
        try:
            return await call(getattr(self._job.blueprint.shared_state, name), *args, timeout=30)
        except Exception as error:
            data = {"hook": name, "error": repr(error)[:2000]}
            await self._journal("run.hook_failed", 0, data)
            return None

    def _overdue(self, agent: LiveAgent) -> Callable[[float], None]:
        def end(_: float) -> None:
            reason = "the time for the assignment was over"
            self._spawn(self.end_agent(agent, AgentStatus.TIMEOUT, "engine", reason))

        return end

    def _went_silent(self, agent: LiveAgent) -> None:
        reason = "no sign of life from the page"
        self._spawn(self.end_agent(agent, AgentStatus.DISCONNECT, "engine", reason))

    async def _refuse(self, worker_id: int, reason: str, detail: str) -> AgentDetails:
        self.refusals[reason] += 1
        if (worker_id, reason) not in self._told:
            self._told[worker_id, reason] = None
            if len(self._told) > KEPT_REFUSALS:
                self._told.pop(next(iter(self._told)))
            await self._db.write(ops.record_refusal, self.live.run_id, worker_id, reason, detail)
        is_known = worker_id and reason not in {"not_qualified", "blocked"}
        return AgentDetails(
            worker_id=str(worker_id) if is_known else None, failure_reason=_WORDS[reason]
        )

    def _known(self, token: str) -> ops.KnownAgent | None:
        rows = self._db.rows(ops.BY_TOKEN, token=token, run=self.live.run_id)
        return ops.KnownAgent(*rows[0]) if rows else None

    def _id_of(self, token: str) -> int:
        agent = self.live.agents.get(token) or self._known(token)
        if agent is None:
            raise UnknownAgentError(token)
        return agent.id

    async def _journal(self, kind: str, agent_id: int, data: dict[str, Any]) -> None:
        await self._db.write(
            ops.record_agent_event, kind, agent_id, self.live.run_id, "gateway", data
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("work beside an agent failed", exc_info=task.exception())

    @asynccontextmanager
    async def _turn(self, worker_name: str) -> AsyncIterator[None]:
        """One worker's arrivals one after the other, so that no limit is passed twice at once."""
        self._nobody_arrives.clear()
        lock, waiting = self._turns.get(worker_name, (asyncio.Lock(), 0))
        self._turns[worker_name] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            _, waiting = self._turns[worker_name]
            if waiting == 1:
                del self._turns[worker_name]
            else:
                self._turns[worker_name] = (lock, waiting - 1)
            if not self._turns:
                self._nobody_arrives.set()
                if not self.live.is_open:
                    self._changed()
