"""Many pages that talk: they register, open a socket, say who they are, and exchange updates."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
import uvloop

BEAT_SECONDS = 6.0
ALIVE_SECONDS = 60.0


@dataclass
class Talk:
    """What the pages of one load saw."""

    waits: list[float] = field(default_factory=list)
    """Seconds from sending to hearing."""
    sent: int = 0
    heard: int = 0
    disordered: int = 0
    """Messages that did not follow the one before."""
    starting: float = 0.0
    """Seconds until every page was told that its task begins."""


class Page:
    """One worker's page."""

    def __init__(self, session: aiohttp.ClientSession, url: str, name: str) -> None:
        self.name = name
        self.is_in_task = asyncio.Event()
        self._session = session
        self._url = url
        self._token = ""
        self._socket: Any = None
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, hear: Callable[[dict[str, Any], float], None]) -> None:
        """Register and connect; ``hear`` gets each update and when it came."""
        registration = f"{uuid.uuid4().hex}-{self.name}"
        body = {
            "provider_data": {
                "worker_name": self.name,
                "agent_registration_id": registration,
                "assignment_id": registration.partition("-")[0],
                "provider_type": "mock",
            },
            "client_timestamp": time.time(),
        }
        async with self._session.post(f"{self._url}/request_agent", json=body) as answer:
            self._token = (await answer.json(loads=orjson.loads))["data"]["agent_id"]
        self._socket = await self._session.ws_connect(self._url.replace("http", "ws", 1) + "/")
        await self.send("alive", {"update_id": uuid.uuid4().hex})
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._listen(hear)), loop.create_task(self._beat())]

    async def send(self, packet_type: str, data: dict[str, Any]) -> None:
        """Send one packet."""
        packet = {
            "packet_type": packet_type,
            "subject_id": self._token,
            "data": data,
            "client_timestamp": time.time(),
        }
        await self._socket.send_str(orjson.dumps(packet).decode())

    async def say(self, data: dict[str, Any]) -> None:
        """Send a live update."""
        await self.send("mephisto_bound_live_update", {"update_id": uuid.uuid4().hex, **data})

    async def close(self) -> None:
        """Go away."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()

    async def _listen(self, hear: Callable[[dict[str, Any], float], None]) -> None:
        async for message in self._socket:
            now = time.perf_counter()
            packet = orjson.loads(message.data)
            if packet["packet_type"] == "client_bound_live_update":
                hear(packet["data"], now)
            elif packet["data"].get("status") == "in task":
                self.is_in_task.set()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await self.send("heartbeat", {})


def measure_echo(url: str, agents: int, seconds: float) -> Talk:
    """Each page calls once a second; how long until the answer comes."""
    return uvloop.run(_echo(url, agents, seconds))


def measure_pairs(url: str, pairs: int, messages: int, gap: float) -> Talk:
    """In each pair both say so many messages, which the other hears."""
    return uvloop.run(_pairs(url, pairs, messages, gap))


async def _echo(url: str, agents: int, seconds: float) -> Talk:
    talk, asked = Talk(), dict[str, float]()

    def hear(update: dict[str, Any], now: float) -> None:
        talk.heard += 1
        talk.waits.append(now - asked.pop(update["handles"]))

    async def call_often(page: Page, place: int) -> None:
        await asyncio.sleep(place / agents)
        for _ in range(int(seconds)):
            number = uuid.uuid4().hex
            asked[number] = time.perf_counter()
            talk.sent += 1
            await page.say({"request_id": number, "target": "echo", "args": '{"x": 1}'})
            await asyncio.sleep(1.0)

    async with _session() as session:
        pages = [Page(session, url, f"worker-{number}") for number in range(agents)]
        await asyncio.gather(*(page.open(hear) for page in pages))
        await asyncio.gather(*(call_often(page, place) for place, page in enumerate(pages)))
        await _until(lambda: not asked)
        await asyncio.gather(*(page.close() for page in pages))
    return talk


async def _pairs(url: str, pairs: int, messages: int, gap: float) -> Talk:
    talk, last = Talk(), dict[str, int]()

    def hearer(name: str) -> Callable[[dict[str, Any], float], None]:
        def hear(update: dict[str, Any], now: float) -> None:
            talk.heard += 1
            talk.waits.append(now - float(update["text"]))
            talk.disordered += update["number"] != last.get(name, -1) + 1
            last[name] = update["number"]

        return hear

    async def chat(page: Page, place: int) -> None:
        await asyncio.sleep(gap * place / (2 * pairs))
        for number in range(messages):
            await page.say({"text": str(time.perf_counter()), "number": number})
            await asyncio.sleep(gap)

    async with _session() as session:
        pages = [Page(session, url, f"worker-{number}") for number in range(2 * pairs)]
        began = time.perf_counter()
        await asyncio.gather(*(page.open(hearer(page.name)) for page in pages))
        await asyncio.gather(*(page.is_in_task.wait() for page in pages))
        talk.starting = time.perf_counter() - began
        await asyncio.gather(*(chat(page, place) for place, page in enumerate(pages)))
        talk.sent = 2 * pairs * messages
        await _until(lambda: talk.heard >= talk.sent)
        await asyncio.gather(*(page.close() for page in pages))
    return talk


async def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10.0
    while not condition() and time.monotonic() < deadline:  # noqa: ASYNC110 - no event tells it
        await asyncio.sleep(0.05)


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=ALIVE_SECONDS),
    )
