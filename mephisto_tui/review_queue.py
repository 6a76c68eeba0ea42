"""The units that a reviewer goes through: their order, groups and filter, and where they are.

The unit under the eye stays where it is, whatever comes in beside it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, Literal, NamedTuple

from mephisto_engine.database.queries.review import QueuedUnit
from mephisto_tui.safe_text import clean
from mephisto_tui.view.decisions import PAST
from mephisto_tui.view.filtering import parse_filter, text_matches

Grouping = Literal["worker", "item"]

STATES: Final = ("open", "staged", "failed", *PAST.values())
"""What a filter may ask for: undecided, decided, could not be sent, or a verdict."""

_ID_OF: Final = {"worker": attrgetter("worker_id"), "item": attrgetter("assignment_id")}
_BY_INDEX: Final = attrgetter("unit_index", "unit_id")
_BY_AGE: Final = attrgetter("submitted_ms", "unit_id")


@dataclass(frozen=True)
class Arrangement:
    """Units in the order in which they are reviewed: group after group, the oldest first."""

    grouping: Grouping
    text: str
    by_age: list[QueuedUnit]
    """All that wait, also those that the filter hides."""
    units: list[QueuedUnit]
    starts: list[int]
    """Where each group begins among ``units``."""
    places: dict[int, int]
    """Unit → its place among ``units``."""


def arranged(
    units: Iterable[QueuedUnit],
    grouping: Grouping,
    text: str,
    failed: Collection[int] = frozenset(),
) -> Arrangement:
    """Units in groups; of many thousands this is a tenth of a second's work, for any thread."""
    by_age = sorted(units, key=_BY_AGE)
    return _grouped(by_age, grouping, text, _Known({}, failed))


class _Known(NamedTuple):
    """What is known of units beside what was read of them."""

    verdicts: Mapping[int, str]
    """Unit → what has been staged for it since, or is no longer."""
    failed: Collection[int]
    """Units whose decision could not be sent."""

    def is_in(self, unit: QueuedUnit, state: str) -> bool:
        """Whether a unit is in the state that a filter asks for."""
        verdict = self.verdict(unit)
        if state == "failed":
            return unit.unit_id in self.failed
        if state in ("open", "staged"):
            return bool(verdict) == (state == "staged")
        return PAST.get(verdict) == state

    def verdict(self, unit: QueuedUnit) -> str:
        return self.verdicts.get(unit.unit_id, unit.staged)


def _grouped(by_age: list[QueuedUnit], grouping: Grouping, text: str, known: _Known) -> Arrangement:
    id_of = _ID_OF[grouping]
    groups: defaultdict[int, list[QueuedUnit]] = defaultdict(list)
    for unit in _matching(by_age, text, known) if text else by_age:
        groups[id_of(unit)].append(unit)
    shown: list[QueuedUnit] = []
    starts = []
    for group in groups.values():
        starts.append(len(shown))
        if grouping == "item":
            group.sort(key=_BY_INDEX)  # as they stand side by side
        shown += group
    places = {unit.unit_id: place for place, unit in enumerate(shown)}
    return Arrangement(grouping, text, by_age, shown, starts, places)


def _matching(units: Iterable[QueuedUnit], text: str, known: _Known) -> Iterator[QueuedUnit]:
    """Units in the state that is asked for, whose worker, task or number matches."""
    wish = parse_filter(text, STATES)
    names: dict[tuple[int, int], bool] = {}
    for unit in units:
        if wish.status and not known.is_in(unit, wish.status):
            continue
        key = (unit.worker_id, unit.run_id)
        if key not in names:
            shown = f"{clean(unit.worker_name)} {clean(unit.task_name)}"
            names[key] = text_matches(shown, wish.text, is_fuzzy=wish.is_fuzzy)
        is_meant = names[key] or (not wish.is_fuzzy and wish.text in str(unit.unit_id))
        if is_meant != wish.is_inverse:
            yield unit


@dataclass
class ReviewQueue:
    """Units in groups, a place among them, and those that are marked."""

    grouping: Grouping = "worker"
    text: str = ""
    place: int = 0
    before: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """Worker → units accepted, passed and rejected earlier."""
    marks: set[int] = field(default_factory=set)
    """Units that are marked for a decision about several."""
    verdicts: dict[int, str] = field(default_factory=dict)
    """Unit → what is staged for it; empty while nothing is."""
    failed: frozenset[int] = frozenset()
    """Units whose decision could not be sent."""
    _last_mark: int | None = None
    """The unit that was marked last: where a range begins."""
    _all: Arrangement = field(default_factory=lambda: arranged((), "worker", ""))

    @property
    def units(self) -> list[QueuedUnit]:
        """Those that the filter shows, in the order in which they are reviewed."""
        return self._all.units

    @property
    def current(self) -> QueuedUnit | None:
        """The unit under the eye; None when there is none."""
        return self.units[self.place] if self.units else None

    @property
    def total(self) -> int:
        """Units that wait, whatever the filter shows."""
        return len(self._all.by_age)

    @property
    def group_count(self) -> int:
        return len(self._all.starts)

    @property
    def group_index(self) -> int:
        """Which of the groups the unit at hand belongs to."""
        return max(0, bisect_right(self._all.starts, self.place) - 1)

    @property
    def group(self) -> Sequence[QueuedUnit]:
        """The units of the group at hand."""
        first, last = self.bounds
        return self.units[first:last]

    @property
    def bounds(self) -> tuple[int, int]:
        """Where the group at hand begins, and one past its end."""
        return self.bounds_of(self.group_index) if self.units else (0, 0)

    def bounds_of(self, index: int) -> tuple[int, int]:
        """Where a group begins, and one past its end."""
        starts = self._all.starts
        last = starts[index + 1] if index + 1 < len(starts) else len(self.units)
        return starts[index], last

    def load(
        self,
        arrangement: Arrangement,
        before: dict[int, tuple[int, int, int]] | None = None,
        failed: Collection[int] = frozenset(),
    ) -> None:
        """Take what is in the database now; the place stays at its unit, or where it was."""
        self.before, self.failed = before or {}, frozenset(failed)
        self.verdicts = {unit.unit_id: unit.staged for unit in arrangement.by_age}
        self._take(arrangement)
        if (arrangement.grouping, arrangement.text) != (self.grouping, self.text):
            self._regroup()
        self.marks &= self.verdicts.keys()

    def narrow(self, text: str) -> None:
        """Show only some units: words, ``!without``, ``~fuzzy``, ``state:open`` (see `STATES`)."""
        self.text = text.strip().lower()
        self._regroup()

    def regroup(self) -> None:
        """By item instead of by worker, or the other way round."""
        self.grouping = "item" if self.grouping == "worker" else "worker"
        self._regroup()

    def mark(self, verdicts: dict[int, str]) -> None:
        """Note what is staged for some units; empty where nothing is any more."""
        for unit_id, verdict in verdicts.items():
            if unit_id in self.verdicts:
                self.verdicts[unit_id] = verdict

    def staged_for(self, unit: QueuedUnit) -> str:
        """The verdict that is staged for a unit; empty while nothing is."""
        return self.verdicts.get(unit.unit_id, "")

    def move(self, delta: int) -> None:
        """Go so many units on, or back; the ends hold."""
        self.place = min(max(0, self.place + delta), max(0, len(self.units) - 1))

    def move_group(self, delta: int) -> None:
        """Go to the first unit of the next group, or of the one before."""
        if self.units:
            index = min(max(0, self.group_index + delta), self.group_count - 1)
            self.place = self._all.starts[index]

    def move_to_end(self, *, is_last: bool) -> None:
        """Go to the first or the last unit."""
        self.place = max(0, len(self.units) - 1) if is_last else 0

    def move_to_unit(self, unit_id: int | None) -> bool:
        """Go to a unit; False, and no move, where the filter does not show it."""
        place = None if unit_id is None else self._all.places.get(unit_id)
        if place is not None:
            self.place = place
        return place is not None

    def first_open(self) -> None:
        """Go to the first unit without a decision; where there is none, stay."""
        places = (place for place, unit in enumerate(self.units) if not self.staged_for(unit))
        self.place = next(places, self.place)

    def next_open(self) -> bool:
        """Go to the next unit without a decision, from the start again after the last."""
        place = self._next_open()
        if place is not None:
            self.place = place
        return place is not None

    @property
    def coming(self) -> QueuedUnit | None:
        """The unit that a decision about this one would lead to."""
        place = self._next_open()
        return None if place is None else self.units[place]

    def _next_open(self) -> int | None:
        number = len(self.units)
        ahead = ((self.place + step) % number for step in range(1, number + 1))
        return next((place for place in ahead if not self.staged_for(self.units[place])), None)

    def rest_of_worker(self) -> list[QueuedUnit]:
        """Units of the worker at hand that nothing is decided about, the one at hand first."""
        here = self.current
        if here is None:
            return []
        among = self.group if self.grouping == "worker" else self.units
        same = [
            unit for unit in among if unit.worker_id == here.worker_id and not self.staged_for(unit)
        ]
        return sorted(same, key=lambda unit: unit.unit_id != here.unit_id)

    def toggle_mark(self) -> bool:
        """Mark the unit at hand, or no longer, and go on; False if there is none."""
        here = self.current
        if here is None:
            return False
        self.marks ^= {here.unit_id}
        self._last_mark = here.unit_id
        self.move(1)
        return True

    def mark_range(self) -> bool:
        """Mark from the last mark to the unit at hand; False if nothing shown was marked."""
        last = self._all.places.get(self._last_mark) if self._last_mark in self.marks else None
        if last is None:
            return False
        first, end = sorted((last, self.place))
        self.marks |= {unit.unit_id for unit in self.units[first : end + 1]}
        return True

    def mark_all(self) -> None:
        """Mark all that the filter shows; nothing, if they are marked already."""
        shown = {unit.unit_id for unit in self.units}
        if shown <= self.marks:
            self.marks.clear()
        else:
            self.marks |= shown

    @property
    def marked(self) -> list[QueuedUnit]:
        """The marked units, also those that the filter hides; the oldest first."""
        if not self.marks:
            return []
        return [unit for unit in self._all.by_age if unit.unit_id in self.marks]

    def _regroup(self) -> None:
        known = _Known(self.verdicts, self.failed)
        self._take(_grouped(self._all.by_age, self.grouping, self.text, known))

    def _take(self, arrangement: Arrangement) -> None:
        here = self.current
        self._all = arrangement
        fallback = min(self.place, max(0, len(self.units) - 1))
        self.place = arrangement.places.get(here.unit_id, fallback) if here is not None else 0
