"""A status as glyph, word and tone; never colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mephisto_tui.safe_text import clean
from mephisto_tui.view.glyphs import DONE, ENDED, FAILED, HALF, IDLE, LIVE
from mephisto_tui.view.spans import Span, Tone

Look = tuple[str, str, Tone]

_RUN: Final[dict[str, Look]] = {
    "created": (IDLE, "created", "dim"),
    "launching": (HALF, "starting", "accent"),
    "live": (LIVE, "live", "good"),
    "paused": (IDLE, "paused", "warn"),
    "draining": (HALF, "draining", "warn"),
    "completed": (DONE, "done", ""),
    "stopped": (ENDED, "stopped", ""),
    "failed": (FAILED, "failed", "bad"),
}
_UNIT: Final[dict[str, Look]] = {
    "created": (IDLE, "created", "dim"),
    "launched": (IDLE, "launched", ""),
    "assigned": (LIVE, "assigned", "accent"),
    "completed": ("?", "review", "warn"),
    "accepted": (DONE, "accepted", "good"),
    "soft_rejected": ("~", "passed", ""),
    "rejected": (FAILED, "rejected", "bad"),
    "expired": (ENDED, "expired", "dim"),
}
_AGENT: Final[dict[str, Look]] = {
    "none": (IDLE, "new", "dim"),
    "accepted": (IDLE, "accepted", ""),
    "onboarding": (HALF, "onboarding", "accent"),
    "waiting": (IDLE, "waiting", ""),
    "in task": (LIVE, "in task", "good"),
    "completed": (DONE, "submitted", ""),
    "disconnect": (FAILED, "disconnect", "bad"),
    "timeout": (FAILED, "timed out", "bad"),
    "partner disconnect": (FAILED, "partner left", "warn"),
    "expired": (ENDED, "expired", "dim"),
    "returned": (ENDED, "returned", "dim"),
    "approved": (DONE, "approved", "good"),
    "soft_rejected": ("~", "passed", ""),
    "rejected": (FAILED, "rejected", "bad"),
}

UNIT_STATUSES: Final = tuple(_UNIT)
RUN_STATUSES: Final = tuple(_RUN)
AGENT_STATUSES: Final = tuple(_AGENT)


def by_shown_word(statuses: Sequence[str]) -> dict[str, str]:
    """Word on the screen → status, for the kind of record that has these statuses."""
    for looks in (_RUN, _UNIT, _AGENT):
        if tuple(looks) == tuple(statuses):
            return {word: status for status, (_glyph, word, _tone) in looks.items()}
    return {}


def _shown(looks: dict[str, Look], status: str) -> Span:
    glyph, word, tone = looks.get(status, ("?", clean(status, 12), "warn"))
    return Span(f"{glyph} {word}", tone)


def run_status(status: str) -> Span:
    return _shown(_RUN, status)


def unit_status(status: str) -> Span:
    return _shown(_UNIT, status)


def agent_status(status: str) -> Span:
    return _shown(_AGENT, status)
