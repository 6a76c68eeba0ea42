"""A run's workers in numbers, as words: who is there, who waits, who qualified, who was refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from mephisto_engine.operations.watching.snapshot import Crowd
from mephisto_tui.safe_text import clean, cut
from mephisto_tui.view.glyphs import DONE, FAILED
from mephisto_tui.view.words import age, duration

_LOST: Final = ("disconnect", "timeout", "returned", "partner disconnect")
_AT_IT: Final = ("onboarding", "waiting")
"""Statuses of a qualifying task that has no verdict yet."""


def agents_in_words(crowd: Crowd, now: datetime | None = None) -> str:
    """``6 in task · 1 waiting 41s · 2 onboarding · 3 lost``; for how long only with ``now``."""
    at_it = sum(crowd.onboarding.get(status, 0) for status in _AT_IT)
    parts = [f"{crowd.agents.get('in task', 0)} in task"]
    waiting = crowd.agents.get("waiting", 0)
    if waiting:
        longest = "" if now is None else f" {age(crowd.waiting_since, now)}"
        parts.append(f"{waiting} waiting{longest}")
    if at_it:
        parts.append(f"{at_it} onboarding")
    return " · ".join([*parts, f"{sum(crowd.agents.get(name, 0) for name in _LOST)} lost"])


def times_in_words(crowd: Crowd) -> str:
    """``median 3m50s  p90 7m12s``; empty before there are any."""
    if crowd.median_seconds is None or crowd.p90_seconds is None:
        return ""
    return f"median {duration(crowd.median_seconds)}  p90 {duration(crowd.p90_seconds)}"


def quality_in_words(crowd: Crowd) -> Iterator[tuple[str, str]]:
    """Label and figures of each kind of quality control that anybody has met."""
    passed, failed = (crowd.onboarding.get(name, 0) for name in ("approved", "rejected"))
    for label, right, wrong in (
        ("onboarding", passed, failed),
        ("screening", *crowd.screenings),
        ("gold", *crowd.golds),
    ):
        if right or wrong:
            share = f"({100 * wrong // (right + wrong)} %)"
            yield label, f"{right} {DONE}  {wrong} {FAILED}  {share}"


def refusals_in_words(refusals: Mapping[str, int], cells: int) -> str:
    """Reasons with how many workers were turned away for them, the most frequent first."""
    ranked = sorted(refusals.items(), key=lambda item: -item[1])
    parts = [f"{number} {clean(reason, 40).replace('_', ' ')}" for reason, number in ranked]
    return cut(" · ".join(parts), cells)
