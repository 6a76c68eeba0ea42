"""A worker in a conversation, as a world gets them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from mephisto_blueprints.parlai_chat.acts import Act, act_of, is_done, plain
from mephisto_blueprints.parlai_chat.connection import Connection
from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.errors import PluginError
from mephisto_engine.tokens import new_token


class ChatAgent:
    """Speaks to one worker's page for a world, with the names that ParlAI's agents have."""

    def __init__(self, connection: Connection, agent: LiveAgent, name: str) -> None:
        self.mephisto_agent = agent
        """The engine's agent: `worker`, `unit`, `history` …"""
        self.is_done = False
        """Whether the world has told the page that the worker may hand in."""
        self._connection = connection
        self._name = name
        self._is_named = False
        self._is_asked = False
        self._said: set[str] = set()
        self._shown: set[str] = set()

    @property
    def agent_id(self) -> str:
        """Name that everybody in the conversation sees; setting it tells the worker's page."""
        return self._name

    @agent_id.setter
    def agent_id(self, name: str) -> None:
        self._name = str(name)
        self._is_named = True
        self._send({"task_data": {"agent_display_name": self._name}})

    @property
    def id(self) -> str:
        """The same as `agent_id`."""
        return self._name

    def act(self, timeout: float | None = None) -> Act | None:
        """The worker's next message, for a plain world: holds the world's thread.

        As in Mephisto, a call **without** a timeout does not wait: it asks the worker for a
        message, and returns one only if it is there already. A later call then waits for it.

        Raises:
            AgentTimeoutError: there was none for ``timeout`` seconds.
            AbsentAgentError: somebody of the conversation has left.
            AgentSubmittedError: the worker has handed in.
        """
        act: Act | None = self._connection.wait(
            self._poll if timeout is None else lambda: self.aact(timeout)
        )
        return act

    async def aact(self, timeout: float | None = None) -> Act:
        """The worker's next message, for an async world; without a timeout it waits on and on.

        Raises:
            AgentTimeoutError: there was none for ``timeout`` seconds.
            AbsentAgentError: somebody of the conversation has left.
            AgentSubmittedError: the worker has handed in.
        """
        act = await self._poll()
        if act is not None:
            return act
        return self._took(await self._connection.next_update(self.mephisto_agent, timeout))

    def observe(self, act: Mapping[str, Any]) -> None:
        """Show a message to the worker.

        The worker's own message is not shown again; what the world put into its `task_data` is
        sent.

        Raises:
            PluginError: it is not plain data.
            AgentDisconnectedError: the conversation was given up.
        """
        update = _sendable(plain(act))
        update_id = update.get("update_id")
        if update_id in self._said:
            if "task_data" not in update:
                return
            update = {"task_data": update["task_data"]}
        elif update_id in self._shown:
            # A page drops what it has seen.
            del update["update_id"]
        if "text" in update:
            self._introduce()
        self._send(update)

    def shutdown(self, timeout: float | None = None) -> None:
        """Worlds written for ParlAI end their agents; here the engine does."""

    async def _poll(self) -> Act | None:
        """A message that is there already; if there is none, the worker is asked for one."""
        update = await self._connection.update_at_hand(self.mephisto_agent)
        if update is None:
            self._ask()
            return None
        return self._took(update)

    def _ask(self) -> None:
        if not self._is_asked:
            self._introduce()
            self._is_asked = True
            self._send({"task_data": {"live_update_requested": True}})

    def _took(self, update: dict[str, Any]) -> Act:
        """A page knows by itself that its turn is over; but not when it is loaded again."""
        self._is_asked = False
        self._send({"task_data": {"live_update_requested": False}})
        act = act_of(update, self._name)
        self._said.add(str(act.get("update_id")))
        return act

    def _introduce(self) -> None:
        """Pages need to know their own worker's name before the first text."""
        if not self._is_named:
            self.agent_id = self._name

    def _send(self, update: dict[str, Any]) -> None:
        update.setdefault("update_id", new_token())
        update["timestamp"] = time.time()
        self._shown.add(update["update_id"])
        self.is_done = self.is_done or is_done(update)
        self._connection.do(self.mephisto_agent.observe, update)


def _sendable(act: Any) -> dict[str, Any]:
    """Without what pages stumble over: parts that are there but empty, or of another type."""
    if not isinstance(act, dict):
        raise PluginError(f"a world shows a worker {type(act).__name__}, not a dictionary")
    wanted = {"text": str, "task_data": dict, "update_id": str}
    return {key: part for key, part in act.items() if isinstance(part, wanted.get(key, object))}
