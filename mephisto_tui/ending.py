"""How a console came to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reason = Literal["quit", "detach", "done", "terminated", "hangup", "error"]


@dataclass(frozen=True, slots=True)
class ConsoleExit:
    """How a console ended; what becomes of an engine is for the caller to decide."""

    reason: Reason
    message: str = ""
    """What to tell the person who started it; safe to print."""
