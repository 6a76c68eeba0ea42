"""Onboarding: the qualifying task that a worker does before the first unit of a run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from mephisto_engine.abstractions.agent import AbsentAgentError, AgentSubmittedError, LiveAgent
from mephisto_engine.abstractions.calling import call
from mephisto_engine.abstractions.channel import AgentDetails, UnknownAgentError
from mephisto_engine.abstractions.crowd_provider import Arrival
from mephisto_engine.data_model.records import UnitRecord, WorkerRecord
from mephisto_engine.data_model.status import AgentStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import onboarding as ops
from mephisto_engine.operations.live.agents_at_work import AgentsAtWork
from mephisto_engine.operations.live.deadlines import Deadlines
from mephisto_engine.operations.runs.job import Job
from mephisto_engine.tokens import new_token

log = logging.getLogger(__name__)


OPEN: frozenset[str] = frozenset({AgentStatus.ONBOARDING, AgentStatus.WAITING})
"""On the qualifying task, or handed in and not judged yet."""

_VERDICTS: dict[str, str] = {AgentStatus.APPROVED: "", AgentStatus.REJECTED: "not_qualified"}
"""Status after the judgement → why the worker gets no unit."""


class Onboarding:
    """The workers of one run who are on its qualifying task."""

    def __init__(
        self, db: MephistoDB, job: Job, run_id: int, at_work: AgentsAtWork, deadlines: Deadlines
    ) -> None:
        self.qualification: str | None = getattr(
            job.blueprint.args, "onboarding_qualification", None
        )
        """What a worker has to hold; None: the run has no qualifying task."""
        self._db = db
        self._job = job
        self._run_id = run_id
        self._at_work = at_work
        self._deadlines = deadlines
        self._agents: dict[str, tuple[LiveAgent, Arrival]] = {}
        """Token → agent at the qualifying task, and who arrived with it."""
        at_work.on_onboarding_silence = self.went_silent

    def __len__(self) -> int:
        return len(self._agents)

    def agent(self, token: str) -> LiveAgent | None:
        """The agent with that token, while it is at the qualifying task."""
        found = self._agents.get(token)
        return found[0] if found else None

    def is_needed_by(self, worker: WorkerRecord) -> bool:
        """Whether the worker has not been judged yet."""
        return self.qualification is not None and (self.qualification not in worker.qualifications)

    async def begin(self, worker: WorkerRecord, arrival: Arrival) -> AgentDetails | str:
        """Put the worker on the qualifying task; or the reason why their time for it is over."""
        stored = await self._db.write(
            ops.begin, self._run_id, worker.id, arrival.registration_id, new_token()
        )
        if stored.status not in OPEN:
            return _VERDICTS.get(stored.status) or "session_ended"
        agent = self.agent(stored.token) or self._admit(stored, worker, arrival)
        data = self._job.runner.get_init_data_for_onboarding(agent)
        return AgentDetails(str(worker.id), agent.token, data)

    def has_failed(self, worker: WorkerRecord) -> bool:
        """Whether the worker was judged and kept out."""
        return self.qualification is not None and (
            worker.qualifications.get(self.qualification) == 0
        )

    async def hand_in(self, token: str, answer: Any) -> tuple[Arrival, int, str]:
        """Judge what the worker handed in; a repeat is answered like the first.

        Returns:
            How they arrived, their id, and why they get no unit; nothing if they have passed.

        Raises:
            UnknownAgentError: no worker is or was on the qualifying task with that token.
        """
        rows = self._db.rows(ops.BY_TOKEN, run=self._run_id, token=token)
        if not rows:
            raise UnknownAgentError(token)
        *columns, name, provider_type = rows[0]
        stored = ops.StoredOnboarding(*columns)
        arrival = Arrival(name, stored.registration_id)
        agent = self.agent(token)
        if agent is None and stored.status in OPEN:
            # The engine was away meanwhile.
            worker = WorkerRecord(stored.worker_id, name, provider_type)
            agent = self._admit(stored, worker, arrival)
        reason = _VERDICTS.get(stored.status, "session_ended")
        if agent is not None:
            reason = "" if await self._examine(agent, answer) else "not_qualified"
        return arrival, stored.worker_id, reason

    async def _examine(self, agent: LiveAgent, answer: Any) -> bool:
        """Store the answer, judge it, store the verdict."""
        await self._db.write(ops.hand_in, self._run_id, agent.id, agent.worker.id, answer)
        has_passed = await self._judged(agent, answer)
        await self._db.write(
            ops.judge, self._run_id, agent.id, agent.worker.id, str(self.qualification), has_passed
        )
        self._forget(agent)
        agent.set_submitted(answer if isinstance(answer, dict) else {"answer": answer})
        return has_passed

    async def end(self, agent: LiveAgent, status: AgentStatus, reason: str) -> None:
        """The worker has left the qualifying task."""
        if await self._db.write(ops.end, self._run_id, agent.id, status, reason):
            self._forget(agent)
            agent.set_gone(status)
            self._at_work.tell(agent, status)

    def went_silent(self, agent: LiveAgent) -> None:
        """The worker's page gives no sign of life any more."""
        reason = "no sign of life from the page"
        self._at_work.spawn(self.end(agent, AgentStatus.DISCONNECT, reason))

    async def _judged(self, agent: LiveAgent, answer: Any) -> bool:
        """The operator's verdict; without a judge everybody passes, a judge that fails says no."""
        state = self._job.blueprint.shared_state
        if getattr(state, "validate_onboarding", None) is None:
            return True
        given = {"inputs": agent.unit.shared, "outputs": answer, "messages": agent.history}
        return bool(await self._at_work.hooks.call("validate_onboarding", given))

    def _admit(
        self, stored: ops.StoredOnboarding, worker: WorkerRecord, arrival: Arrival
    ) -> LiveAgent:
        state = self._job.blueprint.shared_state
        shared = dict(getattr(state, "onboarding_data", {}) or {})
        unit = UnitRecord(0, 0, self._run_id, 0, "onboarding", 0, shared, {}, worker.id)
        agent = self._at_work.make_agent(
            stored.id, stored.token, stored.registration_id, worker, unit, stored.status
        )
        self._agents[agent.token] = (agent, arrival)
        self._deadlines.set(
            agent.token, self._job.assignment_duration_seconds, self._overdue(agent)
        )
        self._at_work.spawn(self._accompany(agent))
        return agent

    async def _accompany(self, agent: LiveAgent) -> None:
        """Run the task's code for onboarding beside the worker."""
        try:
            await call(self._job.runner.run_onboarding, agent)
        except (AbsentAgentError, AgentSubmittedError):
            return
        except Exception:
            log.exception("the task's onboarding failed beside worker %s", agent.worker.id)
            await self.end(agent, AgentStatus.DISCONNECT, "the task's code failed")
            return
        if self.agent(agent.token) is not None:
            # Pages that talk live hand their onboarding in by themselves when they are told this.
            agent.status = AgentStatus.WAITING
            self._at_work.tell(agent, AgentStatus.WAITING)

    def _overdue(self, agent: LiveAgent) -> Callable[[float], None]:
        reason = "the time for the qualifying task was over"
        return lambda _: self._at_work.spawn(self.end(agent, AgentStatus.DISCONNECT, reason))

    def _forget(self, agent: LiveAgent) -> None:
        self._agents.pop(agent.token, None)
        self._deadlines.cancel(agent.token)
        self._at_work.presence.forget(agent)
