"""How far workers agree: percent, Cohen's and Fleiss' kappa, Krippendorff's alpha.

All of them are computed from pair counts: how often two labels of one item, by two workers, were
one class and another. Items with fewer than two labels say nothing of agreement and are left out;
labels may be missing anywhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mephisto_engine.analysis.labels import Level, as_number, ordered_classes

Pair = tuple[str, str]


@dataclass(slots=True)
class PairCounts:
    """Ordered pairs of labels of one item, summed over items with the same number of labels.

    They are whole numbers, so that items can be put in and taken out again without a trace.
    """

    by_size: dict[int, Counter[Pair]] = field(default_factory=lambda: defaultdict(Counter))
    """Labels an item has → pair of classes → how many such pairs."""
    items: Counter[int] = field(default_factory=Counter)
    """Labels an item has → how many such items."""

    def put(self, counts: Mapping[str, int], sign: int = 1) -> None:
        """Count an item by how often each class was given to it; a ``sign`` of -1 takes it out."""
        size = sum(counts.values())
        if size < 2:
            return
        pairs = self.by_size[size]
        self.items[size] += sign
        for one, number in counts.items():
            for other, others in counts.items():
                found = number * (others - (one == other))
                if found:
                    pairs[one, other] += sign * found

    @classmethod
    def of(cls, items: Iterable[Iterable[str]]) -> PairCounts:
        """Count the labels of each item."""
        pairs = cls()
        for labels in items:
            pairs.put(Counter(labels))
        return pairs

    def coincidences(self) -> dict[Pair, float]:
        """Pairs where each item weighs as many labels as it has (Krippendorff's ``o_ck``)."""
        found: dict[Pair, float] = defaultdict(float)
        for size, pairs in self.by_size.items():
            for pair, number in pairs.items():
                found[pair] += number / (size - 1)
        return found

    def class_counts(self) -> dict[str, float]:
        """How often each class was given, in items with two labels or more."""
        found: dict[str, float] = defaultdict(float)
        for (one, _), number in self.coincidences().items():
            found[one] += number
        return found


def percent_agreement(pairs: PairCounts) -> float | None:
    """The share of pairs of labels that are alike, as the mean over items, from 0 to 1.

    Fleiss' ``P`` with a bar (1971). None while no item has two labels.
    """
    items = sum(pairs.items.values())
    if not items:
        return None
    total = 0.0
    for size, found in pairs.by_size.items():
        alike = sum(number for (one, other), number in found.items() if one == other)
        total += alike / (size * (size - 1))
    return total / items


def item_agreement(counts: Mapping[str, int]) -> float | None:
    """The share of pairs of one item's labels that are alike; None for fewer than two labels."""
    size = sum(counts.values())
    if size < 2:
        return None
    return sum(number * (number - 1) for number in counts.values()) / (size * (size - 1))


def class_agreement(pairs: PairCounts) -> dict[str, float]:
    """How likely another worker says a class too, given that one has said it.

    The proportion of specific agreement (Cicchetti & Feinstein 1990, "High agreement but low kappa:
    II", J. Clin. Epidemiol. 43; for many raters: de Vet et al. 2017, J. Clin. Epidemiol. 82).
    """
    together, given = pairs.coincidences(), pairs.class_counts()
    return {name: together.get((name, name), 0.0) / n for name, n in given.items() if n}


def fleiss_kappa(pairs: PairCounts) -> float | None:
    """Agreement beyond chance for any number of raters.

    Fleiss 1971, "Measuring nominal scale agreement among many raters", Psychological Bulletin 76.
    His items all have the same number of labels; where they do not, the share of a class is that
    of all labels, and each item weighs the same. None where only one class was ever given.
    """
    observed = percent_agreement(pairs)
    given = pairs.class_counts()
    total = sum(given.values())
    if observed is None or not total:
        return None
    return _beyond_chance(observed, sum((number / total) ** 2 for number in given.values()))


def cohen_kappa(labels: Iterable[Pair]) -> float | None:
    """Agreement of two raters beyond chance, each with their own habits.

    Cohen 1960, "A coefficient of agreement for nominal scales", Educ. Psychol. Meas. 20. None where
    there are no items, or both have only ever given one and the same class.

    Args:
        labels: of each item that both have labelled, what the one said and what the other.
    """
    table = Counter(labels)
    total = sum(table.values())
    if not total:
        return None
    ones, others = Counter[str](), Counter[str]()
    for (one, other), number in table.items():
        ones[one] += number
        others[other] += number
    observed = sum(number for (one, other), number in table.items() if one == other) / total
    return _beyond_chance(observed, sum(ones[name] * others[name] for name in ones) / total**2)


def mean_cohen_kappa(items: Iterable[Mapping[int, str]]) -> float | None:
    """Cohen's kappa of each two workers, averaged over pairs of workers.

    Light 1971, "Measures of response agreement for qualitative data", Psychological Bulletin 76;
    here a pair weighs as many items as the two have in common. None if no kappa is defined.

    Args:
        items: of each item, worker → label.
    """
    common: dict[tuple[int, int], list[Pair]] = defaultdict(list)
    for item in items:
        workers = sorted(item)
        for place, one in enumerate(workers):
            for other in workers[place + 1 :]:
                common[one, other].append((item[one], item[other]))
    weighed = [(cohen_kappa(labels), len(labels)) for labels in common.values()]
    known = [(kappa, weight) for kappa, weight in weighed if kappa is not None]
    total = sum(weight for _, weight in known)
    return sum(kappa * weight for kappa, weight in known) / total if total else None


def krippendorff_alpha(
    pairs: PairCounts, level: Level = "nominal", order: Sequence[str] = ()
) -> float | None:
    """Agreement beyond chance for any number of raters, with labels missing anywhere.

    Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability",
    https://repository.upenn.edu/asc_papers/43, with the metric differences of its section on
    nominal, ordinal and interval data. None where only one class was ever given: without variation
    nothing can be said.

    Args:
        pairs: the labels.
        level: how classes differ.
        order: classes from low to high, for ordinal ones; numbers need none.

    Raises:
        ValueError: a class is no number, at the interval level.
    """
    given = pairs.class_counts()
    distance = _distances(given, level, order)
    total = sum(given.values())
    expected = sum(
        given[one] * given[other] * distance[one, other] for one in given for other in given
    )
    if not expected:
        return None
    observed = sum(
        number * distance[pair] for pair, number in pairs.coincidences().items() if number
    )
    return 1.0 - (total - 1) * observed / expected


def _beyond_chance(observed: float, expected: float) -> float | None:
    # Shares that add up to one class alone may miss 1 by a rounding error.
    return None if expected > 1.0 - 1e-12 else (observed - expected) / (1.0 - expected)


def _distances(given: Mapping[str, float], level: Level, order: Sequence[str]) -> dict[Pair, float]:
    """Squared metric difference of each two classes."""
    names = ordered_classes(given, order)
    if level == "nominal":
        return {(one, other): float(one != other) for one in names for other in names}
    places = _numbers(names) if level == "interval" else _ranks(names, given)
    return {(a, b): (places[a] - places[b]) ** 2 for a in names for b in names}


def _numbers(names: Sequence[str]) -> dict[str, float]:
    numbers = {name: as_number(name) for name in names}
    odd = [name for name, number in numbers.items() if number is None]
    if odd:
        raise ValueError(f"{odd[0]!r} is no number")
    return {name: number for name, number in numbers.items() if number is not None}


def _ranks(names: Sequence[str], given: Mapping[str, float]) -> dict[str, float]:
    """The middle rank of each class: their differences are Krippendorff's ordinal ones."""
    ranks, below = {}, 0.0
    for name in names:
        ranks[name] = below + given[name] / 2
        below += given[name]
    return ranks
