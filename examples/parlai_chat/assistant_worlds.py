"""One worker teaches a very simple assistant, in a world that awaits its workers.

An async world needs no thread, so that thousands of them run side by side. Ask a model of your
own in the place of `reply`, with an async client.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mephisto_blueprints.parlai_chat import ChatWorld
from mephisto_blueprints.parlai_chat.worlds import Speaker


class AssistantWorld(ChatWorld):
    """The worker speaks, the assistant answers."""

    def __init__(self, opt: Mapping[str, Any], agents: Sequence[Speaker]) -> None:
        super().__init__(opt, agents)
        self.worker = self.agents[0]
        self.worker.agent_id = "Teacher"
        self.facts: list[str] = []

    async def parley(self) -> None:
        """One turn of the worker and the assistant."""
        if not self.facts:
            self.say("Please teach me something.", speaker="Assistant")
        act = await self.worker.aact(timeout=self.opt["turn_timeout"])
        self.facts.append(act["text"])
        self.say(await self.reply(act["text"]), speaker="Assistant")
        if len(self.facts) == self.opt["num_turns"]:
            self.finish()

    async def reply(self, text: str) -> str:
        """What the assistant has to say to a fact."""
        return f"So that is {len(self.facts)}: {text}"

    def prep_save_data(self, agents: Sequence[Speaker]) -> dict[str, Any]:
        """Stored with the messages."""
        return {"facts": self.facts}


def make_world(opt: dict[str, Any], agents: Sequence[Speaker]) -> AssistantWorld:
    """Called for each conversation."""
    return AssistantWorld(opt, agents)


def get_world_params() -> dict[str, int]:
    """How many workers there are in a conversation."""
    return {"agent_count": 1}
