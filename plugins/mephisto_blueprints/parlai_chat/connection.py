"""A world's way to its workers, from the event loop or from the world's own thread."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mephisto_engine.abstractions.agent import (
    AbsentAgentError,
    AgentDisconnectedError,
    AgentSubmittedError,
    AgentTimeoutError,
    LiveAgent,
)
from mephisto_engine.errors import PluginError


class Connection:
    """What the workers of one conversation have in common: it is over for all of them at once.

    It is over when one of them has left, or when all of them have handed in. From then on whatever
    the world awaits raises the error that says so: no world waits for ever.
    """

    def __init__(self, agents: Sequence[LiveAgent]) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._answers = [self._loop.create_task(agent.await_submit()) for agent in agents]
        self._end = self._loop.create_task(
            asyncio.wait(self._answers, return_when=asyncio.FIRST_EXCEPTION)
        )
        self._waiting: set[concurrent.futures.Future[Any]] = set()
        self._is_closed = False

    @property
    def is_over(self) -> bool:
        """Whether somebody has left, or all have handed in."""
        return self._end.done()

    def end_error(self) -> Exception:
        """Why it is over, as a new error."""
        for error in self._losses():
            return type(error)(error.agent)
        return AgentDisconnectedError() if self._is_closed else AgentSubmittedError()

    def _losses(self) -> Iterator[AbsentAgentError]:
        for answer in self._answers:
            error = answer.exception() if answer.done() and not answer.cancelled() else None
            if isinstance(error, AbsentAgentError):
                yield error

    async def wait_for(self, work: asyncio.Task[Any], timeout: float | None = None) -> None:
        """Return when the work is done, the conversation is over, or the time is."""
        await asyncio.wait({work, self._end}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)

    async def update_at_hand(self, agent: LiveAgent) -> dict[str, Any] | None:
        """The first of the agent's messages that have come before they were asked for.

        Raises:
            AbsentAgentError: the agent, or another one of the conversation, has left.
            AgentSubmittedError: the agent has handed in.
        """
        if self.is_over:
            raise self.end_error()
        update = self._loop.create_task(agent.get_live_update())
        try:
            # Once round the loop is what it takes to get out what is in a mailbox.
            await asyncio.sleep(0)
            return update.result() if update.done() else None
        finally:
            update.cancel()

    async def next_update(self, agent: LiveAgent, timeout: float | None) -> dict[str, Any]:
        """The agent's next message.

        Raises:
            AgentTimeoutError: there was none for ``timeout`` seconds.
            AbsentAgentError: the agent, or another one of the conversation, has left.
            AgentSubmittedError: the agent has handed in.
        """
        update = self._loop.create_task(agent.get_live_update())
        try:
            await self.wait_for(update, timeout)
            if update.done():
                return update.result()
        finally:
            update.cancel()
        raise self.end_error() if self.is_over else AgentTimeoutError(agent)

    def do(self, function: Callable[..., None], *args: Any) -> None:
        """Call a function on the event loop: now, or from another thread soon and in order.

        Raises:
            AgentDisconnectedError: the conversation was given up.
        """
        if self._is_closed:
            raise AgentDisconnectedError
        if threading.get_ident() == self._loop_thread:
            function(*args)
            return
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:  # the loop is closed
            raise AgentDisconnectedError from None

    def wait(self, coroutine: Callable[[], Any]) -> Any:
        """Hold the world's thread until a coroutine of the event loop is done.

        Raises:
            PluginError: this is the event loop's own thread, which must not be held.
            AgentDisconnectedError: the conversation was given up.
        """
        if threading.get_ident() == self._loop_thread:
            raise PluginError("`act` was called on the event loop", "An async world awaits `aact`.")
        if self._is_closed:
            raise AgentDisconnectedError
        work = coroutine()
        try:
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:  # the loop is closed
            work.close()
            raise AgentDisconnectedError from None
        self._waiting.add(future)
        try:
            if self._is_closed:
                future.cancel()
            return future.result()
        except concurrent.futures.CancelledError:
            raise AgentDisconnectedError from None
        finally:
            self._waiting.discard(future)

    def close(self) -> None:
        """Give the conversation up: a thread that waits in it is released at once."""
        self._is_closed = True
        for future in tuple(self._waiting):
            future.cancel()
        for answer in self._answers:
            answer.cancel()
        list(self._losses())  # asyncio complains of exceptions that nobody has looked at
        self._end.cancel()
