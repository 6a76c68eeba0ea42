"""Arrivals: whether a worker gets a unit, which one, and if not, why."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from peewee import IntegrityError

from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.abstractions.channel import AgentDetails, FailureReason
from mephisto_engine.abstractions.crowd_provider import Arrival, RegistrationRefusedError
from mephisto_engine.clock import to_ms
from mephisto_engine.data_model.records import WorkerRecord
from mephisto_engine.data_model.status import LOST_AGENT
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import agents as ops
from mephisto_engine.errors import StateError
from mephisto_engine.operations.live.agents_at_work import AgentsAtWork
from mephisto_engine.operations.live.eligibility import why_not
from mephisto_engine.operations.live.live_run import LiveRun, history_of
from mephisto_engine.operations.live.onboarding import Onboarding
from mephisto_engine.operations.live.quality import KINDS
from mephisto_engine.operations.live.special_units import SpecialUnits
from mephisto_engine.operations.live.turns import Turns
from mephisto_engine.operations.live.unit_pool import Cursor
from mephisto_engine.operations.runs.job import Job
from mephisto_engine.tokens import new_token

log = logging.getLogger(__name__)

CLAIM_TRIES = 3
"""How often a claim is repeated when the database knows better than memory."""

KEPT_REFUSALS = 10_000
"""Refusals remembered so that a page which asks again and again fills no journal."""

_FAILED: Final = object()
"""In place of the verdict of a filter that has raised or taken too long."""

NEEDS_ONBOARDING = "onboarding"
"""Not a refusal: the worker has to do the qualifying task first."""

_WORDS: dict[str, FailureReason] = {
    "closed": FailureReason.CLOSED,
    "paused": FailureReason.NO_AVAILABLE_UNITS,
    "blocked": FailureReason.NOT_QUALIFIED,
    "not_qualified": FailureReason.NOT_QUALIFIED,
    "maximum_units_per_worker": FailureReason.MAX_FOR_TASK,
    "allowed_concurrent": FailureReason.TOO_MANY_CONCURRENT,
    "no_units": FailureReason.NO_AVAILABLE_UNITS,
    "all_seen": FailureReason.ALL_SEEN,
    "not_for_this_worker": FailureReason.NO_AVAILABLE_UNITS,
    "session_ended": FailureReason.TASK_MISSING,
    "bad_link": FailureReason.BAD_LINK,
    "task_failed": FailureReason.NO_AVAILABLE_UNITS,
}
"""Reason of a refusal in the journal → what the worker is told."""


class Arrivals:
    """The door of one run."""

    def __init__(
        self,
        db: MephistoDB,
        live: LiveRun,
        job: Job,
        at_work: AgentsAtWork,
        onboarding: Onboarding,
        special: SpecialUnits,
        changed: Callable[[], None],
    ) -> None:
        self.refusals: Counter[str] = Counter()
        """Reason → how often a worker was turned away for it."""
        self.turns = Turns(self._last_arrived)
        self._db = db
        self._live = live
        self._job = job
        self._at_work = at_work
        self._onboarding = onboarding
        self._special = special
        self._changed = changed
        self._told: dict[tuple[int, str], None] = {}

    async def register(self, provider_data: dict[str, Any]) -> AgentDetails:
        """Give the arriving worker an agent; the arrivals of one worker take turns."""
        try:
            arrival = self._job.provider.read_registration(provider_data)
        except RegistrationRefusedError as error:
            return await self._refuse(0, "bad_link", str(error))
        await self.turns.begin(arrival.worker_name)
        try:
            return await self._register(arrival)
        finally:
            self.turns.end(arrival.worker_name)

    async def hand_in_onboarding(self, token: str, answer: Any) -> AgentDetails:
        """Judge a qualifying task; who has passed gets a unit with the registration they have."""
        arrival, worker_id, reason = await self._onboarding.hand_in(token, answer)
        if reason:
            return await self._refuse(worker_id, reason, "onboarding")
        await self.turns.begin(arrival.worker_name)
        try:
            return await self._register(arrival)
        finally:
            self.turns.end(arrival.worker_name)

    async def _register(self, arrival: Arrival) -> AgentDetails:
        agent = self._live.by_registration.get((arrival.worker_name, arrival.registration_id))
        if agent is not None:
            return await self._welcome(agent)
        needed = await self._special.needed_by(arrival.worker_name)
        cursor = self._live.cursor_of(self._db, self._job.run.provider_type, arrival.worker_name)
        for _ in range(CLAIM_TRIES):
            claim = await self._claim(arrival.worker_name, cursor)
            held = None if isinstance(claim, str) else claim
            nothing = claim if isinstance(claim, str) else ""
            try:
                return await self._let_in(arrival, cursor, held, nothing, needed)
            except (IntegrityError, StateError) as error:
                # Memory offered what the database has given away: the database is right.
                log.error("the claim %s was refused by the database: %s", held, error)
        return await self._refuse(0, "no_units", "claims were refused")

    async def _let_in(
        self,
        arrival: Arrival,
        cursor: Cursor,
        claim: tuple[int, int] | None,
        nothing: str,
        needed: str,
    ) -> AgentDetails:
        """Ask the database to let the worker in with the claimed unit.

        ``nothing`` is the reason why there is no claim, ``needed`` what has to come before a real
        unit.
        """
        try:
            arrived, agent = await self._arrive(arrival, claim, needed)
        except (IntegrityError, StateError):
            raise
        except BaseException:
            if claim is not None:
                self._unclaim(cursor, *claim)
            raise
        if agent is not None:
            return await self._welcome(agent)
        if claim is not None:
            self._unclaim(cursor, *claim)
        if arrived.known is not None:
            return await self._welcome_back(arrived.worker, arrived.known)
        if arrived.reason == NEEDS_ONBOARDING and claim is not None:
            return await self._onboard(arrived.worker, arrival)
        if arrived.reason in KINDS and claim is not None:
            return await self._let_in_alone(arrived.worker, arrival, arrived.reason)
        is_task = arrived.reason == NEEDS_ONBOARDING or arrived.reason in KINDS
        reason = nothing if is_task else arrived.reason
        return await self._refuse(arrived.worker.id, *_split(reason or nothing))

    async def _let_in_alone(
        self, worker: WorkerRecord, arrival: Arrival, kind: str
    ) -> AgentDetails:
        """The worker does a unit of their own first (there is a real one for them after it)."""
        made = await self._special.make(kind, worker)
        if isinstance(made, str):
            return await self._refuse(worker.id, *_split(made))
        agent: LiveAgent | None = None
        try:
            claim = (made.assignment_id, made.id)
            arrived, agent = await self._arrive(arrival, claim, "", is_alone=True)
        finally:
            if agent is None:
                await self._special.take_back(made)
        if agent is not None:
            return await self._welcome(agent)
        if arrived.known is not None:
            return await self._welcome_back(arrived.worker, arrived.known)
        return await self._refuse(worker.id, *_split(arrived.reason))

    async def _arrive(
        self,
        arrival: Arrival,
        claim: tuple[int, int] | None,
        needed: str,
        *,
        is_alone: bool = False,
    ) -> tuple[ops.Arrived, LiveAgent | None]:
        """What the database says to an arrival; and the agent, at work, if it lets them in."""
        job = self._job
        token = new_token()
        status, seconds = self._at_work.beginning(is_alone=is_alone)
        new = ops.Arrival(
            run_id=self._live.run_id,
            provider_type=job.run.provider_type,
            worker_name=arrival.worker_name,
            registration_id=arrival.registration_id,
            claim=claim,
            token=token,
            status=status,
            deadline_ms=to_ms(self._db.clock.now()) + seconds * 1000,
            has_limits=bool(job.allowed_concurrent or job.maximum_units_per_worker),
            judge=lambda standing: self._why_not(standing) or needed,
        )
        arrived = await self._db.write(ops.arrive, new)
        if arrived.unit is None:
            return arrived, None
        agent = self._at_work.begin(
            arrived.worker, arrival.registration_id, token, arrived.agent_id, arrived.unit
        )
        return arrived, agent

    def _why_not(self, standing: ops.Standing) -> str:
        """Reason (and detail, behind a colon) for turning a worker away; empty if there is none."""
        reason = why_not(self._live.is_open, self._live.is_paused, self._job, standing)
        if reason:
            return reason
        if self._onboarding.has_failed(standing.worker):
            return "not_qualified:onboarding"
        return NEEDS_ONBOARDING if self._onboarding.is_needed_by(standing.worker) else ""

    async def _onboard(self, worker: WorkerRecord, arrival: Arrival) -> AgentDetails:
        """The worker does the qualifying task first (there is a unit for them after it)."""
        begun = await self._onboarding.begin(worker, arrival)
        return (
            await self._refuse(worker.id, begun, "onboarding") if isinstance(begun, str) else begun
        )

    async def _welcome_back(self, worker: WorkerRecord, known: ops.KnownAgent) -> AgentDetails:
        """The registration has an agent that is no longer at work."""
        if known.status in LOST_AGENT:
            return await self._refuse(worker.id, "session_ended", known.status)
        unit = ops.unit_record(self._db.rows(ops.UNIT_WITH_DATA, unit=known.unit_id)[0])
        history = history_of(self._db, known.id)
        agent = self._at_work.make_agent(
            known.id, known.token, "", worker, unit, known.status, history
        )
        return await self._welcome(agent)

    async def _welcome(self, agent: LiveAgent) -> AgentDetails:
        """The agent's first data; task code that cannot make it has failed beside this worker."""
        try:
            return self._at_work.details(agent)
        except Exception as error:
            await self._at_work.fail(agent, error)
            return await self._refuse(agent.worker.id, "task_failed", "")

    async def _claim(self, worker_name: str, cursor: Cursor) -> tuple[int, int] | str:
        """``(assignment id, unit id)``, or the reason why there is none."""
        pool = self._live.pool
        if self._job.blueprint.shared_state.worker_can_do_unit is None:
            claim = pool.take(cursor)
            return claim or ("all_seen" if len(pool) else "no_units")
        provider_type = self._job.run.provider_type
        worker = await self._db.write(ops.meet, self._live.run_id, provider_type, worker_name)
        tried: set[int] = set()
        for most in (16, None):
            for assignment_id in list(islice(pool.candidates(cursor), most)):
                if assignment_id in tried:
                    continue
                tried.add(assignment_id)
                verdict = await self._may_do(worker, assignment_id)
                if verdict is _FAILED:
                    return "not_for_this_worker"
                if verdict and pool.peek(assignment_id) is not None:
                    return assignment_id, pool.claim(assignment_id, cursor)
        return "not_for_this_worker" if tried else ("all_seen" if len(pool) else "no_units")

    async def _may_do(self, worker: WorkerRecord, assignment_id: int) -> Any:
        """Whether the operator's filter lets the worker have the unit; `_FAILED` if it failed.

        Asked before the unit is taken, so that nobody else is turned away meanwhile.
        """
        unit_id = self._live.pool.peek(assignment_id)
        if unit_id is None:
            return False
        unit = ops.unit_record(self._db.rows(ops.UNIT_WITH_DATA, unit=unit_id)[0])
        return await self._at_work.hooks.call("worker_can_do_unit", worker, unit, failed=_FAILED)

    def _unclaim(self, cursor: Cursor, assignment_id: int, unit_id: int) -> None:
        cursor.seen.discard(assignment_id)
        self._live.pool.give_back(assignment_id, unit_id)

    async def _refuse(self, worker_id: int, reason: str, detail: str) -> AgentDetails:
        self.refusals[reason] += 1
        if (worker_id, reason) not in self._told:
            self._told[worker_id, reason] = None
            if len(self._told) > KEPT_REFUSALS:
                self._told.pop(next(iter(self._told)))
            await self._db.write(ops.record_refusal, self._live.run_id, worker_id, reason, detail)
        is_known = worker_id and reason not in {"not_qualified", "blocked"}
        return AgentDetails(
            worker_id=str(worker_id) if is_known else None, failure_reason=_WORDS[reason]
        )

    def _last_arrived(self) -> None:
        if not self._live.is_open:
            self._changed()


def _split(reason: str) -> tuple[str, str]:
    """A reason and the detail behind its colon."""
    name, _, detail = reason.partition(":")
    return name, detail
