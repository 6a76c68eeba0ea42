"""Decisions as an operator reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mephisto_engine.cents import dollars
from mephisto_tui.view.spans import Tone

if TYPE_CHECKING:
    from mephisto_engine.operations.reviewing.review import Summary

VERBS: Final = {"accepted": "accept", "soft_rejected": "pass", "rejected": "reject"}
"""Verdict → what the operator does; a unit that is passed is paid and not kept."""

PAST: Final = {"accepted": "accepted", "soft_rejected": "passed", "rejected": "rejected"}
MARKS: Final[dict[str, tuple[str, Tone]]] = {
    "accepted": ("✓", "good"),
    "soft_rejected": ("~", "warn"),
    "rejected": ("✗", "bad"),
    "": ("·", "dim"),
}
"""Verdict → its glyph; empty: undecided."""


def summary_line(summary: Summary) -> str:
    """``accept 4 $1.20 · pass 1 $0.30 · reject 0``, with bonuses and blocks if there are any."""
    parts = []
    for verdict, verb in VERBS.items():
        cents = summary.cents.get(verdict, 0)
        number = summary.counts.get(verdict, 0)
        parts.append(f"{verb} {number} {dollars(cents)}" if cents else f"{verb} {number}")
    if summary.bonus_cents:
        parts.append(f"bonuses {dollars(summary.bonus_cents)}")
    if summary.blocks:
        parts.append(f"block {summary.blocks}")
    return " · ".join(parts)


def summary_table(summary: Summary) -> list[str]:
    """The same in a line each, where all of it has to be read before it is agreed to."""
    rows = []
    for verdict, verb in VERBS.items():
        cents = dollars(summary.cents.get(verdict, 0)) if verdict != "rejected" else "unpaid"
        number = summary.counts.get(verdict, 0)
        rows += [(verb, str(number), cents)] if number else []
    if summary.bonus_cents:
        rows.append(("bonuses", "", dollars(summary.bonus_cents)))
    if summary.blocks:
        rows.append(("block", str(summary.blocks), "for good"))
    return [f"{verb:<8}{number:>6}{what:>12}" for verb, number, what in rows]
