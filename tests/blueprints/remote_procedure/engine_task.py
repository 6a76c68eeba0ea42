"""A run of the real engine, and pages that talk to it over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.config import launch_config_from_dict
from mephisto_engine.data_model import Event, LiveUpdate, Submission
from mephisto_engine.database import MephistoDB
from mephisto_engine.engine import Engine

PATIENCE = 15.0


class EngineTask:
    """One run, which can be taken down and brought back on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run_id = 0
        self.port = _free_port()
        self._db: MephistoDB
        self._engine: Engine
        self._start()

    async def launch(self, code: str, units: int = 1, **options: Any) -> None:
        (self.folder / "bundle.js").write_text("void 0")
        (self.folder / "task.py").write_text(code)
        node = {
            "blueprint": {
                "_blueprint_type": "remote_procedure",
                "task_source": str(self.folder / "bundle.js"),
                **options,
            },
            "architect": {
                "_architect_type": "local",
                "hostname": "127.0.0.1",
                "port": str(self.port),
            },
            "provider": {"_provider_type": "inhouse"},
            "task": {
                "task_title": "Sample",
                "task_description": "A sample",
                "task_reward": 0.1,
                "task_tags": "sample",
                "code": str(self.folder / "task.py"),
            },
        }
        items = [{"number": number} for number in range(units)]
        (self.folder / "data.json").write_text(json.dumps(items))
        node["blueprint"]["data_json"] = str(self.folder / "data.json")
        config = launch_config_from_dict(node, Registry(), task_dir=self.folder)
        self.run_id = await asyncio.to_thread(self._engine.launch, config)

    async def take_down(self) -> None:
        await asyncio.to_thread(self._engine.close)
        self._db.close()

    async def bring_back(self) -> None:
        self._start()
        await asyncio.to_thread(self._engine.resume, self.run_id)

    def live_updates(self) -> list[tuple[bool, dict[str, Any]]]:
        rows = self._db.read(lambda: list(LiveUpdate.select().order_by(LiveUpdate.id)))
        return [(row.is_from_worker, row.body) for row in rows]

    def answers(self) -> list[Any]:
        rows = self._db.read(lambda: list(Submission.select().order_by(Submission.id)))
        return [json.loads(row.body) for row in rows]

    def events(self, kind: str) -> list[dict[str, Any]]:
        rows = self._db.read(lambda: list(Event.select().where(Event.kind == kind)))
        return [row.data for row in rows]

    def _start(self) -> None:
        self._db = MephistoDB.open(home=self.folder / "home")
        self._engine = Engine(self._db, self.folder / "home")
        self._engine.start()


class WirePage:
    """A worker's page as far as the wire goes."""

    def __init__(self, session: aiohttp.ClientSession, task: EngineTask, worker: str) -> None:
        self.worker = worker
        self.token = ""
        self.init_data: Any = None
        self._session = session
        self._url = f"http://127.0.0.1:{task.port}"
        self._socket: aiohttp.ClientWebSocketResponse
        self._reader: asyncio.Task[None] | None = None
        self._received: list[dict[str, Any]] = []
        self._changed = asyncio.Event()

    async def load(self) -> None:
        """Open the page, or load it anew."""
        await self.leave()
        provider_data = {
            "worker_name": self.worker,
            "assignment_id": "a1",
            "agent_registration_id": f"a1-{self.worker}",
            "provider_type": "inhouse",
        }
        async with asyncio.timeout(PATIENCE):
            # The first units are published a moment after the launch, which is told to nobody.
            while not (await self._register(provider_data))["data"]["agent_id"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await self._enter(await self._register(provider_data))

    async def connect(self) -> None:
        """Open a socket for the agent that the page has."""
        self._socket = await self._session.ws_connect(self._url, max_msg_size=0)
        await self._socket.send_json(
            {"packet_type": "alive", "subject_id": self.token, "data": {"update_id": _id()}}
        )
        self._reader = asyncio.get_running_loop().create_task(self._read(self._socket))

    async def ask(self, target: Any, args: Any = None, args_text: str | None = None) -> str:
        text = json.dumps(args) if args_text is None else args_text
        request_id = _id()
        data = {"request_id": request_id, "target": target, "args": text, "update_id": _id()}
        await self.send({"packet_type": "mephisto_bound_live_update", "data": data})
        return request_id

    async def send(self, packet: dict[str, Any]) -> None:
        await self._socket.send_json({"subject_id": self.token, **packet})

    async def response(self, request_id: str) -> Any:
        def found() -> list[Any]:
            return [item for item in self.updates() if item.get("handles") == request_id]

        await self.until(lambda: bool(found()))
        return json.loads(found()[0]["response"])

    async def call(self, target: Any, args: Any = None) -> Any:
        return await self.response(await self.ask(target, args))

    async def submit(self, answer: Any) -> None:
        await self._post("/submit_task", {"USED_AGENT_ID": self.token, "final_data": answer})

    async def submit_onboarding(self, answer: Any) -> None:
        data = {"USED_AGENT_ID": self.token, "onboarding_data": answer}
        await self.leave()
        await self._enter(await self._post("/submit_onboarding", {"provider_data": data}))

    async def leave(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
            await self._socket.close()
            self._reader = None

    async def lost(self) -> None:
        """Return when the server has closed the socket."""
        assert self._reader is not None
        await asyncio.wait_for(self._reader, PATIENCE)
        self._reader = None

    def updates(self) -> list[dict[str, Any]]:
        kind = "client_bound_live_update"
        return [packet["data"] for packet in self._received if packet["packet_type"] == kind]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def _register(self, provider_data: dict[str, Any]) -> dict[str, Any]:
        return await self._post("/request_agent", {"provider_data": provider_data})

    async def _enter(self, details: dict[str, Any]) -> None:
        self.token = details["data"]["agent_id"]
        assert self.token, details["data"]["failure_reason"]
        self.init_data = details["data"]["init_task_data"]
        await self.connect()

    async def _read(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        async for message in ws:
            self._received.append(json.loads(message.data))
            self._changed.set()

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._session.post(self._url + path, json=body) as response:
            assert response.status == 200
            return await response.json()


def _id() -> str:
    return str(uuid.uuid4())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
