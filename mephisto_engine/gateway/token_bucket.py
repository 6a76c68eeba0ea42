"""A rate that may be exceeded for a moment, but not for long."""

from __future__ import annotations

import time


class TokenBucket:
    """Lets ``rate`` events a second through, and ``burst`` of them at once after a quiet time."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float, now: float | None = None) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = time.monotonic() if now is None else now

    def take(self, now: float | None = None) -> bool:
        """Whether one more event is within the rate; ``now`` is monotonic seconds."""
        now = time.monotonic() if now is None else now
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
