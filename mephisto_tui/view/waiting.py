"""Waiting rooms in words: who is missing, and what becomes of who waits when nobody comes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from mephisto_engine.operations.watching.waiting import Outcome, Waiting
from mephisto_tui.view.words import clock_time, duration, plural

_OUTCOMES: Final[dict[Outcome, str]] = {
    "start": "they start without the others",
    "pay": "paid for waiting; item offered again",
    "return": "told so and let go; unit offered again",
}
_BRIEF: Final[dict[Outcome, str]] = {"start": "start", "pay": "paid", "return": "let go"}


def missing_in_words(room: Waiting) -> str:
    """``1 partner missing, 1 of 2 is there``."""
    verb = "is" if room.present == 1 else "are"
    return f"{plural(room.missing, 'partner')} missing, {room.present} of {room.size} {verb} there"


def then_in_words(room: Waiting, now: datetime) -> str:
    """``in 4m12s (14:26:19): paid for waiting; item offered again``."""
    if room.until is None:
        return _OUTCOMES[room.outcome]
    left = duration((room.until - now).total_seconds())
    return f"in {left} ({clock_time(room.until)}): {_OUTCOMES[room.outcome]}"


def rooms_in_words(rooms: Sequence[Waiting], now: datetime) -> str:
    """``3 of 4 there, 2 rooms · in 4m12s paid``; of the first room what becomes of it."""
    first = rooms[0]
    present, size = sum(room.present for room in rooms), sum(room.size for room in rooms)
    left = "" if first.until is None else f"in {duration((first.until - now).total_seconds())} "
    where = plural(len(rooms), "room")
    return f"{present} of {size} there, {where} · {left}{_BRIEF[first.outcome]}"
