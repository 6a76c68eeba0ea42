"""The smallest server that speaks the worker protocol, for tests of the page alone."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

from aiohttp import web

PROVIDER_SCRIPT = """
const query = new URLSearchParams(location.search);
const listeners = {}, settings = {};
function getWorkerName() { return query.get("worker_id"); }
function getAssignmentId() { return query.get("id"); }
function getAgentRegistration() {
  return {
    worker_name: getWorkerName(), assignment_id: getAssignmentId(), provider_type: "inhouse",
    agent_registration_id: getAssignmentId() + "-" + getWorkerName(),
  };
}
function handleSubmitToProvider(data) { window.sentToProvider = data; }
window._MEPHISTO_CONFIG_ = {
  EVENT_EMITTER: {
    on(name, listener) { (listeners[name] ??= []).push(listener); },
    emit(name, ...args) { (listeners[name] ?? []).forEach((listener) => listener(...args)); },
  },
  get(name) { return settings[name]; },
  set(name, value) { settings[name] = value; this.EVENT_EMITTER.emit(name, value); },
};
"""


class WireServer:
    """Serves a site from its own thread and keeps what pages post."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.task_config: dict[str, Any] = {}
        self.agent_id: str | None = "token-1"
        self.item: dict[str, Any] = {}
        self.failure_reason: str | None = None
        self.submit_status = 200
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.files: dict[str, tuple[str, bytes]] = {}
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._stop = asyncio.Event()
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()])

    def __enter__(self) -> WireServer:
        self._thread.start()
        self._started.wait(10)
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    def posts(self, path: str) -> list[dict[str, Any]]:
        return [body for name, body in self.received if name == path]

    def first_post(self, path: str) -> dict[str, Any]:
        """The first one to this path, once it has come: a page shows more before it has posted."""
        with self._news:
            assert self._news.wait_for(lambda: self.posts(path), timeout=30), f"no post to {path}"
        return self.posts(path)[0]

    def _receive(self, path: str, body: dict[str, Any]) -> None:
        with self._news:
            self.received.append((path, body))
            self._news.notify_all()

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_get("/", self._index)
        app.router.add_get("/task_config.json", self._config)
        app.router.add_get("/wrap_crowd_source.js", self._script)
        app.router.add_post("/submit_task", self._submit)
        app.router.add_post("/{name}", self._post)
        app.router.add_get("/{name:.+}", self._static)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        self._started.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return self._file(self.root / "index.html")

    def _file(self, path: Path) -> web.StreamResponse:
        if not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path)

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return self._file(self.root / request.match_info["name"])

    async def _config(self, request: web.Request) -> web.Response:
        return web.json_response({**self.task_config, "mephisto_task_version": "2.0.4"})

    async def _script(self, request: web.Request) -> web.Response:
        return web.Response(text=PROVIDER_SCRIPT, content_type="text/javascript")

    async def _post(self, request: web.Request) -> web.Response:
        self._receive(request.path, await request.json())
        if request.path == "/submit_onboarding":
            self.agent_id = "token-2"
        details = {
            "agent_id": self.agent_id,
            "worker_id": "1",
            "init_task_data": self.item if self.agent_id else None,
            "failure_reason": self.failure_reason,
        }
        return web.json_response({"packet_type": "agent_details", "data": details})

    async def _submit(self, request: web.Request) -> web.Response:
        if self.submit_status != 200:
            raise web.HTTPServiceUnavailable
        if request.content_type == "application/json":
            self._receive(request.path, await request.json())
        else:
            self._receive(request.path, await self._read_form(request))
        return web.json_response({"status": "Submitted!"})

    async def _read_form(self, request: web.Request) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        async for part in await request.multipart():
            content = await part.read()
            if part.filename is None:
                fields[part.name] = content.decode()
            else:
                self.files[part.name] = (part.filename, bytes(content))
        fields["final_string_data"] = json.loads(fields["final_string_data"])
        return fields
