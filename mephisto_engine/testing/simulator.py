"""A crowd of simulated workers, which reach a run as real ones do: over HTTP."""

from __future__ import annotations

import asyncio
import random

import aiohttp

from mephisto_engine.testing.page_client import PageClient
from mephisto_engine.testing.virtual_worker import (
    AnswerFunction,
    Habits,
    SimulatorReport,
    VirtualWorker,
    generic_answer,
)

_REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=60)

__all__ = ["AnswerFunction", "Simulator", "SimulatorReport", "generic_answer"]


class Simulator:
    """A number of workers who come, work and leave; all they decide follows from the seed.

    A worker takes unit after unit until the server refuses for good, or there has been no answer
    many times in a row. Whoever abandons a unit never comes back: a newcomer takes the place, so
    that a run in which nobody may work on an assignment twice can still be completed.
    """

    def __init__(
        self,
        url: str,
        *,
        workers: int,
        work_seconds: float = 1.0,
        dropout: float = 0.0,
        junk: float = 0.0,
        seed: int = 0,
        arrivals_per_second: float = 0.0,
        answer: AnswerFunction = generic_answer,
        provider_type: str = "mock",
        retry_seconds: float = 0.5,
        patience: int | None = None,
    ) -> None:
        """Describe the crowd; ``start`` sends it.

        Args:
            url: where the run's pages are.
            workers: how many are there at one time.
            work_seconds: mean time on one unit.
            dropout: chance, 0 to 1, that a unit is abandoned.
            junk: chance, 0 to 1, that a unit comes with a request that should not count.
            seed: two crowds with one seed decide alike.
            arrivals_per_second: mean rate of arriving; 0 for all at once.
            answer: makes an answer from a unit's initial data.
            provider_type: what the pages say about their provider.
            retry_seconds: first pause after a refusal that may pass.
            patience: refusals in a row after which a worker leaves; None for never.
        """
        self.report = SimulatorReport()
        self._url = url
        self._workers = workers
        self._seed = seed
        self._arrivals_per_second = arrivals_per_second
        self._habits = Habits(
            work_seconds, dropout, junk, retry_seconds, patience, answer, provider_type
        )
        self._crowd: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Send the workers, as tasks of the running loop; a second call changes nothing."""
        if self._crowd is None:
            self._crowd = asyncio.get_running_loop().create_task(self._send_crowd())

    async def wait(self) -> SimulatorReport:
        """Return when everybody has left for good."""
        if self._crowd is not None:
            await asyncio.shield(self._crowd)
        return self.report

    async def stop(self) -> SimulatorReport:
        """Take every worker away at once; more than once does no harm."""
        crowd, self._crowd = self._crowd, None
        if crowd is not None:
            crowd.cancel()
            (outcome,) = await asyncio.gather(crowd, return_exceptions=True)
            if isinstance(outcome, Exception):
                raise outcome
        return self.report

    async def _send_crowd(self) -> None:
        rng = random.Random(f"{self._seed}/arrivals")
        # The run is the operator's own, often with a certificate that nobody has signed.
        connector = aiohttp.TCPConnector(limit=0, ssl=False)
        jar = aiohttp.DummyCookieJar()
        async with (
            aiohttp.ClientSession(
                connector=connector, cookie_jar=jar, timeout=_REQUEST_TIMEOUT
            ) as session,
            asyncio.TaskGroup() as crowd,
        ):
            client = PageClient(session, self._url)
            for place in range(self._workers):
                if place and self._arrivals_per_second:
                    await asyncio.sleep(rng.expovariate(self._arrivals_per_second))
                crowd.create_task(self._fill_place(place, client))

    async def _fill_place(self, place: int, client: PageClient) -> None:
        newcomer = 0
        while await self._worker(place, newcomer, client).live():
            newcomer += 1

    def _worker(self, place: int, newcomer: int, client: PageClient) -> VirtualWorker:
        name = f"simulated-{place}" if newcomer == 0 else f"simulated-{place}-{newcomer}"
        rng = random.Random(f"{self._seed}/{name}")
        return VirtualWorker(name, client, self._habits, self.report, rng)
