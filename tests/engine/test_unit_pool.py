from __future__ import annotations

from collections import defaultdict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mephisto_engine.operations.live.unit_pool import Cursor, UnitPool

WORKERS = st.integers(0, 4)


class Pool(RuleBasedStateMachine):
    """The pool against one that looks through everything each time."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = UnitPool()
        self.cursors: dict[int, Cursor] = defaultdict(Cursor)
        self.available: dict[int, set[int]] = defaultdict(set)
        self.returned: list[int] = []
        self.held: dict[int, tuple[int, int]] = {}
        self.seen: dict[int, set[int]] = defaultdict(set)
        self.next_assignment = 1
        self.next_unit = 1
        self.unpublished: list[tuple[int, int]] = []

    @rule(units=st.integers(1, 3), held_back=st.integers(0, 2))
    def add(self, units: int, held_back: int) -> None:
        for place in range(units):
            new = (self.next_assignment, self.next_unit)
            self.next_unit += 1
            if place and place >= units - held_back:
                self.unpublished.append(new)
            else:
                self._publish(*new)
        self.next_assignment += 1

    @precondition(lambda self: self.unpublished)
    @rule()
    def add_what_was_held_back(self) -> None:
        self._publish(*self.unpublished.pop(0))

    @rule(worker=WORKERS)
    def take(self, worker: int) -> None:
        claim = self.pool.take(self.cursors[worker])
        wanted = self._first_for(worker)
        if wanted is None:
            assert claim is None
            return
        assert claim is not None
        assignment, unit = claim
        assert assignment == wanted
        self.available[assignment].remove(unit)
        if not self.available[assignment] and assignment in self.returned:
            self.returned.remove(assignment)
        self.seen[worker].add(assignment)
        assert unit not in self.held
        self.held[unit] = (assignment, worker)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        unit = data.draw(st.sampled_from(sorted(self.held)))
        assignment, worker = self.held.pop(unit)
        self.cursors[worker].seen.discard(assignment)
        self.seen[worker].discard(assignment)
        self.pool.give_back(assignment, unit)
        self.available[assignment].add(unit)
        if assignment not in self.returned:
            self.returned.append(assignment)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        del self.held[data.draw(st.sampled_from(sorted(self.held)))]

    @rule(worker=WORKERS)
    def forget_the_way(self, worker: int) -> None:
        """As after a restart: only the history is left."""
        self.cursors[worker] = Cursor(seen=set(self.seen[worker]))

    @invariant()
    def it_knows_how_many_there_are(self) -> None:
        assert len(self.pool) == sum(map(len, self.available.values()))

    def teardown(self) -> None:
        """Enough newcomers are handed everything that is left."""
        left = {unit for units in self.available.values() for unit in units}
        for _ in range(3):
            newcomer = Cursor()
            while (claim := self.pool.take(newcomer)) is not None:
                left.remove(claim[1])
        assert left == set()
        assert len(self.pool) == 0

    def _publish(self, assignment: int, unit: int) -> None:
        is_empty = not self.available[assignment]
        was_offered = assignment < self.next_assignment and self._was_offered(assignment)
        self.pool.add(assignment, unit)
        self.available[assignment].add(unit)
        if is_empty and was_offered and assignment not in self.returned:
            self.returned.append(assignment)
        self.offered = max(getattr(self, "offered", 0), assignment)

    def _was_offered(self, assignment: int) -> bool:
        return assignment <= getattr(self, "offered", 0)

    def _first_for(self, worker: int) -> int | None:
        fresh = [number for number in sorted(self.available) if number not in self.returned]
        for assignment in (*self.returned, *fresh):
            if self.available[assignment] and assignment not in self.seen[worker]:
                return assignment
        return None


TestPool = Pool.TestCase
TestPool.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)


def test_taking_looks_at_no_more_than_it_has_to() -> None:
    pool, cursor = UnitPool(), Cursor()
    for number in range(200_000):
        pool.add(number, number)
    for number in range(1000):
        assert pool.take(cursor) == (number, number)
    assert cursor.position >= 999
    newcomer = Cursor()
    assert pool.take(newcomer) == (1000, 1000)


def test_an_empty_pool_has_nothing() -> None:
    pool = UnitPool()
    pool.add(1, 1)
    pool.clear()
    assert pool.take(Cursor()) is None
    assert len(pool) == 0
