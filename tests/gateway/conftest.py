"""A gateway on a real port, before a backend that remembers everything and does as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from mephisto_engine.abstractions.channel import AgentDetails, SubmitOutcome, UnknownAgentError
from mephisto_engine.abstractions.site import Limits, Site
from mephisto_engine.data_model.records import UploadRecord
from mephisto_engine.gateway import Gateway, GatewayServer, build_app

AGENT = "a" * 32
OTHER_AGENT = "b" * 32
ONBOARDING = "onboarding_" + "c" * 32
DOWNLOAD_TOKEN = "the-token-of-this-run"


@dataclass
class Submission:
    token: str
    body: dict[str, Any]
    uploads: list[UploadRecord]
    client_at: float | None


class FakeBackend:
    """Knows the three agents above; raises what `failure` holds."""

    def __init__(self) -> None:
        self.statuses: dict[str, str] = {
            AGENT: "in task",
            OTHER_AGENT: "waiting",
            ONBOARDING: "onboarding",
        }
        self.details = AgentDetails("worker-1", AGENT, {"text": "hello"})
        self.outcome = SubmitOutcome.STORED
        self.failure: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.registrations: list[dict[str, Any]] = []
        self.onboardings: list[tuple[str, dict[str, Any]]] = []
        self.submissions: list[Submission] = []
        self.metadata: list[tuple[str, Any, list[UploadRecord]]] = []
        self.errors: list[tuple[str | None, Any]] = []
        self.refusals: list[tuple[str, str]] = []
        self.updates: list[tuple[str, dict[str, Any]]] = []
        self.life: list[tuple[str, str]] = []

    async def register_agent(self, provider_data: dict[str, Any]) -> AgentDetails:
        self.registrations.append(provider_data)
        await self._obey()
        return self.details

    async def submit_onboarding(self, token: str, data: dict[str, Any]) -> AgentDetails:
        self.onboardings.append((token, data))
        await self._obey(token)
        return self.details

    async def submit_unit(
        self, token: str, body: str, uploads: Sequence[UploadRecord], client_at: float | None
    ) -> SubmitOutcome:
        await self._obey(token)
        self.submissions.append(Submission(token, json.loads(body), list(uploads), client_at))
        return self.outcome

    async def submit_metadata(
        self, token: str, metadata: Any, uploads: Sequence[UploadRecord]
    ) -> None:
        await self._obey(token)
        self.metadata.append((token, metadata, list(uploads)))

    async def log_error(self, token: str | None, error: Any) -> None:
        await self._obey(token)
        self.errors.append((token, error))

    async def status_of(self, token: str) -> str | None:
        await self._obey()
        return self.statuses.get(token)

    def seen(self, token: str) -> None:
        self.life.append(("seen", token))

    def live_update(self, token: str, data: dict[str, Any]) -> None:
        self.updates.append((token, data))

    def connected(self, token: str) -> None:
        self.life.append(("connected", token))

    def disconnected(self, token: str) -> None:
        self.life.append(("disconnected", token))

    async def refused(self, reason: str, where: str) -> None:
        self.refusals.append((reason, where))

    async def _obey(self, token: str | None = None) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        if token is not None and token not in self.statuses:
            raise UnknownAgentError


@dataclass
class World:
    gateway: Gateway
    server: GatewayServer
    port: int
    backend: FakeBackend
    site: Site
    client: aiohttp.ClientSession
    sockets: list[aiohttp.ClientWebSocketResponse] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def post(self, path: str, body: Any, **options: Any) -> tuple[int, Any]:
        async with self.client.post(self.url + path, json=body, **options) as response:
            return response.status, await response.json()

    async def post_raw(self, path: str, body: Any, **options: Any) -> tuple[int, Any]:
        async with self.client.post(self.url + path, data=body, **options) as response:
            return response.status, await response.json()

    async def submit(self, **fields: Any) -> tuple[int, Any]:
        return await self.post("/submit_task", {"USED_AGENT_ID": AGENT, **fields})

    async def connect(self, token: str | None = None) -> aiohttp.ClientWebSocketResponse:
        """A page's socket; with a token, after its `alive` was answered."""
        socket = await self.client.ws_connect(self.url + "/")
        self.sockets.append(socket)
        if token is not None:
            await socket.send_json({"packet_type": "alive", "subject_id": token, "data": {}})
            await until(lambda: ("connected", token) in self.backend.life)
        return socket

    async def raw(self, request: bytes) -> bytes:
        """Bytes as they are, to the port; what comes back until the server closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            await writer.drain()
            return await asyncio.wait_for(reader.read(), 5)
        finally:
            writer.close()

    def stored_files(self) -> list[Path]:
        return sorted(self.site.uploads.iterdir()) if self.site.uploads.exists() else []


async def until(condition: Callable[[], bool]) -> None:
    """Give the loop turns until the condition holds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the conditions are not events
            await asyncio.sleep(0.002)


@pytest.fixture
def limits() -> Limits:
    return Limits()


@pytest.fixture
def site(tmp_path: Path, limits: Limits) -> Site:
    root = tmp_path / "site"
    root.mkdir()
    (root / "index.html").write_text("<!DOCTYPE html><title>task</title>", "utf-8")
    (root / "bundle.js").write_text("console.log('bundle')", "utf-8")
    return Site(
        root=root,
        uploads=tmp_path / "uploads",
        task_config={"task_description": "Do this", "frame_height": 0},
        provider_script="function getWorkerName() { return 'w'; }",
        title="Rate <these> texts",
        limits=limits,
    )


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()


@pytest_asyncio.fixture
async def world(site: Site, backend: FakeBackend) -> AsyncIterator[World]:
    gateway = build_app(site, backend, download_token=DOWNLOAD_TOKEN)
    server = GatewayServer(gateway, "127.0.0.1", 0)
    port = await server.start()
    async with aiohttp.ClientSession() as client:
        made = World(gateway, server, port, backend, site, client)
        yield made
        for socket in made.sockets:
            await socket.close()
    await server.stop(1.0)
