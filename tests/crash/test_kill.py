"""kill -9 of a real engine under real HTTP clients: what was acknowledged is there afterwards."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio

from mephisto_engine.data_model import Agent, Submission, TaskRun, Unit
from mephisto_engine.database import MephistoDB
from mephisto_engine.operations.checks.doctor import check_invariants
from mephisto_engine.testing.page_client import PageClient, RequestFailedError

RUNNER = Path(__file__).with_name("engine_process.py")
START_SECONDS = 20.0
REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=10)

pytestmark = pytest.mark.slow


class KillableEngine:
    """One run, driven by one process after the other."""

    def __init__(self, home: Path, units: int, each: int) -> None:
        self.home = home
        self.run = "new"
        self.url = ""
        self.is_up = asyncio.Event()
        self._config = json.dumps(_config(units, each))
        self._process: Process | None = None

    async def start(self) -> None:
        """Launch the run, or resume it after a kill."""
        command = [sys.executable, "-W", "error", str(RUNNER), str(self.home), self.run]
        self._process = await asyncio.create_subprocess_exec(*command, self._config, stdout=PIPE)
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), START_SECONDS)
        self.run, self.url = line.decode().split()
        self.is_up.set()

    async def kill(self) -> None:
        """End the process as a power cut would: nothing of it runs any more."""
        self.is_up.clear()
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            await self._process.communicate()

    async def ended(self, seconds: float) -> int:
        """Wait until the run is over and its process has gone; the exit code."""
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), seconds)


class Crowd:
    """Workers who, like a task page, repeat an answer until it is acknowledged."""

    def __init__(self, engine: KillableEngine, session: aiohttp.ClientSession) -> None:
        self.acknowledged: dict[str, Any] = {}
        """Token → answer, from the moment when the server said that it was stored."""
        self._engine = engine
        self._session = session

    async def work(self, name: str, rng: random.Random) -> None:
        """Take units until the test is over, each in a tab of its own that is reloaded at need."""
        for tab in count():
            token = await self._arrive(name, f"tab-{tab}")
            answer = {"text": f"{name} said “{rng.random()}”\n", "filler": "x" * rng.randrange(500)}
            await self._submit(token, answer)

    async def _arrive(self, name: str, tab: str) -> str:
        registration = {
            "worker_name": name,
            "assignment_id": tab,
            "agent_registration_id": f"{tab}-{name}",
            "provider_type": "mock",
        }
        while True:
            await self._engine.is_up.wait()
            with suppress(aiohttp.ClientError, TimeoutError):
                url, body = f"{self._engine.url}/request_agent", {"provider_data": registration}
                async with self._session.post(url, json=body) as response:
                    if response.status == 200:
                        token = (await response.json())["data"]["agent_id"]
                        if token is not None:
                            return str(token)
            await self._breathe()

    async def _submit(self, token: str, answer: Any) -> None:
        while token not in self.acknowledged:
            await self._engine.is_up.wait()
            try:
                await PageClient(self._session, self._engine.url).submit_task(token, answer)
            except RequestFailedError:
                await self._breathe()
            else:
                self.acknowledged[token] = answer

    async def acknowledged_are(self, number: int) -> None:
        """Wait until so many answers were acknowledged."""
        while len(self.acknowledged) < number:  # noqa: ASYNC110 - polled, to kill at odd moments
            await asyncio.sleep(0.002)

    @staticmethod
    async def _breathe() -> None:
        """What a page waits before it tries again."""
        await asyncio.sleep(0.02)


@asynccontextmanager
async def crowd_at_work(engine: KillableEngine, workers: int) -> AsyncIterator[Crowd]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=REQUEST_TIMEOUT) as session:
        crowd = Crowd(engine, session)
        tasks = [
            asyncio.create_task(crowd.work(f"worker-{number}", random.Random(number)))
            for number in range(workers)
        ]
        try:
            yield crowd
        finally:
            for task in tasks:
                task.cancel()
            failures = await asyncio.gather(*tasks, return_exceptions=True)
            assert [item for item in failures if isinstance(item, Exception)] == []


def _config(units: int, each: int) -> dict[str, Any]:
    return {
        "blueprint": {
            "_blueprint_type": "mock",
            "num_assignments": units,
            "units_per_assignment": each,
        },
        "architect": {"_architect_type": "local", "hostname": "127.0.0.1", "port": "0"},
        "provider": {"_provider_type": "mock"},
        "task": {
            "task_name": "crash",
            "task_title": "Crash",
            "task_description": "A task whose engine dies",
            "task_reward": 0.1,
            "task_tags": "crash",
            "assignment_duration_in_seconds": 3600,
        },
    }


def check_stored(
    engine: KillableEngine, acknowledged: dict[str, Any], units: dict[str, int]
) -> None:
    with MephistoDB.open(str(engine.home / "data.db"), home=engine.home) as db:
        query = Submission.select(Agent.token, Submission.body).join(Agent)
        stored = dict(db.stream(query))
        lost = {
            token
            for token, answer in acknowledged.items()
            if stored.get(token) != orjson.dumps(answer).decode()
        }
        assert lost == set()
        assert [item for item in check_invariants(db) if item.level != "ok"] == []
        assert Counter(status for (status,) in db.stream(Unit.select(Unit.status))) == units


Start = Callable[[int, int], Awaitable[KillableEngine]]


@pytest_asyncio.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts engines over so many assignments of so many units; none outlives the test."""
    engines: list[KillableEngine] = []

    async def start_one(units: int, each: int) -> KillableEngine:
        engines.append(KillableEngine(tmp_path / "home", units, each))
        await engines[-1].start()
        return engines[-1]

    yield start_one
    for engine in engines:
        await engine.kill()


async def test_an_engine_that_is_killed_again_and_again_loses_no_answer(start: Start) -> None:
    units, each, kills = 400, 3, 8
    rng = random.Random(7)
    engine = await start(units, each)
    async with crowd_at_work(engine, workers=24) as crowd:
        for number in range(kills):
            # A share of the units is done between two kills, and a moment that is never the same.
            goal = len(crowd.acknowledged) + rng.randrange(units * each // (2 * kills))
            await crowd.acknowledged_are(goal)
            await asyncio.sleep(rng.random() * 0.05)
            assert len(crowd.acknowledged) < units * each, f"done before kill {number}"
            await engine.kill()
            await engine.start()
        assert await engine.ended(60) == 0
    with MephistoDB.open(str(engine.home / "data.db"), home=engine.home) as db:
        assert db.read(TaskRun.get).status == "completed"
    assert len(crowd.acknowledged) >= units * each - 24
    check_stored(engine, crowd.acknowledged, {"completed": units * each})


async def test_a_kill_right_after_an_acknowledgement_keeps_the_answer(start: Start) -> None:
    engine = await start(30, 1)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=REQUEST_TIMEOUT) as session:
        client = PageClient(session, engine.url)
        names = [f"worker-{number}" for number in range(20)]
        came = await asyncio.gather(*(client.request_agent(name, "mock") for name in names))
        acknowledged: dict[str, Any] = {}

        async def submit(token: str) -> None:
            answer = {"text": token}
            await client.submit_task(token, answer)
            acknowledged[token] = answer
            if len(acknowledged) == 5:
                await engine.kill()

        tokens = [str(details.agent_id) for details in came]
        assert "None" not in tokens
        await asyncio.gather(*map(submit, tokens), return_exceptions=True)
    assert len(acknowledged) >= 5
    with MephistoDB.open(str(engine.home / "data.db"), home=engine.home) as db:
        done = db.read(Submission.select().count)
    units = Counter({"completed": done, "assigned": 20 - done, "launched": 10})
    check_stored(engine, acknowledged, +units)


@pytest.mark.parametrize("after", [0.0, 0.2, 0.6])
async def test_a_kill_while_units_are_made_leaves_a_run_that_can_be_resumed(
    start: Start, after: float
) -> None:
    engine = await start(20_000, 1)
    await asyncio.sleep(after)
    await engine.kill()
    await engine.start()
    async with crowd_at_work(engine, workers=4) as crowd:
        await crowd.acknowledged_are(20)
        await engine.kill()
    with MephistoDB.open(str(engine.home / "data.db"), home=engine.home) as db:
        assert db.read(Unit.select().count) <= 20_000
        assert db.read(Submission.select().count) >= len(crowd.acknowledged)
        assert [item for item in check_invariants(db) if item.level != "ok"] == []
