"""Threads for functions that are not asynchronous."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

MOST_BUSY: Final = 64
"""Functions that run at a time; what is more waits."""
MOST_STUCK: Final = 256
"""Threads given up on that others are started in place of."""
LINGER_SECONDS: Final = 10.0
"""How long a thread waits for more work before it ends; starting one costs the loop dearly."""


@dataclass(eq=False)
class _Work:
    function: Callable[..., Any]
    args: tuple[Any, ...]
    done: asyncio.Future[Callable[[], Any]]
    is_running: bool = False
    is_given_up: bool = False


class CallThreads:
    """Threads that are started when there is work, and end when there has been none for a while.

    Not an executor, because a thread cannot be stopped: a function that never returns would take
    one of an executor's threads for good, and keep the process from ending. Here another thread is
    started in the place of one that nobody waits for any more, and all of them are daemons.
    """

    def __init__(self, most_busy: int = MOST_BUSY, most_stuck: int = MOST_STUCK) -> None:
        self._most_busy = most_busy
        self._most_stuck = most_stuck
        self._lock = threading.Lock()
        self._has_work = threading.Condition(self._lock)
        self._waiting: deque[_Work] = deque()
        self._count = 0
        self._idle = 0
        self._stuck = 0

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """What the function returns or raises; when this is cancelled, the function is left alone.

        Raises:
            RuntimeError: the system gives no more threads.
        """
        work = _Work(function, args, asyncio.get_running_loop().create_future())
        self._add(work)
        try:
            outcome = await work.done
        except asyncio.CancelledError:
            self._give_up(work)
            raise
        return outcome()

    def _add(self, work: _Work) -> None:
        with self._lock:
            self._waiting.append(work)
        try:
            self._start_if_needed()
        except RuntimeError:
            self._give_up(work)
            raise

    def _start_if_needed(self) -> None:
        with self._lock:
            if self._idle >= len(self._waiting):
                self._has_work.notify()
                return
            if self._count - min(self._stuck, self._most_stuck) >= self._most_busy:
                return
            self._count += 1
        try:
            threading.Thread(target=self._work, name="remote-procedure", daemon=True).start()
        except RuntimeError:
            with self._lock:
                self._count -= 1
            raise

    def _give_up(self, work: _Work) -> None:
        with self._lock:
            if work in self._waiting:
                self._waiting.remove(work)
            elif work.is_running:
                work.is_given_up = True
                self._stuck += 1
        with contextlib.suppress(RuntimeError):  # then what waits has to wait on
            self._start_if_needed()

    def _work(self) -> None:
        while (work := self._next()) is not None:
            outcome = _outcome(work.function, work.args)
            with self._lock:
                work.is_running = False
                self._stuck -= work.is_given_up
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know
                work.done.get_loop().call_soon_threadsafe(_tell, work.done, outcome)

    def _next(self) -> _Work | None:
        with self._lock:
            self._idle += 1
            self._has_work.wait_for(lambda: self._waiting, LINGER_SECONDS)
            self._idle -= 1
            if not self._waiting:
                self._count -= 1
                return None
            work = self._waiting.popleft()
            work.is_running = True
            return work


def _outcome(function: Callable[..., Any], args: tuple[Any, ...]) -> Callable[[], Any]:
    """What the function did, to be done once more by whoever waits for it: return or raise.

    Not put into the future as an exception, which refuses `StopIteration`.
    """
    try:
        result = function(*args)
    except BaseException as error:
        failure = error

        def fail() -> Any:
            raise failure

        return fail
    return lambda: result


def _tell(done: asyncio.Future[Callable[[], Any]], outcome: Callable[[], Any]) -> None:
    if not done.done():
        done.set_result(outcome)
