"""The one clock: UTC for what is stored, a monotonic second count for what is measured."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the engine takes the time from; tests pass their own."""

    def now(self) -> datetime:
        """Wall-clock time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow, unaffected by wall-clock changes."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Wall-clock time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return time.monotonic()


def to_ms(moment: datetime) -> int:
    """An aware datetime as whole milliseconds since the epoch, as the database stores it."""
    return int(moment.timestamp() * 1000)


def from_ms(value: int) -> datetime:
    """Milliseconds since the epoch as an aware UTC datetime."""
    return datetime.fromtimestamp(value / 1000, UTC)
