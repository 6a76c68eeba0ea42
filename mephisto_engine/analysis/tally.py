"""Agreement that keeps up with labels as they come: each costs as much as its item has labels."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import log
from typing import Final

from mephisto_engine.analysis.agreement import PairCounts
from mephisto_engine.analysis.labels import Label
from mephisto_engine.analysis.majority import majority

SHORTEST_SECONDS: Final = 0.001


@dataclass(slots=True)
class Runs:
    """Answers of one worker that are the same several times in a row."""

    last: str = ""
    length: int = 0
    longest: dict[str, int] = field(default_factory=dict)
    """Class → the longest row of it."""

    def add(self, value: str) -> None:
        """The worker's next answer."""
        self.length = self.length + 1 if value == self.last else 1
        self.last = value
        if self.length > self.longest.get(value, 0):
            self.longest[value] = self.length


@dataclass
class LabelTally:
    """The labels of one field.

    A worker's second label of an item takes the place of the first.
    """

    labels_of: dict[int, dict[int, str]] = field(default_factory=dict)
    """Item → worker → class."""
    classes: Counter[str] = field(default_factory=Counter)
    """Class → how many labels, those of items with one label too."""
    pairs: PairCounts = field(default_factory=PairCounts)
    of_worker: Counter[int] = field(default_factory=Counter)
    """Worker → labels."""
    judged: Counter[int] = field(default_factory=Counter)
    """Worker → labels of items where most of the other workers said one thing."""
    matched: Counter[int] = field(default_factory=Counter)
    """Worker → those of them that say the same."""
    runs: dict[int, Runs] = field(default_factory=lambda: defaultdict(Runs))

    def add(self, label: Label) -> None:
        """Take in a label."""
        given = self.labels_of.setdefault(label.item, {})
        self._count(given, -1)
        former = given.get(label.worker)
        if former is not None:
            self.classes[former] -= 1
        else:
            self.of_worker[label.worker] += 1
        given[label.worker] = label.value
        self.classes[label.value] += 1
        self.runs[label.worker].add(label.value)
        self._count(given, 1)

    def counts(self, item: int) -> Counter[str]:
        """Class → how many workers said it of an item."""
        return Counter(self.labels_of.get(item, {}).values())

    def labels(self) -> Iterator[Label]:
        """All labels."""
        for item, given in self.labels_of.items():
            for worker, value in given.items():
                yield Label(item, worker, value)

    def __len__(self) -> int:
        return self.of_worker.total()

    def _count(self, given: Mapping[int, str], sign: int) -> None:
        """Put an item into the sums or take it out."""
        if len(given) < 2:
            return
        counts = Counter(given.values())
        self.pairs.put(counts, sign)
        others_say: dict[str, str | None] = {}
        for value in counts:
            others = counts.copy()
            others[value] -= 1
            others_say[value] = majority(others).value
        for worker, value in given.items():
            if others_say[value] is not None:
                self.judged[worker] += sign
                self.matched[worker] += sign * (others_say[value] == value)


@dataclass
class TimeTally:
    """Times on task, all and by worker, kept in order."""

    logs: list[float] = field(default_factory=list)
    """Natural logarithms of seconds, ascending."""
    of_worker: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, worker: int, seconds: float) -> None:
        """Take in how long a worker was on a unit."""
        value = log(max(SHORTEST_SECONDS, seconds))
        insort(self.logs, value)
        insort(self.of_worker[worker], value)

    def outside(self, worker: int, low: float, high: float) -> tuple[int, int]:
        """How many of a worker's times are below ``low``, and how many above ``high``, as logs."""
        own = self.of_worker.get(worker, [])
        return bisect_left(own, low), len(own) - bisect_right(own, high)


@dataclass
class GridTally:
    """Answers in which every question of a grid, rated on one scale, got the same rating."""

    answers: Counter[int] = field(default_factory=Counter)
    """Worker → answers with a grid."""
    straight: Counter[int] = field(default_factory=Counter)
    """Worker → those with one rating down the whole grid."""

    def add(self, worker: int, ratings: Mapping[str, str], grids: Iterable[frozenset[str]]) -> None:
        """Take in an answer: field → rating."""
        for grid in grids:
            given = [ratings[name] for name in grid if name in ratings]
            if len(given) == len(grid):
                self.answers[worker] += 1
                self.straight[worker] += len(set(given)) == 1
