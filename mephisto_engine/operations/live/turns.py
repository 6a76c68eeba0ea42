"""Taking turns at the door."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Turns:
    """Arrivals of one worker, one after the other, so that no limit is passed twice at once."""

    def __init__(self, on_last: Callable[[], None]) -> None:
        self._on_last = on_last
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
        self._none = asyncio.Event()
        self._none.set()

    def __bool__(self) -> bool:
        return bool(self._locks)

    async def nobody(self) -> None:
        """Return when those who are arriving now have been let in or refused."""
        await self._none.wait()

    async def begin(self, worker_name: str) -> None:
        """Wait for the worker's turn."""
        self._none.clear()
        lock, waiting = self._locks.get(worker_name, (None, 0))
        lock = lock or asyncio.Lock()
        self._locks[worker_name] = (lock, waiting + 1)
        try:
            await lock.acquire()
        except BaseException:
            self._leave(worker_name)
            raise

    def end(self, worker_name: str) -> None:
        """Let the worker's next arrival go on."""
        self._locks[worker_name][0].release()
        self._leave(worker_name)

    def _leave(self, worker_name: str) -> None:
        lock, waiting = self._locks[worker_name]
        if waiting > 1:
            self._locks[worker_name] = (lock, waiting - 1)
            return
        del self._locks[worker_name]
        if not self._locks:
            self._none.set()
            self._on_last()
