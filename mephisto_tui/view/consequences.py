"""What a command that cannot be undone would do, in lines to read before agreeing to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mephisto_engine.cents import dollars
from mephisto_engine.data_model.status import DONE_UNIT, UnitStatus
from mephisto_engine.operations.commands.kinds import Extension
from mephisto_tui.view.words import plural

NUMBER_TO_TYPE: Final = 10
"""When more than so many are concerned, their number has to be typed."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What would happen, and to how many."""

    lines: list[str]
    number: int


def of_expiry(run_id: int, counts: Mapping[str, int]) -> Consequence:
    """What expiring units does, given how many of them have which status."""
    taken = counts.get(UnitStatus.ASSIGNED, 0)
    offered = counts.get(UnitStatus.LAUNCHED, 0)
    unpublished = counts.get(UnitStatus.CREATED, 0)
    number = taken + offered + unpublished
    lines = [f"Expire {plural(number, 'unit')} of run {run_id} that nobody has finished?", ""]
    if offered:
        lines.append(f"{offered:>6} launched  → expired, workers see ‘no longer available’")
    if unpublished:
        lines.append(f"{unpublished:>6} created   → expired, never published")
    if taken:
        who = "worker is on it now and loses" if taken == 1 else "workers are on them and lose"
        lines.append(f"{taken:>6} assigned  → {taken} {who} this work")
    lines += ["", "This cannot be undone. Nothing already submitted is touched."]
    done = sum(counts.get(status, 0) for status in DONE_UNIT)
    if done:
        lines.append(f"{plural(done, 'unit')} among them {'is' if done == 1 else 'are'} finished.")
    return Consequence(lines, number)


def of_extension(run_id: int, extension: Extension) -> list[str]:
    """What an extension makes, and what that costs at worst."""
    cap = extension.budget_cents
    of_cap = "" if cap is None else f", of a cap of {dollars(cap)}"
    return [
        f"Run {run_id} would get {plural(extension.units, 'unit')} more, of "
        f"{plural(extension.items, 'item')}.",
        f"They cost up to {dollars(extension.cost_cents)}, the whole run then",
        f"up to {dollars(extension.total_cents)}{of_cap}.",
    ]
