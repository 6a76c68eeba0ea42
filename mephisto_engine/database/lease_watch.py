"""Which engines are alive, as far as this process has seen.

An engine of this machine lives as long as its process exists. Of one elsewhere there is only what
it writes: it renews its lease every two seconds, and a lease that stood still for `LEASE_SECONDS`
*while somebody watched it* may be taken over. No clock of another host is trusted for that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mephisto_engine import processes
from mephisto_engine.clock import Clock

LEASE_SECONDS = 15.0
"""A lease that has not been renewed for so long may be taken over."""


SHARP_SECONDS = 1.0
"""Two looks so close together tell when a renewal was, and so how far the clocks are apart."""


@dataclass(frozen=True, slots=True)
class LeaseSight:
    """A lease as it was just read, without its table."""

    run_id: int
    holder: str
    pid: int
    process: str
    fence: int
    renewals: int
    renewed_at: datetime


@dataclass(slots=True)
class _Seen:
    stamp: tuple[str, int, int]
    since: float
    """When it was first seen so, in monotonic seconds of this process."""
    is_news: bool
    """Whether it was seen to change: else it may have stood still for long already."""
    skew: timedelta
    looked_at: float


class LeaseWatch:
    """Remembers when each lease was last seen to change; for all threads of a process."""

    def __init__(
        self, clock: Clock, exists: Callable[[int, str], bool | None] = processes.exists
    ) -> None:
        self._clock = clock
        self._exists = exists
        self._seen: dict[int, _Seen] = {}
        self._door = threading.Lock()

    def is_alive(self, lease: LeaseSight) -> bool | None:
        """Whether the engine that holds a lease lives; None: it was not watched long enough yet."""
        seen = self._look(lease)
        exists = self._exists(lease.pid, lease.process)
        if exists is not None:
            return exists
        if self._clock.monotonic() - seen.since >= LEASE_SECONDS:
            return False
        return True if seen.is_news else None

    def seems_alive(self, lease: LeaseSight) -> bool:
        """The same for those who cannot wait: meanwhile the clocks of the hosts are believed."""
        known = self.is_alive(lease)
        age = (self._clock.now() - lease.renewed_at).total_seconds()
        return abs(age) < LEASE_SECONDS if known is None else known

    def skew(self, lease: LeaseSight) -> timedelta:
        """How far the clock of the engine's host is ahead of this one's; 0 while unknown."""
        return self._look(lease).skew

    def _look(self, lease: LeaseSight) -> _Seen:
        now = self._clock.monotonic()
        stamp = (lease.holder, lease.fence, lease.renewals)
        with self._door:
            seen = self._seen.get(lease.run_id)
            if seen is not None and stamp[0] == seen.stamp[0] and stamp < seen.stamp:
                return seen  # read before somebody else here read it anew
            if seen is None or seen.stamp != stamp:
                gap = LEASE_SECONDS if seen is None else now - seen.looked_at
                skew = timedelta(0) if seen is None else seen.skew
                if gap <= SHARP_SECONDS:
                    skew = lease.renewed_at - self._clock.now()
                seen = _Seen(stamp, now, gap < LEASE_SECONDS, skew, now)
                self._seen[lease.run_id] = seen
            seen.looked_at = now
        return seen
