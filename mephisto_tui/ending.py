"""How a console came to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

IDLE_SECONDS: Final = 30.0
"""How long a console that may end with its run waits for somebody to press a key."""

Reason = Literal["quit", "detach", "done", "terminated", "hangup", "error"]


@dataclass(frozen=True, slots=True)
class ConsoleExit:
    """How a console ended; what becomes of an engine is for the caller to decide."""

    reason: Reason
    message: str = ""
    """What to tell the person who started it; safe to print."""
    is_held_up: bool = False
    """Whether the database has not answered by the end: closing it may take for ever."""


class LastLook:
    """Ends a console some time after its run, unless somebody is there: any key keeps it."""

    def __init__(self) -> None:
        self._is_kept = False
        self._since: float | None = None

    def keep(self) -> None:
        """Somebody is there; the console is theirs to leave from now on."""
        self._is_kept = True

    def seconds_left(self, *, is_over: bool, now: float) -> float | None:
        """Seconds until the console ends by itself; None while it does not mean to.

        Args:
            is_over: whether the run has ended.
            now: the monotonic clock, in seconds.
        """
        if self._is_kept or not is_over:
            self._since = None
            return None
        if self._since is None:
            self._since = now
        return max(0.0, IDLE_SECONDS - (now - self._since))
