"""Two workers talk about a topic in turns, and then say how it was.

This world is plain Python: `parley` is called for each turn, in a thread of the conversation's
own, and `act` waits there for a worker. Worlds written for ParlAI's crowdsourcing tasks look the
same, and run as they are where `parlai` is installed.
"""

from __future__ import annotations

from typing import Any

FORM = [
    {
        "type": "choices",
        "question": "Did you enjoy the conversation?",
        "choices": ["Not at all", "Somewhat", "Very much"],
    },
    {"type": "text", "question": "What would have made it better?"},
]


class TopicWorld:
    """Each worker speaks once a turn."""

    def __init__(self, opt: dict[str, Any], agents: list[Any], topic: str) -> None:
        self.agents = agents
        self.topic = topic
        self.turns_left = int(opt["num_turns"])
        self.seconds = float(opt["turn_timeout"])
        for index, agent in enumerate(agents):
            agent.agent_id = f"Speaker {index + 1}"
            agent.observe({"id": "Coordinator", "text": f"Please talk about {topic}."})

    def parley(self) -> None:
        """One turn; a worker who does not answer in time ends the conversation."""
        for agent in self.agents:
            act = agent.act(timeout=self.seconds)
            for other in self.agents:
                if other is not agent:
                    other.observe(act)
        self.turns_left -= 1
        if self.turns_left == 0:
            self.ask_how_it_was()

    def ask_how_it_was(self) -> None:
        """Both fill the form at the same time: `act` without a timeout asks and does not wait."""
        for agent in self.agents:
            agent.observe(
                {
                    "id": "Coordinator",
                    "text": "That was the conversation. Please answer two questions.",
                    "task_data": {"respond_with_form": FORM},
                }
            )
            agent.act()
        for agent in self.agents:
            agent.act(timeout=self.seconds)

    def episode_done(self) -> bool:
        """Whether the workers may hand in."""
        return self.turns_left == 0

    def shutdown(self) -> None:
        """Nothing to give back."""

    def prep_save_data(self, agents: list[Any]) -> dict[str, Any]:
        """Stored with the messages of each worker."""
        return {"speaker": agents[0].agent_id, "topic": self.topic}


def make_world(opt: dict[str, Any], agents: list[Any], initialization_data: Any) -> TopicWorld:
    """Called for each conversation; `initialization_data.shared` is its row of contexts.csv."""
    return TopicWorld(opt, agents, initialization_data.shared["topic"])


def get_world_params() -> dict[str, int]:
    """How many workers there are in a conversation."""
    return {"agent_count": 2}
