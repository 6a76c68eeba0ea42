"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_START = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


class FakeClock:
    """A `Clock` moved by hand; wall-clock and monotonic time go forward together."""

    def __init__(self, start: datetime = _START) -> None:
        if start.tzinfo is None:
            raise ValueError("the start of a FakeClock has to be an aware datetime")
        self._now = start.astimezone(UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        """Wall-clock time, aware, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass; raises `ValueError` for less than nothing."""
        if seconds < 0:
            raise ValueError("time only passes forward; set_wall_clock() moves the wall clock")
        self._monotonic += seconds
        self._now += timedelta(seconds=seconds)

    def set_wall_clock(self, moment: datetime) -> None:
        """Move the wall clock alone, as an operator or NTP does."""
        self._now = moment.astimezone(UTC)
