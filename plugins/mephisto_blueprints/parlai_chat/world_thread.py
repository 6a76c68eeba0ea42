"""A thread for one plain world."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mephisto_engine.errors import PluginError


@dataclass(frozen=True)
class _Call:
    function: Callable[..., Any]
    args: tuple[Any, ...]
    outcome: asyncio.Future[Any]


class WorldThread:
    """Runs the functions of one world one after the other, in the same thread throughout.

    A pool has too few threads, as a world holds its own for as long as workers think; and it waits
    for its threads when the process ends, while a world may never return. This one is a daemon.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """The result of ``function(*args)``.

        A caller who is cancelled leaves; the thread goes on until the function returns.

        Raises:
            PluginError: it raised something that cannot leave a coroutine (`SystemExit` …).
        """
        outcome = self._loop.create_future()
        self._put(_Call(function, args, outcome))
        return await outcome

    def post(self, function: Callable[..., Any]) -> None:
        """Have a function called when the thread gets to it; nobody hears how it ended."""
        outcome = self._loop.create_future()
        outcome.cancel()
        self._put(_Call(function, (), outcome))

    def close(self) -> None:
        """The thread ends after the calls that it was given."""
        self._calls.put(None)

    def _put(self, call: _Call) -> None:
        self._calls.put(call)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            result, error = _outcome(call)
            try:
                self._loop.call_soon_threadsafe(_settle, call.outcome, result, error)
            except RuntimeError:
                return  # the loop is closed: nobody waits for anything here


def _outcome(call: _Call) -> tuple[Any, Exception | None]:
    try:
        return call.function(*call.args), None
    except StopIteration as error:
        return None, _as_plugin_error(error)
    except Exception as error:
        return None, error
    except BaseException as error:  # a world may call sys.exit
        return None, _as_plugin_error(error)


def _as_plugin_error(error: BaseException) -> PluginError:
    """These would end the event loop, or get lost in it."""
    wrapped = PluginError(f"the world ended with {error!r}")
    wrapped.__cause__ = error
    return wrapped


def _settle(outcome: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if outcome.done():
        return
    if error is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(result)
