"""Task code for pages that talk: an echo for one worker, a relay for two."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from mephisto_blueprints.mock import MockBlueprint, MockTaskRunner
from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.config import LaunchConfig, launch_config_from_dict


class TalkRunner(MockTaskRunner):
    """Says everything back; in a conversation, to the partner."""

    async def run_unit(self, agent: LiveAgent) -> None:
        while True:
            said = await agent.get_live_update()
            agent.observe({"handles": said["request_id"], "response": said["args"]})

    async def run_assignment(self, agents: Sequence[LiveAgent]) -> None:
        one, other = agents
        await asyncio.gather(_relay(one, other), _relay(other, one))


async def _relay(speaker: LiveAgent, hearer: LiveAgent) -> None:
    while True:
        said = await speaker.get_live_update()
        hearer.observe({"text": said["text"], "number": said["number"]})


class TalkBlueprint(MockBlueprint):
    """Numbered assignments whose pages talk."""

    BLUEPRINT_TYPE = "talk"
    TaskRunnerClass = TalkRunner


def talk_config(registry: Registry, assignments: int, *, in_pairs: bool) -> LaunchConfig:
    """A run of talking pages, served on the loopback."""
    registry.register("blueprint", "talk", TalkBlueprint)
    node: dict[str, Any] = {
        "blueprint": {
            "_blueprint_type": "talk",
            "num_assignments": assignments,
            "units_per_assignment": 2 if in_pairs else 1,
            "is_concurrent": in_pairs,
        },
        "architect": {"_architect_type": "local", "hostname": "127.0.0.1", "port": "0"},
        "provider": {"_provider_type": "mock"},
        "task": {
            "task_name": "benchmark",
            "task_title": "Benchmark",
            "task_description": "A task that nobody is paid for",
            "task_reward": 0.1,
            "task_tags": "benchmark",
        },
    }
    return launch_config_from_dict(node, registry)
