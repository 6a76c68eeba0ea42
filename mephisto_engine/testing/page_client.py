"""The requests of a task page, as the published `mephisto-task` client sends them."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

import aiohttp

from mephisto_engine.abstractions.channel import AgentDetails


class RequestFailedError(Exception):
    """No usable answer came: no connection, or a status other than 200."""

    def __init__(self, cause: str, status: int | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.status = status

    @property
    def is_final(self) -> bool:
        """Whether sending the same request again is of no use."""
        return self.status is not None and 400 <= self.status < 500 and self.status != 429


@dataclass(frozen=True)
class PageClient:
    """One page's way to the server at ``base_url``."""

    session: aiohttp.ClientSession
    base_url: str

    async def request_agent(self, worker_name: str, provider_type: str) -> AgentDetails:
        """Register as a page that was newly opened by a worker. Raises `RequestFailedError`."""
        # Not from a seeded generator: the same id would be a reload of an earlier run's page.
        assignment_id = uuid.uuid4().hex
        provider_data = {
            "worker_name": worker_name,
            "agent_registration_id": f"{assignment_id}-{worker_name}",
            "assignment_id": assignment_id,
            "provider_type": provider_type,
        }
        return _details(await self._post("/request_agent", {"provider_data": provider_data}))

    async def submit_onboarding(self, token: str, answer: Any) -> AgentDetails:
        """Send the answer of the qualifying task. Raises `RequestFailedError`."""
        provider_data = {"USED_AGENT_ID": token, "onboarding_data": answer}
        return _details(await self._post("/submit_onboarding", {"provider_data": provider_data}))

    async def submit_task(self, token: Any, answer: Any) -> None:
        """Send an answer; returns when it is acknowledged. Raises `RequestFailedError`."""
        await self._post("/submit_task", {"USED_AGENT_ID": token, "final_data": answer})

    async def post_raw(self, path: str, body: bytes) -> int:
        """Send bytes that claim to be JSON; the status. Raises `RequestFailedError`."""
        headers = {"Content-Type": "application/json"}
        try:
            async with self.session.post(self._url(path), data=body, headers=headers) as response:
                await response.read()
                return response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise RequestFailedError(type(error).__name__) from error

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        body = {**body, "client_timestamp": time.time()}
        try:
            async with self.session.post(self._url(path), json=body) as response:
                if response.status != 200:
                    raise RequestFailedError(f"HTTP {response.status}", response.status)
                return await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise RequestFailedError(type(error).__name__) from error

    def _url(self, path: str) -> str:
        return self.base_url.rstrip("/") + path


def _details(packet: Any) -> AgentDetails:
    try:
        data = packet["data"]
        return AgentDetails(
            data["worker_id"], data["agent_id"], data["init_task_data"], data["failure_reason"]
        )
    except (KeyError, TypeError) as error:
        raise RequestFailedError("not an agent_details packet") from error
