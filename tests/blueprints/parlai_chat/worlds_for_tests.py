"""Worlds that behave, and worlds that do not."""

from __future__ import annotations

import threading
from typing import Any

from mephisto_blueprints.parlai_chat import ChatWorld


class PlainWorld:
    """Every worker says something in each turn, as in the worlds that ParlAI's tasks have."""

    turns = 2
    timeout: float = 30

    def __init__(self, opt: dict[str, Any], agents: list[Any]) -> None:
        self.opt = opt
        self.agents = agents
        self.turn = 0
        self.heard: list[Any] = []
        self.threads: set[int] = set()
        self.shutdowns = 0
        for index, agent in enumerate(agents):
            agent.agent_id = f"Speaker {index + 1}"

    def parley(self) -> None:
        self.threads.add(threading.get_ident())
        self.turn += 1
        for agent in self.agents:
            act = agent.act(timeout=self.timeout)
            self.heard.append(act)
            for other in self.agents:
                if other is not agent:
                    other.observe(act)

    def episode_done(self) -> bool:
        return self.turn >= self.turns

    def shutdown(self) -> None:
        self.threads.add(threading.get_ident())
        self.shutdowns += 1

    def prep_save_data(self, agents: list[Any]) -> dict[str, Any]:
        return {"speaker": agents[0].agent_id, "turns": self.turn}


class AsyncWorld(ChatWorld):
    """The same, on the event loop."""

    turns = 2

    def __init__(self, opt: dict[str, Any], agents: list[Any]) -> None:
        super().__init__(opt, agents)
        self.turn = 0
        self.heard: list[Any] = []
        self.threads: set[int] = set()
        self.shutdowns = 0
        for index, agent in enumerate(agents):
            agent.agent_id = f"Speaker {index + 1}"

    async def parley(self) -> None:
        self.threads.add(threading.get_ident())
        self.turn += 1
        for agent in self.agents:
            act = await agent.aact(timeout=30)
            self.heard.append(act)
            self.pass_on(act, agent)
        if self.turn >= self.turns:
            self.finish()

    async def shutdown(self) -> None:
        self.shutdowns += 1

    def prep_save_data(self, agents: Any) -> dict[str, Any]:
        return {"speaker": agents[0].agent_id, "turns": self.turn}


class Made:
    """A `make_world` that remembers what it made."""

    def __init__(self, world_class: Any) -> None:
        self._world_class = world_class
        self.worlds: list[Any] = []

    def __call__(self, opt: dict[str, Any], agents: list[Any]) -> Any:
        self.worlds.append(self._world_class(opt, agents))
        return self.world

    @property
    def world(self) -> Any:
        return self.worlds[-1]
