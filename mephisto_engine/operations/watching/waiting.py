"""Waiting for partners: how many are missing, and what becomes of who waits when none comes.

The engine that carries it out and the consoles that foretell it ask the same function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from mephisto_engine.abstractions.blueprint import ConcurrentArgs

Outcome = Literal["start", "pay", "return"]
"""They begin with those who are there; are paid for waiting; or the unit goes back."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An assignment that begins when somebody is on each of its units."""

    size: int
    """How many workers it takes."""
    present: int
    """How many of them are there."""
    until: datetime | None
    """When the one who came first has waited long enough."""
    outcome: Outcome
    """What happens then, if nobody comes or leaves until then."""

    @property
    def missing(self) -> int:
        """How many more have to come."""
        return max(0, self.size - self.present)


def concurrent_args(args: Any) -> ConcurrentArgs:
    """The options of a blueprint, given as an object or as a node of a stored config.

    What it does not declare is as by default.
    """
    stored = args if isinstance(args, Mapping) else vars(args)
    names = [item.name for item in fields(ConcurrentArgs) if item.name in stored]
    return ConcurrentArgs(**{name: stored[name] for name in names})


def outcome_without_partner(args: ConcurrentArgs, present: int) -> Outcome:
    """What becomes of a room in which ``present`` workers have waited in vain."""
    if args.when_no_partner == "start" and present >= args.min_agents:
        return "start"
    return "pay" if args.when_no_partner == "pay" else "return"


def asked_of_run(config: Mapping[str, Any]) -> ConcurrentArgs | None:
    """The options of a run's stored config; None where workers do not work together."""
    blueprint = config.get("mephisto", {}).get("blueprint", {})
    return concurrent_args(blueprint) if "when_no_partner" in blueprint else None
