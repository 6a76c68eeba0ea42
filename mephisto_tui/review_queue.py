"""The units that a reviewer goes through: their order, groups and filter, and where they are.

The unit under the eye stays where it is, whatever comes in beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from mephisto_engine.database.queries.review import QueuedUnit
from mephisto_tui.safe_text import clean

Grouping = Literal["worker", "item"]

_ORDERS: Final[dict[Grouping, Callable[[QueuedUnit], tuple[int, ...]]]] = {
    "worker": lambda unit: (unit.worker_id,),
    "item": lambda unit: (unit.assignment_id,),
}


@dataclass
class ReviewQueue:
    """Units in groups, and a place among them."""

    grouping: Grouping = "worker"
    text: str = ""
    units: list[QueuedUnit] = field(default_factory=list)
    """Those that the filter shows, in the order in which they are reviewed."""
    place: int = 0
    groups: list[tuple[int, int]] = field(default_factory=list)
    """First and one past the last of each group, as places in ``units``."""
    before: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """Worker → units accepted, passed and rejected earlier."""
    _all: dict[int, QueuedUnit] = field(default_factory=dict)
    _places: dict[int, int] = field(default_factory=dict)

    @property
    def current(self) -> QueuedUnit | None:
        """The unit under the eye; None when there is none."""
        return self.units[self.place] if self.units else None

    @property
    def total(self) -> int:
        """Units that wait, whatever the filter shows."""
        return len(self._all)

    @property
    def group(self) -> Sequence[QueuedUnit]:
        """The units of the group at hand."""
        first, last = self.bounds
        return self.units[first:last]

    @property
    def bounds(self) -> tuple[int, int]:
        """Where the group at hand begins, and one past its end."""
        return next((pair for pair in self.groups if pair[0] <= self.place < pair[1]), (0, 0))

    def load(
        self, units: Sequence[QueuedUnit], before: dict[int, tuple[int, int, int]] | None = None
    ) -> None:
        """Take what is in the database now; the place stays at its unit, or where it was."""
        self._all = {unit.unit_id: unit for unit in units}
        self.before = before or {}
        self._arrange()

    def narrow(self, text: str) -> None:
        """Show only units whose worker, task or number holds the text."""
        self.text = text.strip().lower()
        self._arrange()

    def regroup(self) -> None:
        """By item instead of by worker, or the other way round."""
        self.grouping = "item" if self.grouping == "worker" else "worker"
        self._arrange()

    def mark(self, verdicts: dict[int, str]) -> None:
        """Note what is staged for some units; empty where nothing is any more."""
        for unit_id, verdict in verdicts.items():
            if unit_id in self._all:
                self._all[unit_id] = self._all[unit_id]._replace(staged=verdict)
            if unit_id in self._places:
                self.units[self._places[unit_id]] = self._all[unit_id]

    def move(self, delta: int) -> None:
        """Go so many units on, or back; the ends hold."""
        self.place = min(max(0, self.place + delta), max(0, len(self.units) - 1))

    def move_group(self, delta: int) -> None:
        """Go to the first unit of the next group, or of the one before."""
        index = self.groups.index(self.bounds) if self.units else 0
        index = min(max(0, index + delta), max(0, len(self.groups) - 1))
        self.place = self.groups[index][0] if self.groups else 0

    def move_to_end(self, *, is_last: bool) -> None:
        """Go to the first or the last unit."""
        self.place = max(0, len(self.units) - 1) if is_last else 0

    def next_open(self) -> bool:
        """Go to the next unit without a decision, from the start again after the last."""
        number = len(self.units)
        for step in range(1, number + 1):
            place = (self.place + step) % number
            if not self.units[place].staged:
                self.place = place
                return True
        return False

    def rest_of_worker(self) -> list[QueuedUnit]:
        """Units of the worker at hand that nothing is decided about, the one at hand first."""
        here = self.current
        if here is None:
            return []
        among = self.group if self.grouping == "worker" else self.units
        same = [unit for unit in among if unit.worker_id == here.worker_id and not unit.staged]
        return sorted(same, key=lambda unit: unit.unit_id != here.unit_id)

    def _arrange(self) -> None:
        here = self.current
        shown = [unit for unit in self._all.values() if self._matches(unit)]
        shown.sort(key=lambda unit: (unit.submitted_at, unit.unit_id))
        order = _ORDERS[self.grouping]
        first: dict[tuple[int, ...], int] = {}
        for place, unit in enumerate(shown):
            first.setdefault(order(unit), place)
        self.units = sorted(shown, key=lambda unit: first[order(unit)])
        self.groups = _groups(self.units, order)
        self._places = places = {unit.unit_id: place for place, unit in enumerate(self.units)}
        fallback = min(self.place, max(0, len(self.units) - 1))
        self.place = places.get(here.unit_id, fallback) if here is not None else 0

    def _matches(self, unit: QueuedUnit) -> bool:
        if not self.text:
            return True
        shown = f"{clean(unit.worker_name)} {clean(unit.task_name)} {unit.unit_id} {unit.staged}"
        return self.text in shown.lower()


def _groups(
    units: Sequence[QueuedUnit], order: Callable[[QueuedUnit], tuple[int, ...]]
) -> list[tuple[int, int]]:
    starts = [
        place
        for place, unit in enumerate(units)
        if place == 0 or order(unit) != order(units[place - 1])
    ]
    return list(zip(starts, [*starts[1:], len(units)], strict=False))
