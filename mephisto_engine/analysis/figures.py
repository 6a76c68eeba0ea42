"""From tallies and an estimate to the figures of a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest
from typing import Final

from mephisto_engine.analysis import agreement
from mephisto_engine.analysis.dawid_skene import DawidSkene
from mephisto_engine.analysis.labels import ordered_classes
from mephisto_engine.analysis.majority import majority
from mephisto_engine.analysis.report import ClassFigures, ItemFigures, WorkerFigures
from mephisto_engine.analysis.tally import LabelTally

SHOWN_ITEMS: Final = 20
"""Items with most disagreement that a report has."""


def class_figures(
    tally: LabelTally, order: Sequence[str], estimated: DawidSkene | None
) -> Iterator[ClassFigures]:
    """Each class of a field, those that nobody chose too."""
    total = len(tally)
    together = agreement.class_agreement(tally.pairs)
    shares = dict(zip(estimated.classes, estimated.priors, strict=True)) if estimated else {}
    given = [name for name, number in tally.classes.items() if number]
    for name in ordered_classes([*given, *order], order):
        number = tally.classes[name]
        yield ClassFigures(name, number, number / total, together.get(name), shares.get(name))


def hardest_items(tally: LabelTally, estimated: DawidSkene | None) -> Iterator[ItemFigures]:
    """Items with most disagreement; of those alike, the ones with more labels."""
    rated = []
    for item, given in tally.labels_of.items():
        if len(set(given.values())) > 1:
            alike = agreement.item_agreement(Counter(given.values())) or 0.0
            rated.append((alike, -len(given), item))
    return item_figures(tally, estimated, [item for *_, item in nsmallest(SHOWN_ITEMS, rated)])


def item_figures(
    tally: LabelTally, estimated: DawidSkene | None, items: Iterable[int]
) -> Iterator[ItemFigures]:
    """Items with their labels, majority and most probable class."""
    place_of = {item: place for place, item in enumerate(estimated.items)} if estimated else {}
    for item in items:
        counts = tally.counts(item)
        most = majority(counts)
        yield ItemFigures(
            item,
            dict(counts),
            agreement.item_agreement(counts),
            most.value,
            most.tied,
            *_most_probable(estimated, place_of.get(item)),
        )


def _most_probable(
    estimated: DawidSkene | None, place: int | None
) -> tuple[str | None, float | None]:
    if estimated is None or place is None:
        return None, None
    shares = [row[place] for row in estimated.posterior]
    best = max(range(len(shares)), key=shares.__getitem__)
    return estimated.classes[best], shares[best]


def worst_first(worker: WorkerFigures) -> tuple[int, float, int]:
    """Sorts workers: most flags first, then the lowest quality."""
    quality = worker.quality if worker.quality is not None else worker.agreement
    return -len(worker.flags), 1.0 if quality is None else quality, worker.worker
