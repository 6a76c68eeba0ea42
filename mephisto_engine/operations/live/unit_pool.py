"""The units that can be handed out now, and which one an arriving worker gets.

Assignments are offered in the order in which they were made, those that came back first, and a
worker never gets two units of one assignment. Taking costs O(1) whatever the size of the pool: a
worker's next search starts where the last one ended (`Cursor`), because what lies before it is
either taken or an assignment that the worker has been on.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Cursor:
    """One worker's way through the assignments of a run."""

    seen: set[int] = field(default_factory=set)
    """Assignments that the worker is on or has done."""
    position: int = 0
    """Every never-returned assignment with a smaller id is taken or in ``seen``."""


class UnitPool:
    """Available units by assignment. Ids of assignments grow in the order of creation."""

    def __init__(self, fills_begun_first: bool = False) -> None:
        self._fills_begun_first = fills_begun_first
        """Whether an assignment that somebody is on is filled before another one is begun."""
        self._fresh = array("q")
        """Assignment ids in ascending order; entries without units are skipped."""
        self._head = 0
        self._units: dict[int, list[int] | int] = {}
        """Assignment → its available units; a bare number where there is one (most runs)."""
        self._returned: OrderedDict[int, None] = OrderedDict()
        """Assignments that a unit came back to; looked at first."""
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, assignment_id: int, unit_id: int) -> None:
        """Offer a unit that was published for the first time."""
        if self._put(assignment_id, unit_id):
            if self._fresh and assignment_id <= self._fresh[-1]:
                self._returned[assignment_id] = None
            else:
                self._fresh.append(assignment_id)

    def give_back(self, assignment_id: int, unit_id: int) -> None:
        """Offer a unit again, before those that nobody has had."""
        self._put(assignment_id, unit_id)
        self._returned[assignment_id] = None

    def take(self, cursor: Cursor) -> tuple[int, int] | None:
        """Claim a unit for a worker: ``(assignment id, unit id)``, or None if there is none."""
        for assignment_id in self.candidates(cursor):
            return assignment_id, self.claim(assignment_id, cursor)
        return None

    def candidates(self, cursor: Cursor) -> Iterator[int]:
        """Assignments with a unit that the worker may have, in the order of offering.

        The pool must not change while the iterator is in use.
        """
        seen = cursor.seen
        for assignment_id in self._returned:
            if assignment_id not in seen:
                yield assignment_id
        units, fresh = self._units, self._fresh
        while self._head < len(fresh) and fresh[self._head] not in units:
            self._head += 1
        place = self._head
        if cursor.position:
            place = max(place, bisect_left(fresh, cursor.position, self._head))
        is_first = True
        while place < len(fresh):
            assignment_id = fresh[place]
            place += 1
            if assignment_id not in units or assignment_id in seen:
                continue
            if assignment_id in self._returned:
                continue
            if is_first:
                cursor.position = assignment_id
                is_first = False
            yield assignment_id

    def peek(self, assignment_id: int) -> int | None:
        """The unit that `claim` would give, or None if there is none any more."""
        held = self._units.get(assignment_id)
        return held[0] if isinstance(held, list) else held

    def claim(self, assignment_id: int, cursor: Cursor) -> int:
        """Take a unit of this assignment for a worker.

        Raises:
            KeyError: it has none any more.
        """
        held = self._units[assignment_id]
        if isinstance(held, int):
            unit_id = held
            self._forget(assignment_id)
        else:
            unit_id = held.pop(0)
            if not held:
                self._forget(assignment_id)
            elif self._fills_begun_first:
                self.prefer(assignment_id)
        self._count -= 1
        cursor.seen.add(assignment_id)
        return unit_id

    def prefer(self, assignment_id: int) -> None:
        """Offer what is left of this assignment before anything else."""
        if assignment_id in self._units:
            self._returned[assignment_id] = None
            self._returned.move_to_end(assignment_id, last=False)

    def withdraw(self, assignment_id: int) -> list[int]:
        """Offer nothing of this assignment any more; the units that were on offer come back."""
        held = self._units.get(assignment_id)
        if held is None:
            return []
        units = [held] if isinstance(held, int) else sorted(held)
        self._forget(assignment_id)
        self._count -= len(units)
        return units

    def holds(self, assignment_id: int, unit_id: int) -> bool:
        """Whether the unit is on offer."""
        held = self._units.get(assignment_id)
        return unit_id in held if isinstance(held, list) else held == unit_id

    def remove(self, assignment_id: int, unit_id: int) -> bool:
        """Offer one unit no more; False if it was not on offer."""
        if not self.holds(assignment_id, unit_id):
            return False
        held = self._units[assignment_id]
        if isinstance(held, list) and len(held) > 1:
            held.remove(unit_id)
        else:
            self._forget(assignment_id)
        self._count -= 1
        return True

    def clear(self) -> None:
        """Offer nothing any more."""
        self.__init__(self._fills_begun_first)  # type: ignore[misc]

    def _forget(self, assignment_id: int) -> None:
        del self._units[assignment_id]
        self._returned.pop(assignment_id, None)

    def _put(self, assignment_id: int, unit_id: int) -> bool:
        """Add the unit; True if the assignment had none before."""
        held = self._units.get(assignment_id)
        self._count += 1
        if held is None:
            self._units[assignment_id] = unit_id
            return True
        if isinstance(held, int):
            self._units[assignment_id] = [held, unit_id]
        else:
            held.append(unit_id)
        return False
