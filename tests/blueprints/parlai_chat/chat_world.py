"""Workers as a world's tests need them: agents without an engine, and what reached their pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from mephisto_blueprints.parlai_chat import ParlAIChatBlueprint
from mephisto_blueprints.parlai_chat.args import ParlAIChatArgs, SharedParlAITaskState
from mephisto_blueprints.parlai_chat.runner import ChatRunner
from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.testing.records import make_run, make_unit, make_worker


class Script:
    """The functions of a world file, given as keywords."""

    def __init__(self, agent_count: int = 1, **functions: Any) -> None:
        self.agent_count = agent_count
        self.__dict__.update(functions)

    def get_world_params(self) -> dict[str, int]:
        return {"agent_count": self.agent_count}


def make_blueprint(module: Any, **state: Any) -> ParlAIChatBlueprint:
    args = ParlAIChatArgs(world_file="unused.py", num_conversations=1)
    return ParlAIChatBlueprint(
        args, SharedParlAITaskState(world_module=module, **state), make_run()
    )


def make_runner(make_world: Callable[..., Any], agent_count: int = 1, **state: Any) -> ChatRunner:
    blueprint = make_blueprint(Script(agent_count, make_world=make_world), **state)
    runner = blueprint.TaskRunnerClass(blueprint)
    assert isinstance(runner, ChatRunner)
    return runner


class Worker:
    """One worker's agent and page."""

    def __init__(self, index: int = 0, unit_id: int | None = None) -> None:
        self.page: list[dict[str, Any]] = []
        self._arrived = asyncio.Event()
        self._said = 0
        name = f"worker-{index}"
        self.agent = LiveAgent(
            id=index + 1,
            token=f"token-{index}",
            registration_id=f"a-{name}",
            worker=make_worker(name, id=index + 1),
            unit=make_unit(
                index + 1 if unit_id is None else unit_id,
                assignment_id=1,
                unit_index=index,
                shared={"topic": "tea"},
            ),
            status="in task",
            push=self._push,
        )

    def _push(self, agent: LiveAgent, update: dict[str, Any]) -> None:
        self.page.append(update)
        self._arrived.set()

    def says(self, text: Any, **more: Any) -> str:
        self._said += 1
        update_id = f"{self.agent.token}-{self._said}"
        update = {"text": text, "task_data": {}, "id": self.agent.token, "episode_done": False}
        self.agent.deliver({**update, "update_id": update_id, **more})
        return update_id

    async def until(self, is_there: Callable[[list[dict[str, Any]]], bool]) -> None:
        async with asyncio.timeout(10):
            while not is_there(self.page):
                self._arrived.clear()
                await self._arrived.wait()

    async def turn(self, number: int = 1) -> None:
        """Wait until the page was asked for so many messages."""
        await self.until(lambda page: self.asked >= number)

    @property
    def asked(self) -> int:
        return sum(1 for data in self.task_data if data.get("live_update_requested") is True)

    @property
    def task_data(self) -> list[dict[str, Any]]:
        return [update["task_data"] for update in self.page if "task_data" in update]

    @property
    def texts(self) -> list[tuple[Any, str]]:
        return [(update.get("id"), update["text"]) for update in self.page if "text" in update]

    @property
    def names(self) -> list[str]:
        found = (data.get("agent_display_name") for data in self.task_data)
        return [name for name in found if name]

    @property
    def may_hand_in(self) -> bool:
        return any(data.get("task_done") for data in self.task_data)

    @property
    def world_data(self) -> list[Any]:
        return [item["WORLD_DATA"] for item in self.agent.history if "WORLD_DATA" in item]
