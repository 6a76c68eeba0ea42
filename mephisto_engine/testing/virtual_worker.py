"""The life of one simulated worker: arrive, think, answer, come again."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from mephisto_engine.abstractions.channel import AgentDetails, FailureReason
from mephisto_engine.testing.junk import JunkKind, send_junk
from mephisto_engine.testing.page_client import PageClient, RequestFailedError

AnswerFunction = Callable[[Any, random.Random], dict[str, Any]]
"""Makes an answer from a unit's initial data."""

_WORTH_A_RETRY = frozenset(
    {
        FailureReason.NO_AVAILABLE_UNITS,
        FailureReason.TOO_MANY_CONCURRENT,
        FailureReason.ALL_SEEN,
    }
)
_LONGEST_PAUSE_SECONDS = 5.0
_FAILURES_BEFORE_LEAVING = 10


@dataclass(frozen=True)
class Habits:
    """How simulated workers behave; the same for all of them."""

    work_seconds: float
    """Mean time on one unit; each takes between half and one and a half of it."""
    dropout: float
    """Chance that a unit is abandoned."""
    junk: float
    """Chance that a unit comes with a request that should not count."""
    retry_seconds: float
    """First pause after a refusal that may pass; doubles up to five seconds."""
    patience: int | None
    """Refusals in a row after which a worker leaves; None for never."""
    answer: AnswerFunction
    provider_type: str


@dataclass
class SimulatorReport:
    """What happened to all simulated workers so far."""

    arrived: int = 0
    """Workers, those who replace a drop-out included."""
    agents: int = 0
    """Units received."""
    onboarded: int = 0
    """Qualifying tasks answered."""
    submitted: int = 0
    """Answers acknowledged."""
    dropped_out: int = 0
    """Units abandoned."""
    left: int = 0
    """Workers who left for good without abandoning a unit."""
    junk: Counter[str] = field(default_factory=Counter)
    """``kind: how it was answered`` → how often."""
    refusals: Counter[str] = field(default_factory=Counter)
    """Reason told to a worker → how often."""
    failures: Counter[str] = field(default_factory=Counter)
    """Requests without a usable answer, and answers that could not be made."""


class VirtualWorker:
    """One worker with a name and a random generator of their own."""

    def __init__(
        self,
        name: str,
        client: PageClient,
        habits: Habits,
        report: SimulatorReport,
        rng: random.Random,
    ) -> None:
        self.name = name
        self._client = client
        self._habits = habits
        self._report = report
        self._rng = rng
        self._old_token: str | None = None
        self._failures_in_a_row = 0

    async def live(self) -> bool:
        """Take unit after unit; whether the worker ended by abandoning one."""
        self._report.arrived += 1
        refusals_in_a_row = 0
        while True:
            details = await self._try(
                self._client.request_agent, self.name, self._habits.provider_type
            )
            if details is not None and details.agent_id is not None:
                refusals_in_a_row = 0
                details = await self._qualify(details)
            if details is not None and details.agent_id is not None:
                if not await self._finishes(details.agent_id, details.init_task_data):
                    return True
                continue
            refusals_in_a_row += 1
            if not self._comes_again(details, refusals_in_a_row):
                self._report.left += 1
                return False
            await self._pause(refusals_in_a_row)

    async def _qualify(self, details: AgentDetails) -> AgentDetails | None:
        token = details.agent_id
        if token is None or not token.startswith("onboarding"):
            return details
        await self._think()
        answer = self._make_answer(details.init_task_data)
        self._report.onboarded += 1
        return await self._try(self._client.submit_onboarding, token, answer)

    async def _finishes(self, token: str, init_data: Any) -> bool:
        self._report.agents += 1
        await self._think()
        if self._rng.random() < self._habits.dropout:
            self._report.dropped_out += 1
            return False
        answer = self._make_answer(init_data)
        await self._submit(token, answer)
        if self._rng.random() < self._habits.junk:
            await self._misbehave(token, answer)
        self._old_token = token
        return True

    async def _submit(self, token: str, answer: dict[str, Any]) -> None:
        attempts = 0
        while self._failures_in_a_row < _FAILURES_BEFORE_LEAVING:
            try:
                await self._client.submit_task(token, answer)
            except RequestFailedError as error:
                attempts += 1
                self._note_failure(error)
                if error.is_final:
                    return
                await self._pause(attempts)
            else:
                self._failures_in_a_row = 0
                self._report.submitted += 1
                return

    async def _misbehave(self, token: str, answer: dict[str, Any]) -> None:
        kind = self._rng.choice(list(JunkKind))
        # A late submission is one for the unit before this one, from a tab left open.
        is_late = kind is JunkKind.LATE_SUBMIT
        old_token = self._old_token if is_late and self._old_token else token
        outcome = await send_junk(self._client, kind, self._rng, old_token=old_token, answer=answer)
        self._report.junk[f"{kind}: {outcome}"] += 1

    async def _try(
        self, request: Callable[..., Awaitable[AgentDetails]], *args: Any
    ) -> AgentDetails | None:
        try:
            details = await request(*args)
        except RequestFailedError as error:
            self._note_failure(error)
            return None
        self._failures_in_a_row = 0
        if details.agent_id is None:
            self._report.refusals[details.failure_reason or "no reason given"] += 1
        return details

    def _comes_again(self, details: AgentDetails | None, refusals_in_a_row: int) -> bool:
        patience = self._habits.patience
        if patience is not None and refusals_in_a_row >= patience:
            return False
        if details is None:
            return self._failures_in_a_row < _FAILURES_BEFORE_LEAVING
        return details.failure_reason in _WORTH_A_RETRY

    def _make_answer(self, init_data: Any) -> dict[str, Any]:
        try:
            return self._habits.answer(init_data, self._rng)
        except Exception as error:  # a plugin author's function; the crowd outlives it
            self._report.failures[f"no answer made: {error!r}"] += 1
            return generic_answer(init_data, self._rng)

    def _note_failure(self, error: RequestFailedError) -> None:
        self._failures_in_a_row += 1
        self._report.failures[error.cause] += 1

    async def _think(self) -> None:
        await asyncio.sleep(self._habits.work_seconds * self._rng.uniform(0.5, 1.5))

    async def _pause(self, attempt: int) -> None:
        longest = min(
            self._habits.retry_seconds * 2 ** min(attempt - 1, 10), _LONGEST_PAUSE_SECONDS
        )
        await asyncio.sleep(longest * self._rng.uniform(0.5, 1.0))


def generic_answer(init_data: Any, rng: random.Random) -> dict[str, Any]:
    """An answer that fits no task in particular."""
    return {"answer": rng.choice(["yes", "no", "not sure"])}
