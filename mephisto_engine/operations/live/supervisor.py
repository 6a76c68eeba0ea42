"""The Supervisor: turns what pages ask into stored changes, through the Job of a run.

Every change is committed first, then made in memory, then told to the page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.abstractions.channel import (
    AgentDetails,
    Channel,
    SubmitOutcome,
    UnknownAgentError,
)
from mephisto_engine.data_model.records import UploadRecord
from mephisto_engine.data_model.status import AgentStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import agents as ops
from mephisto_engine.database.operations import submissions
from mephisto_engine.operations.live.agents_at_work import AgentsAtWork
from mephisto_engine.operations.live.arrivals import Arrivals
from mephisto_engine.operations.live.deadlines import Deadlines
from mephisto_engine.operations.live.live_run import LiveRun
from mephisto_engine.operations.live.onboarding import Onboarding
from mephisto_engine.operations.live.special_units import Publisher, SpecialUnits
from mephisto_engine.operations.runs.job import Job


class Supervisor:
    """The engine's side of the channel (`Backend`) for one run."""

    def __init__(
        self,
        db: MephistoDB,
        live: LiveRun,
        job: Job,
        deadlines: Deadlines,
        changed: Callable[[], None],
        requeued: Callable[[list[tuple[int, int]]], None] = lambda _: None,
        publisher: Callable[[], Publisher | None] = lambda: None,
    ) -> None:
        self.live = live
        self.at_work = AgentsAtWork(db, live, job, deadlines, changed, requeued)
        self.onboarding = Onboarding(db, job, live.run_id, self.at_work, deadlines)
        self.special = SpecialUnits(db, live, job, self.at_work, publisher)
        self.arrivals = Arrivals(
            db, live, job, self.at_work, self.onboarding, self.special, changed
        )
        self._db = db
        self._gateway_refusals: Counter[str] = Counter()

    @property
    def is_empty(self) -> bool:
        """Whether nobody is at work and nobody is just being let in."""
        return not self.live.agents and not self.arrivals.turns

    def open(self, channel: Channel) -> None:
        """The pages can be reached; agents that were restored go on."""
        self.at_work.open(channel)

    async def close(self) -> None:
        """End the coroutines beside the agents."""
        await self.at_work.close()

    async def end_all(self, status: AgentStatus, actor: str, reason: str) -> None:
        """End every live agent and withdraw its unit; the run lets nobody in any more."""
        await self.arrivals.turns.nobody()
        await self.at_work.end_all(status, actor, reason)

    async def register_agent(self, provider_data: dict[str, Any]) -> AgentDetails:
        """Give the arriving worker an agent; the arrivals of one worker take turns."""
        return await self.arrivals.register(provider_data)

    async def submit_onboarding(self, token: str, data: dict[str, Any]) -> AgentDetails:
        """Judge the qualifying task; on success the worker's real agent comes back."""
        return await self.arrivals.hand_in_onboarding(token, data)

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
        new = submissions.NewSubmission(
            ids[0], ids[1], self.live.run_id, ids[2], body, uploads, client_ms
        )
        outcome = await self._db.write(submissions.submit, new)
        if outcome == "stored" and agent is not None:
            self.at_work.submitted(agent, body)
        return SubmitOutcome(outcome)

    async def submit_metadata(
        self, token: str, metadata: Any, uploads: Sequence[UploadRecord]
    ) -> None:
        """Keep what a page sends beside its answer, before or after it."""
        body = orjson.dumps(metadata).decode()
        await self._db.write(
            submissions.store_metadata, self._id_of(token), self.live.run_id, body, uploads
        )

    async def log_error(self, token: str | None, error: Any) -> None:
        """Put an error that a page reports into the journal; forged tokens are not believed."""
        agent_id = 0 if token is None else self._id_of(token)
        shown = orjson.dumps(error).decode()[:4000]
        await self._journal("agent.page_error", agent_id, {"error": shown})

    async def status_of(self, token: str) -> str | None:
        """The agent's status, for a page that connects."""
        agent = self._live_agent(token)
        if agent is not None:
            return agent.status
        known = self._known(token)
        return known.status if known else None

    def seen(self, token: str) -> None:
        """A sign of life on a socket."""
        agent = self._live_agent(token)
        if agent is not None:
            self.at_work.presence.seen(agent)

    def live_update(self, token: str, data: dict[str, Any]) -> None:
        """A live update of a page goes into the agent's mailbox."""
        agent = self._live_agent(token)
        if agent is not None:
            self.at_work.received(agent, data)

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

    def _live_agent(self, token: str) -> LiveAgent | None:
        return self.live.agents.get(token) or self.onboarding.agent(token)

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
