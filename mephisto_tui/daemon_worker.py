"""A thread for work that may never return: it does not keep the process from ending."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class DaemonWorker:
    """Does one thing after the other. Unlike an executor's, its thread is not waited for at exit:
    code of a task that loops for ever, or a disk that hangs, must not hold up whoever wants to
    leave.
    """

    def __init__(self, name: str) -> None:
        self._waiting: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, function: Callable[..., T], *args: object) -> Future[T]:
        """The future of ``function(*args)``; cancelled before its turn it is passed over."""
        future: Future[T] = Future()
        self._waiting.put((future, partial(function, *args)))
        return future

    def close(self) -> None:
        """Cancel what has not begun; the thread ends after what has."""
        with suppress(Empty):
            while waiting := self._waiting.get_nowait():
                waiting[0].cancel()
        self._waiting.put(None)

    def has_ended(self, timeout: float) -> bool:
        """After `close`: whether what had begun has returned, within ``timeout`` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while waiting := self._waiting.get():
            future, work = waiting
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:
                    future.set_exception(error)
            del waiting, future, work  # a result lives as long as somebody else holds it
