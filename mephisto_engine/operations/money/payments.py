"""Sending: every call to a provider that must have its effect once, and what came of it.

The order is always the same. What is wanted is stored (planned), that it is being asked for is
stored (sent), then the provider is called, then its answer is stored. A process that ends anywhere
in between leaves an intent that says how far it came. Whoever sends next asks the provider about
everything that is `sent` or `unknown` before anything is repeated, and repeats with the same key.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mephisto_engine.abstractions.calling import call
from mephisto_engine.abstractions.crowd_provider import CrowdProvider, Outcome, ProviderCall
from mephisto_engine.data_model.status import IntentStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import money as ops
from mephisto_engine.database.operations.money import IntentRow
from mephisto_engine.database.queries import money as queries
from mephisto_engine.errors import (
    MephistoError,
    OutcomeUnknownError,
    ProviderBusyError,
    ProviderError,
    StateError,
)
from mephisto_engine.operations.money.fees import Fees

log = logging.getLogger(__name__)

LOCK_SUFFIX = ".sending"

Failpoint = Callable[[str], None]
"""Called with the name of each step; tests end the process in it."""

STEPS = ("planned", "sent", "called", "answered", "unsure", "asked", "settled")
"""The names that failpoints get: the places between two things that cannot be done at once."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a provider is waited for, and how often it is asked. Times are in seconds."""

    call: float = 30.0
    """One call; after that its outcome is unknown."""
    tries: int = 5
    first_wait: float = 0.5
    """Before the second try; doubled from one to the next, with jitter."""
    longest_wait: float = 60.0

    def wait(self, number: int) -> float:
        """How long to wait after a try, counted from 1 (full jitter)."""
        return random.random() * min(self.longest_wait, self.first_wait * float(2 ** (number - 1)))


class Sender:
    """Carries out intents at the providers of their runs."""

    def __init__(
        self,
        db: MephistoDB,
        provider_of: Callable[[int], CrowdProvider],
        patience: Patience | None = None,
        failpoint: Failpoint = lambda step: None,
    ) -> None:
        """``provider_of`` gives the provider of a run, and may block."""
        self._db = db
        self._provider_of = provider_of
        self._patience = patience or Patience()
        self._failpoint = failpoint
        self._providers: dict[int, CrowdProvider] = {}

    async def recover(self) -> list[IntentRow]:
        """Ask about everything that a process left behind; what is still unknown comes back.

        Only whoever holds the lock of `sending_alone` may call it.
        """
        await self._db.write(ops.lose_all, "the process ended before the provider's answer")
        left = []
        for intent in await asyncio.to_thread(self._db.read, queries.unknown_intents):
            try:
                await self._settle(intent)
            except MephistoError as error:
                log.warning("%s: the provider could not be asked: %s", intent.key, error)
            if (await self._now(intent)).status == IntentStatus.UNKNOWN:
                left.append(intent)
        return left

    async def fees(self, run_id: int) -> Fees:
        """What the provider of a run takes on top. Raises what making the provider raises."""
        provider = await self._provider(run_id)
        return Fees(type(provider), provider.args)

    async def send_decision(self, decision_id: int, run_id: int) -> str:
        """Carry out a staged decision, or as much of it as can be; why the rest was not.

        Returns:
            Empty if it was sent whole; else the reason, which is stored with the decision.
        """
        try:
            fees = await self.fees(run_id)
            intents = await self._db.write(ops.plan_decision, decision_id, fees.of_bonus)
        except MephistoError as error:
            await self._db.write(ops.note_failure, decision_id, error.message)
            return error.message
        self._failpoint("planned")
        return await self.send_all(intents)

    async def send_all(self, intents: Sequence[IntentRow]) -> str:
        """Carry out intents one after the other, up to the first that fails; why it did."""
        for intent in intents:
            error = await self.send(intent)
            if error:
                return f"{intent.kind}: {error}"
        return ""

    async def send(self, intent: IntentRow) -> str:
        """Bring one intent to `confirmed`; why that was not possible, empty if it was."""
        error = ""
        for number in range(1, self._patience.tries + 1):
            if number > 1:
                await asyncio.sleep(self._patience.wait(number - 1))
            intent = await self._now(intent)
            if intent.status == IntentStatus.UNKNOWN:
                await self._settle(intent)
                intent = await self._now(intent)
            if intent.status == IntentStatus.CONFIRMED:
                return ""
            if intent.status != IntentStatus.PLANNED:
                return error or f"it is {intent.status}"
            error, is_final = await self._try(intent)
            if is_final:
                return error
        return await self._give_up(intent, error)

    async def _try(self, intent: IntentRow) -> tuple[str, bool]:
        """Call the provider once: what went wrong, and whether another try makes no sense."""
        try:
            prepared = await self._prepared(intent)
        except MephistoError as error:
            await self._refuse(intent, error.message)
            return error.message, True
        try:
            await self._db.write(ops.begin, intent.id)
        except StateError:
            return "it was withdrawn", True
        self._failpoint("sent")
        try:
            await call(prepared, timeout=self._patience.call)
        except ProviderBusyError as error:
            await self._db.write(ops.put_back, intent.id, error.message)
            return error.message, False
        except OutcomeUnknownError as error:
            return await self._lose(intent, error.message), False
        except ProviderError as error:
            await self._refuse(intent, error.message)
            return error.message, True
        except Exception as error:
            return await self._lose(intent, _words(error, self._patience.call)), False
        self._failpoint("called")
        await self._db.write(ops.confirm, intent.id)
        self._failpoint("answered")
        return "", True

    async def _lose(self, intent: IntentRow, error: str) -> str:
        await self._db.write(ops.lose, intent.id, error)
        self._failpoint("unsure")
        return error

    async def _refuse(self, intent: IntentRow, error: str) -> None:
        await self._db.write(ops.refuse, intent.id, error)

    async def _settle(self, intent: IntentRow) -> None:
        """Ask the provider what came of a call, and store the answer if it has one."""
        provider = await self._provider(intent.run_id)
        question = await asyncio.to_thread(self._question, intent)
        try:
            answer = await call(provider.outcome, question, timeout=self._patience.call)
        except Exception as error:
            log.warning("%s: the provider could not be asked: %s", intent.key, error)
            return
        self._failpoint("asked")
        if answer == Outcome.DONE:
            await self._db.write(ops.confirm, intent.id)
        elif answer == Outcome.NOT_DONE:
            await self._db.write(ops.put_back, intent.id, "the provider had not done it")
        self._failpoint("settled")

    async def _give_up(self, intent: IntentRow, error: str) -> str:
        intent = await self._now(intent)
        if intent.status == IntentStatus.UNKNOWN:
            await self._settle(intent)
            intent = await self._now(intent)
        if intent.status == IntentStatus.CONFIRMED:
            return ""
        if intent.status == IntentStatus.PLANNED:
            error = f"{error} (tried {self._patience.tries} times)"
            await self._refuse(intent, error)
        return error

    async def _prepared(self, intent: IntentRow) -> Callable[[], object]:
        """The call to the provider that an intent stands for."""
        provider = await self._provider(intent.run_id)
        asked = await asyncio.to_thread(self._question, intent)
        if intent.kind in ("approve", "reject"):
            method = getattr(provider.agent, intent.kind)
            return partial(method, asked.unit, asked.worker, intent.reason, intent.key)
        if intent.kind == "block":
            return partial(provider.worker.block, asked.worker, intent.reason)
        bonus = provider.worker.bonus
        return partial(bonus, asked.worker, intent.amount_cents, intent.reason, intent.key)

    def _question(self, intent: IntentRow) -> ProviderCall:
        worker, unit = self._db.read(queries.parties, intent.worker_id, intent.unit_id)
        return ProviderCall(
            intent.kind, intent.key, worker, unit, intent.amount_cents, intent.reason
        )

    async def _now(self, intent: IntentRow) -> IntentRow:
        return await asyncio.to_thread(self._db.read, queries.intent, intent.id)

    async def _provider(self, run_id: int) -> CrowdProvider:
        if run_id not in self._providers:
            self._providers[run_id] = await asyncio.to_thread(self._provider_of, run_id)
        return self._providers[run_id]


@contextmanager
def sending_alone(db: MephistoDB) -> Iterator[None]:
    """Keep every other process from sending; the lock ends with the process that holds it.

    Raises:
        StateError: another one is sending.
    """
    path = Path(f"{db.path}{LOCK_SUFFIX}")
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateError(
                "Decisions are being sent by another process.", "Wait until it is done."
            ) from error
        yield
    finally:
        os.close(descriptor)


def _words(error: Exception, seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} s"
    return f"{type(error).__name__}: {error}"
