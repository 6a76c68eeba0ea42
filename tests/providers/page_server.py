"""A server that hands out units over the worker protocol, and can be told to fail."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


class PageServer:
    def __init__(
        self,
        units: int,
        *,
        when_empty: str = "There is currently no available work, please try again later...",
        has_onboarding: bool = False,
    ) -> None:
        self.units_left = units
        self.when_empty = when_empty
        self.has_onboarding = has_onboarding
        self.registrations: list[dict[str, Any]] = []
        self.onboarded: list[Any] = []
        self.answers: dict[str, Any] = {}
        self.worker_of: dict[str, str] = {}
        self.outcomes: Counter[str] = Counter()
        self.unavailable = 0
        """How many of the next submissions are answered with 503."""
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[PageServer]:
        app = web.Application()
        app.router.add_post("/request_agent", self._request_agent)
        app.router.add_post("/submit_onboarding", self._submit_onboarding)
        app.router.add_post("/submit_task", self._submit_task)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _request_agent(self, request: web.Request) -> web.Response:
        data = (await request.json())["provider_data"]
        self.registrations.append(data)
        if self.has_onboarding and not self.onboarded:
            return self._details(f"onboarding_{secrets.token_hex(8)}", {"hello": "there"})
        return self._give_unit(data["worker_name"])

    async def _submit_onboarding(self, request: web.Request) -> web.Response:
        data = (await request.json())["provider_data"]
        self.onboarded.append(data["onboarding_data"])
        return self._give_unit("onboarded")

    def _give_unit(self, worker_name: str) -> web.Response:
        if self.units_left == 0:
            return self._details(None, None, self.when_empty)
        self.units_left -= 1
        token = secrets.token_hex(16)
        self.worker_of[token] = worker_name
        return self._details(token, {"item": self.units_left})

    def _details(self, agent_id: str | None, data: Any, reason: str | None = None) -> web.Response:
        body = {
            "worker_id": "1",
            "agent_id": agent_id,
            "init_task_data": data,
            "failure_reason": reason,
        }
        return web.json_response({"packet_type": "agent_details", "data": body})

    async def _submit_task(self, request: web.Request) -> web.Response:
        status = await self._store(request)
        self.outcomes[str(status)] += 1
        return web.json_response({"status": "Submitted!"}, status=status)

    async def _store(self, request: web.Request) -> int:
        if self.unavailable:
            self.unavailable -= 1
            return 503
        try:
            body = await request.json()
        except ValueError:
            return 400
        token = body.get("USED_AGENT_ID") if isinstance(body, dict) else None
        if not isinstance(token, str):
            return 400
        if token not in self.worker_of:
            return 404
        self.answers.setdefault(token, body["final_data"])
        return 200


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until something is true; fails after twenty seconds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is awaited has no event of its own
            await asyncio.sleep(0)
