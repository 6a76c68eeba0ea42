"""Statistics of a run or a task, kept up to date answer by answer.

What is counted (agreement, classes, times, texts) is current with every answer. What is estimated
(Dawid–Skene) is made anew when it is asked for, from where it last stood, and says how many labels
it has not seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from math import exp
from typing import Any, Final, NamedTuple

from mephisto_engine.analysis import agreement, flags
from mephisto_engine.analysis.dawid_skene import DawidSkene
from mephisto_engine.analysis.fields import (
    MOST_CLASSES,
    FieldFinder,
    LabelField,
    chosen_field,
    find_grids,
    flat,
)
from mephisto_engine.analysis.figures import (
    class_figures,
    hardest_items,
    item_figures,
    worst_first,
)
from mephisto_engine.analysis.flags import Flag
from mephisto_engine.analysis.interval import alpha_interval
from mephisto_engine.analysis.labels import Label, Level, label_text
from mephisto_engine.analysis.report import (
    Estimate,
    FieldFigures,
    ItemFigures,
    Report,
    WorkerFigures,
)
from mephisto_engine.analysis.robust import median
from mephisto_engine.analysis.tally import GridTally, LabelTally, TimeTally
from mephisto_engine.analysis.texts import Likeness, Text, TextIndex

MOST_LIKENESSES: Final = 1000


class _Estimated(NamedTuple):
    """What is too costly to be made anew with every answer."""

    seen: int = 0
    """Labels that it was made from."""
    model: DawidSkene | None = None
    cohen_kappa: float | None = None
    level: Level = "nominal"
    alpha_interval: tuple[float, float] | None = None
    """Of Krippendorff's alpha at that level."""


_NOTHING: Final = _Estimated()


class Answer(NamedTuple):
    """What a worker handed in for a unit."""

    unit_id: int
    item: int
    worker: int
    seconds: float | None
    """Time on task; None if it is not known."""
    outputs: Any
    """Decoded JSON."""


@dataclass
class Statistics:
    """Takes answers as they come."""

    fields: FieldFinder = field(default_factory=FieldFinder)
    tallies: dict[str, LabelTally] = field(default_factory=dict)
    """Field → its labels; a field that turns out to be a text loses its tally."""
    times: TimeTally = field(default_factory=TimeTally)
    grids: GridTally = field(default_factory=GridTally)
    likenesses: dict[str, list[Likeness]] = field(default_factory=lambda: defaultdict(list))
    """Field of free text → texts that were there before."""
    gold: dict[int, Counter[bool]] = field(default_factory=lambda: defaultdict(Counter))
    """Worker → how many gold units were right, and wrong."""
    answers: int = 0
    _grids: list[frozenset[str]] = field(default_factory=list)
    _texts: dict[str, TextIndex] = field(default_factory=lambda: defaultdict(TextIndex))
    _estimates: dict[str, _Estimated] = field(default_factory=dict)

    def declare(self, fields: Iterable[LabelField]) -> None:
        """Say which fields are labels; to be called before any answer."""
        self.fields.declared |= {item.name: item for item in fields}
        self._grids = find_grids(self.fields.declared.values())

    def add(self, answer: Answer) -> None:
        """Take in an answer."""
        self.answers += 1
        if answer.seconds is not None:
            self.times.add(answer.worker, answer.seconds)
        values = dict(flat(answer.outputs))
        for name, value in values.items():
            self._add_value(answer, name, value)
        if self._grids:
            ratings = {name: label_text(value) for name, value in values.items()}
            self.grids.add(answer.worker, ratings, self._grids)

    def add_gold(self, worker: int, is_right: bool) -> None:
        """Take in how a worker did on a unit whose answer was known."""
        self.gold[worker][is_right] += 1

    def _add_value(self, answer: Answer, name: str, value: Any) -> None:
        self.fields.add(name, value)
        text = label_text(value)
        if name in self.fields.declared or self._may_be_label(name):
            tally = self.tallies.setdefault(name, LabelTally())
            tally.add(Label(answer.item, answer.worker, text))
        else:
            self.tallies.pop(name, None)
        if isinstance(value, str):
            found = self._texts[name].add(Text(answer.unit_id, answer.worker, answer.item, value))
            if found is not None and len(self.likenesses[name]) < MOST_LIKENESSES:
                self.likenesses[name].append(found)

    def _may_be_label(self, name: str) -> bool:
        counts = self.fields.counts.get(name)
        return bool(counts) and len(counts or ()) <= MOST_CLASSES and name not in self.fields.texts

    def estimate(self, name: str, level: Level | None = None) -> None:
        """Bring up to date what is costly to make, from where it last stood.

        That is Dawid–Skene, Cohen's kappa, and the interval of Krippendorff's alpha. A hundred
        thousand labels take a few seconds the first time. Nothing is estimated before two workers
        have labelled the same item.
        """
        tally = self.tallies.get(name)
        if tally is None or not tally.pairs.items.total():
            return
        last = self._estimates.get(name, _NOTHING)
        chosen = self.fields.declared.get(name, LabelField(name))
        measured = self._level(chosen, level)
        if last.model is None or last.seen != len(tally):
            former = last.model.probabilities() if last.model is not None else None
            model = DawidSkene.begin(tally.labels(), former).run()
            kappa = agreement.mean_cohen_kappa(tally.labels_of.values())
        elif last.level == measured:
            return
        else:
            model, kappa = last.model, last.cohen_kappa
        counts = map(tally.counts, tally.labels_of)
        interval = alpha_interval(counts, measured, chosen.options)
        self._estimates[name] = _Estimated(len(tally), model, kappa, measured, interval)

    def unseen(self, name: str) -> int:
        """Labels that have come since the last estimate of a field."""
        return len(self.tallies.get(name, ())) - self._estimates.get(name, _NOTHING).seen

    def label_fields(self) -> list[LabelField]:
        """The fields that hold labels, as far as has been seen."""
        return [item for item in self.fields.label_fields() if item.name in self.tallies]

    def free_texts(self) -> list[str]:
        """Fields in which texts were found that were there before, and that workers wrote."""
        return [
            name
            for name in self.likenesses
            if not self.fields.is_label(name) and not self._texts[name].is_echo
        ]

    def report(self, name: str | None = None, level: Level | None = None) -> Report:
        """Everything as it is now, for one field; without a name for the first.

        What is estimated is as of the last `estimate`.
        """
        fields = self.label_fields()
        chosen = chosen_field(fields, name)
        times = self.times.logs
        return Report(
            answers=self.answers,
            median_seconds=exp(times[len(times) // 2]) if times else None,
            fields=tuple(item.name for item in fields),
            shown=self._field_figures(chosen, level) if chosen is not None else None,
            workers=tuple(self._workers(chosen.name if chosen is not None else None)),
        )

    def item_labels(self, name: str) -> Iterator[ItemFigures]:
        """The labels of a field's items, in the order of their numbers."""
        tally = self.tallies.get(name, LabelTally())
        estimated = self._estimates.get(name, _NOTHING).model
        return item_figures(tally, estimated, sorted(tally.labels_of))

    def _field_figures(self, chosen: LabelField, level: Level | None) -> FieldFigures:
        name, tally = chosen.name, self.tallies[chosen.name]
        level = self._level(chosen, level)
        last = self._estimates.get(name, _NOTHING)
        estimated = last.model
        return FieldFigures(
            name=name,
            level=level,
            items=len(tally.labels_of),
            compared_items=tally.pairs.items.total(),
            labels=len(tally),
            percent=agreement.percent_agreement(tally.pairs),
            fleiss_kappa=agreement.fleiss_kappa(tally.pairs),
            cohen_kappa=last.cohen_kappa,
            alpha=agreement.krippendorff_alpha(tally.pairs, level, chosen.options),
            alpha_interval=last.alpha_interval if last.level == level else None,
            classes=tuple(class_figures(tally, chosen.options, estimated)),
            hardest=tuple(hardest_items(tally, estimated)),
            estimate=None if estimated is None else self._freshness(name, estimated),
        )

    def _level(self, chosen: LabelField, level: Level | None) -> Level:
        wanted = level or chosen.level
        is_numeric = self.fields.is_numeric(chosen.name)
        return "nominal" if wanted == "interval" and not is_numeric else wanted

    def _freshness(self, name: str, estimated: DawidSkene) -> Estimate:
        seen = self._estimates[name].seen
        return Estimate(seen, estimated.steps, estimated.is_converged, self.unseen(name))

    def _workers(self, name: str | None) -> list[WorkerFigures]:
        tally = self.tallies.get(name or "", LabelTally())
        estimated = self._estimates.get(name or "", _NOTHING).model
        qualities = estimated.qualities() if estimated is not None else {}
        everybody = sorted({*tally.of_worker, *self.times.of_worker, *self.gold})
        flags_of = self._flags(everybody, tally)
        found = []
        for worker in everybody:
            own = self.times.of_worker.get(worker)
            known = estimated is not None and worker in qualities
            found.append(
                WorkerFigures(
                    worker=worker,
                    labels=tally.of_worker[worker],
                    judged=tally.judged[worker],
                    matched=tally.matched[worker],
                    quality=qualities.get(worker),
                    confusion=estimated.confusion(worker) if estimated and known else {},
                    gold_right=self.gold[worker][True] if worker in self.gold else 0,
                    gold_wrong=self.gold[worker][False] if worker in self.gold else 0,
                    median_seconds=exp(median(own)) if own else None,
                    flags=tuple(flags_of[worker]),
                )
            )
        return sorted(found, key=worst_first)

    def _flags(self, workers: list[int], tally: LabelTally) -> dict[int, list[Flag]]:
        found: dict[int, list[Flag]] = defaultdict(list)
        texts = (flags.text_flags(self.likenesses[name], name) for name in self.free_texts())
        for flag in chain(flags.time_flags(self.times, workers), *texts):
            found[flag.worker].append(flag)
        for worker in workers:
            found[worker] += self._own_flags(worker, tally)
        return found

    def _own_flags(self, worker: int, tally: LabelTally) -> Iterator[Flag]:
        golds = self.gold.get(worker, Counter())
        yield from filter(
            None,
            (
                flags.gold_flag(worker, golds[True], golds[False]),
                flags.disagreement_flag(worker, tally),
                flags.grid_flag(worker, self.grids),
                flags.straight_lining_flag(worker, tally) if worker in tally.runs else None,
            ),
        )
