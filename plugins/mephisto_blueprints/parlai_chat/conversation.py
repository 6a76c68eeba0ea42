"""One world and its workers, from the making of the world to its end."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from mephisto_blueprints.parlai_chat.acts import WORLD_DATA, plain
from mephisto_blueprints.parlai_chat.chat_agent import ChatAgent
from mephisto_blueprints.parlai_chat.connection import Connection
from mephisto_blueprints.parlai_chat.world_thread import WorldThread
from mephisto_engine.abstractions.agent import AbsentAgentError, AgentSubmittedError, LiveAgent
from mephisto_engine.errors import PluginError

_log = logging.getLogger(__name__)

MakeWorld = Callable[[list[ChatAgent]], Any]


class Conversation:
    """Leads a world through its turns.

    A plain world has a thread of its own; all of an async one runs on the event loop.
    """

    unwind_seconds = 5.0
    """How long a world may go on when the conversation is over for its workers."""
    shutdown_seconds = 10.0
    """How long a world may take to shut down."""

    def __init__(self, agents: Sequence[LiveAgent], name: str) -> None:
        self._agents = list(agents)
        self._connection = Connection(agents)
        self._thread = WorldThread(name)
        names = ["Worker"] if len(agents) == 1 else [f"Worker {i + 1}" for i in range(len(agents))]
        self._speakers = [
            ChatAgent(self._connection, agent, name)
            for agent, name in zip(agents, names, strict=True)
        ]
        self._is_async = False
        self._is_stuck = False

    async def lead(self, make_world: MakeWorld, *, ends_with_done: bool) -> None:
        """Make the world, and call `parley` until the episode is done.

        A fault of `shutdown` or `prep_save_data` comes out only when the workers have handed in:
        their work is done, and must not be lost to it.

        Args:
            make_world: gets the agents in the order of their units.
            ends_with_done: tell the pages at the end that the workers may hand in.

        Raises:
            AbsentAgentError: somebody has left.
            Exception: whatever the world raises.
        """
        try:
            world = await self._step(make_world, self._speakers)
            _check(world)
            self._is_async = inspect.iscoroutinefunction(world.parley)
            faults = await self._play(world)
            if ends_with_done:
                self._tell_done()
            if faults:
                answers = (agent.await_submit() for agent in self._agents)
                await asyncio.gather(*answers, return_exceptions=True)
                raise faults[0]
        finally:
            self._connection.close()
            self._thread.close()

    async def _play(self, world: Any) -> list[Exception]:
        """Take all turns; what went wrong after the last one."""
        try:
            while not await self._step(world.episode_done):
                await self._step(world.parley)
        except asyncio.CancelledError:
            await self._leave(world)
            raise
        except Exception as error:
            if self._is_stuck:
                await self._leave(world)
                raise
            may_save = isinstance(error, AbsentAgentError | AgentSubmittedError)
            for fault in await self._wind_up(world, may_save=may_save):
                _log.warning("after a conversation that broke off, its world failed: %r", fault)
            raise
        return await self._wind_up(world, may_save=True)

    async def _wind_up(self, world: Any, *, may_save: bool) -> list[Exception]:
        faults: list[Exception] = []
        if shutdown := getattr(world, "shutdown", None):
            try:
                await asyncio.wait_for(self._call(shutdown), self.shutdown_seconds)
            except Exception as error:
                faults.append(error)
        if may_save and (prep_save_data := getattr(world, "prep_save_data", None)):
            for speaker in self._speakers:
                try:
                    await self._save(speaker, prep_save_data)
                except Exception as error:
                    faults.append(error)
        return faults

    async def _save(self, speaker: ChatAgent, prep_save_data: Callable[..., Any]) -> None:
        work = self._call(prep_save_data, [speaker])
        data = plain(await asyncio.wait_for(work, self.shutdown_seconds))
        stored = {"id": "SUBMIT_WORLD_DATA", WORLD_DATA: data, "text": "", "timestamp": time.time()}
        speaker.mephisto_agent.note(stored)

    async def _step(self, function: Callable[..., Any], *args: Any) -> Any:
        """One call into the world; it is left alone if it outlasts the conversation."""
        work = asyncio.get_running_loop().create_task(self._call(function, *args))
        try:
            await self._connection.wait_for(work)
            if not work.done():
                await asyncio.wait({work}, timeout=self.unwind_seconds)
            if not work.done():
                self._is_stuck = True
                raise self._connection.end_error()
            return work.result()
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait({work}, timeout=self.unwind_seconds)

    async def _call(self, function: Callable[..., Any], *args: Any) -> Any:
        if self._is_async or inspect.iscoroutinefunction(function):
            result = function(*args)
        else:
            result = await self._thread.run(function, *args)
        return await result if inspect.isawaitable(result) else result

    def _tell_done(self) -> None:
        for speaker in self._speakers:
            if not speaker.is_done and not speaker.mephisto_agent.is_gone:
                speaker.observe({"task_data": {"task_done": True}})

    async def _leave(self, world: Any) -> None:
        """The world is in the middle of something: the engine ends, or it has got stuck.

        A thread that waits for a worker is released; the world shuts down when it gets to it.
        """
        self._connection.close()
        shutdown = getattr(world, "shutdown", None)
        if shutdown is None:
            return
        if not self._is_async:
            self._thread.post(shutdown)
            return
        try:
            await asyncio.wait_for(self._call(shutdown), self.unwind_seconds)
        except Exception as fault:
            _log.warning("a world that was broken off failed: %r", fault)


def _check(world: Any) -> None:
    for name in ("parley", "episode_done"):
        if not callable(getattr(world, name, None)):
            kind = type(world).__name__
            raise PluginError(f"make_world gave {kind}, which has no method {name!r}")
