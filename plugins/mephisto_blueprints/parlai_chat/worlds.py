"""A base class for worlds. It imports nothing of the engine, so that worlds are easily tested.

A world need not come from it: `parley`, `episode_done` and `shutdown` make one, and
`prep_save_data(agents)` may give data to be stored. Where `parley` is a plain function, the world
has a thread of its own, and its agents wait in `act`; where it is a coroutine function, the world
runs on the event loop with all the others, and its agents wait in `aact`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol


class Speaker(Protocol):
    """A worker in the conversation, as a world sees them."""

    agent_id: str
    """Name that everybody in the conversation sees; setting it tells the worker's page."""

    async def aact(self, timeout: float | None = None) -> dict[str, Any]:
        """Ask for a message and wait for it, for ``timeout`` seconds at most."""
        ...

    def observe(self, act: Mapping[str, Any]) -> None:
        """Show a message to the worker."""
        ...


class ChatWorld:
    """A conversation on the event loop. Override `parley`, and call `finish` when it is over."""

    def __init__(self, opt: Mapping[str, Any], agents: Sequence[Speaker]) -> None:
        self.opt = dict(opt)
        self.agents = list(agents)
        self._is_finished = False

    async def parley(self) -> None:
        """One turn; called again and again until the world is finished.

        An `AbsentAgentError` of `aact` says that somebody has left. Let it pass: the workers who
        stay are told, and can hand in.
        """
        raise NotImplementedError

    def finish(self) -> None:
        """The conversation is over: the workers may hand in."""
        self._is_finished = True

    def episode_done(self) -> bool:
        """Whether the conversation is over."""
        return self._is_finished

    async def shutdown(self) -> None:
        """Give back what the world holds. Called once, however the conversation ended."""

    def prep_save_data(self, agents: Sequence[Speaker]) -> Any:
        """What is to be stored beside the messages of these workers, as JSON can hold it."""
        return None

    def say(
        self,
        text: str,
        to: Iterable[Speaker] | None = None,
        *,
        speaker: str = "Coordinator",
        **task_data: Any,
    ) -> None:
        """Show a message of the world's own to some workers, or to all of them.

        Args:
            text: what is said.
            to: who is to see it.
            speaker: the name beside it.
            task_data: more for the page, such as ``respond_with_form=[…]``.
        """
        for agent in self.agents if to is None else to:
            act: dict[str, Any] = {"id": speaker, "text": text, "episode_done": False}
            agent.observe({**act, "task_data": task_data} if task_data else act)

    def pass_on(self, act: Mapping[str, Any], speaker: Speaker) -> None:
        """Show what one worker said to all the others."""
        for agent in self.agents:
            if agent is not speaker:
                agent.observe(act)
