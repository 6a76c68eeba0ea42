"""Runs a world beside the workers of each conversation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mephisto_blueprints.parlai_chat.acts import WORLD_DATA, is_done
from mephisto_blueprints.parlai_chat.conversation import Conversation, MakeWorld
from mephisto_blueprints.parlai_chat.world_file import takes_initialization_data
from mephisto_engine.abstractions.agent import AgentSubmittedError, LiveAgent
from mephisto_engine.abstractions.blueprint import Blueprint, InitializationData, TaskRunner
from mephisto_engine.errors import PluginError

if TYPE_CHECKING:
    from mephisto_blueprints.parlai_chat.blueprint import ParlAIChatBlueprint

_STARTS_AGAIN = "The conversation was interrupted on our side, and starts again from here."


class ChatRunner(TaskRunner):
    """One world for each assignment; where a conversation has one worker, for each unit."""

    blueprint: ParlAIChatBlueprint

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__(blueprint)
        self.is_concurrent = self.blueprint.worlds.agent_count > 1

    def get_init_data_for_agent(self, agent: LiveAgent) -> dict[str, Any]:
        """The context, and all that was said."""
        unit = agent.unit
        return {"task_data": {**unit.shared, **unit.data}, "past_live_updates": _said(agent)}

    def get_init_data_for_onboarding(self, agent: LiveAgent) -> dict[str, Any]:
        """The data of the onboarding, and all that was said in it."""
        return {**agent.unit.shared, "past_live_updates": _said(agent)}

    async def run_unit(self, agent: LiveAgent) -> None:
        """Lead one worker; after the engine was away, from the start unless it was over."""
        if any(is_done(update) for update in agent.history):
            await agent.await_submit()
            return
        if agent.history:
            agent.observe({"id": "Coordinator", "text": _STARTS_AGAIN, "task_data": {}})
        try:
            await self.run_assignment([agent])
        except AgentSubmittedError:
            return

    async def run_assignment(self, agents: Sequence[LiveAgent]) -> None:
        first = agents[0].unit
        data = InitializationData(first.shared, [agent.unit.data for agent in agents])
        opt = self.blueprint.shared_state.world_opt
        make_world = _prepared(self.blueprint.worlds.make_world, opt, data)
        name = f"world of assignment {first.assignment_id}"
        await Conversation(agents, name).lead(make_world, ends_with_done=True)

    async def run_onboarding(self, agent: LiveAgent) -> None:
        """The page hands in by itself when it is told that the world is over."""
        function = self.blueprint.worlds.make_onboarding_world
        if function is None:
            raise PluginError("the world file has no function 'make_onboarding_world'")
        opt = self.blueprint.shared_state.onboarding_world_opt
        data = agent.unit.shared

        def make_world(speakers: list[Any]) -> Any:
            return _prepared(function, opt, data)(speakers[0])

        name = f"onboarding world of worker {agent.worker.id}"
        await Conversation([agent], name).lead(make_world, ends_with_done=False)


def _prepared(function: Callable[..., Any], opt: dict[str, Any], data: Any) -> MakeWorld:
    """The function of a world file, with everything but its agents.

    Each world has options of its own, for worlds are known to write into them.
    """
    more = {"initialization_data": data} if takes_initialization_data(function) else {}
    return lambda speakers: function(dict(opt), speakers, **more)


def _said(agent: LiveAgent) -> list[dict[str, Any]]:
    """What the page was sent or has sent itself; notes of the world stay here."""
    return [update for update in agent.history if WORLD_DATA not in update]
