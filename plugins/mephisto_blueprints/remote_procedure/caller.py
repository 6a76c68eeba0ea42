"""The agent that calls, as the functions of a task see it."""

from __future__ import annotations

import asyncio
from typing import Any

from mephisto_blueprints.remote_procedure.requests import previous_requests
from mephisto_engine.abstractions.agent import LiveAgent


class Caller:
    """What a function gets as `agent` or `agent_state`; the same object in all calls of an agent.

    Calls run at the same time, plain functions in threads: whoever changes `scratch` in more than
    one step has to hold a lock.
    """

    def __init__(self, agent: LiveAgent) -> None:
        self._agent = agent
        self._loop = asyncio.get_running_loop()
        self.inputs: dict[str, Any] = task_data(agent)
        """Data of the unit."""
        self.scratch: dict[str, Any] = {}
        """For the functions to remember things by, from one call to the next. It lives as long as
        the engine does; what has to outlast that is in `requests`."""

    @property
    def agent_id(self) -> int:
        """The agent's number in the database."""
        return self._agent.id

    @property
    def worker_name(self) -> str:
        """The worker's name at the provider."""
        return self._agent.worker.name

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Requests and responses so far, in the shape of `previous_requests`."""
        return previous_requests(self._agent.history)

    def get_init_state(self) -> dict[str, Any]:
        """What the page would get now as its initial data."""
        return init_data(self._agent)

    def send(self, update: dict[str, Any]) -> None:
        """Send the page a live update beside the responses; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._send, update)

    def _send(self, update: dict[str, Any]) -> None:
        if not self._agent.is_gone:
            self._agent.observe(update)


def task_data(agent: LiveAgent) -> dict[str, Any]:
    """The data of an agent's unit."""
    return {**agent.unit.shared, **agent.unit.data}


def init_data(agent: LiveAgent) -> dict[str, Any]:
    """What an agent's page starts with: its data, and what it has called before a reload.

    A page of the qualifying task gets the plain onboarding data.
    """
    if not agent.unit.id:
        return task_data(agent)
    return {"task_data": task_data(agent), "previous_requests": previous_requests(agent.history)}
