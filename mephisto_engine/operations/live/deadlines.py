"""All timers of an engine in one structure: a heap on the monotonic clock, one wake-up at a time.

Deadlines are stored in the database as wall-clock times; here they are counted down on the
monotonic clock, so that a change of the wall clock ends nobody early.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable, Hashable
from datetime import datetime

from mephisto_engine.clock import Clock

log = logging.getLogger(__name__)

Action = Callable[[float], None]
"""Called with the number of seconds by which it is late."""


class Deadlines:
    """Calls actions when they are due. Setting a key again replaces its former deadline."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Hashable]] = []
        self._actions: dict[Hashable, tuple[int, Action]] = {}
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._actions)

    def set(self, key: Hashable, seconds: float, action: Action) -> None:
        """Call ``action`` in so many seconds."""
        number = next(self._numbers)
        due = self._clock.monotonic() + max(0.0, seconds)
        self._actions[key] = (number, action)
        heapq.heappush(self._heap, (due, number, key))
        if self._heap[0][1] == number:
            self._arm()

    def set_at(self, key: Hashable, moment: datetime, action: Action) -> None:
        """Call ``action`` at a wall-clock time; at once if it is past."""
        self.set(key, (moment - self._clock.now()).total_seconds(), action)

    def cancel(self, key: Hashable) -> None:
        """Forget a deadline; it is no error if there is none."""
        self._actions.pop(key, None)
        if len(self._heap) > 64 and len(self._heap) > 4 * len(self._actions):
            self._compact()

    def run_due(self) -> None:
        """Call everything that is due now."""
        now = self._clock.monotonic()
        while self._heap and self._heap[0][0] <= now:
            due, number, key = heapq.heappop(self._heap)
            current = self._actions.get(key)
            if current is None or current[0] != number:
                continue
            del self._actions[key]
            try:
                current[1](now - due)
            except Exception:
                log.exception("a deadline's action failed")
        self._arm()

    def close(self) -> None:
        """Forget all deadlines."""
        self._actions.clear()
        self._heap.clear()
        self._arm()

    def _compact(self) -> None:
        live = {number for number, _ in self._actions.values()}
        self._heap = [item for item in self._heap if item[1] in live]
        heapq.heapify(self._heap)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._heap:
            delay = max(0.0, self._heap[0][0] - self._clock.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self.run_due)
