"""What a worker has to pass before a unit is looked for: the checks of the door, in its order.

The door takes the first that fails as its reason; `why` shows them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from mephisto_engine.abstractions.qualifications import Requirement
from mephisto_engine.database.operations.agents import Standing


class Rules(Protocol):
    """What a run asks of its workers."""

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """All of them have to be met."""

    @property
    def maximum_units_per_worker(self) -> int:
        """Units that one worker may do over all runs of the task; 0 means any number."""

    @property
    def allowed_concurrent(self) -> int:
        """Units of the run that one worker may be on at a time; 0 means any number."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer."""

    reason: str
    """What the journal calls a refusal for it."""
    is_passed: bool
    requirement: Requirement | None = None
    count: int = 0
    """Units that count against ``limit``."""
    limit: int = 0

    @property
    def refusal(self) -> str:
        """The reason, and its detail behind a colon."""
        return self.reason if self.requirement is None else f"{self.reason}:{self.requirement}"


def checks(is_open: bool, is_paused: bool, rules: Rules, standing: Standing) -> Iterator[Check]:
    """Every check of the door, in the order in which it makes them.

    Args:
        is_open: whether the run goes on.
        is_paused: whether it lets nobody new in for a while.
        rules: what the run asks.
        standing: what is stored of the worker.
    """
    yield Check("closed", is_open)
    yield Check("paused", not is_paused)
    yield Check("blocked", not standing.worker.is_blocked)
    for item in rules.requirements:
        yield Check("not_qualified", item.is_met_by(standing.worker), requirement=item)
    most, used = rules.maximum_units_per_worker, standing.used_units
    if most > 0:
        yield Check("maximum_units_per_worker", used < most, count=used, limit=most)
    most, live = rules.allowed_concurrent, standing.live_units
    if most > 0:
        yield Check("allowed_concurrent", live < most, count=live, limit=most)


def why_not(is_open: bool, is_paused: bool, rules: Rules, standing: Standing) -> str:
    """Why a worker is turned away (detail behind a colon); empty if every check is passed."""
    failed = (check for check in checks(is_open, is_paused, rules, standing) if not check.is_passed)
    first = next(failed, None)
    return "" if first is None else first.refusal
