"""Statistics as read-only values, for screens, listings and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mephisto_engine.analysis.flags import Flag
from mephisto_engine.analysis.labels import Level


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class of a field."""

    value: str
    labels: int
    share: float
    """Of all labels of the field."""
    agreement: float | None
    """How likely another worker says it too, where one has said it; None: nobody could have."""
    estimated_share: float | None
    """Of all items, by Dawid–Skene."""


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """One item, as its workers saw it."""

    item: int
    counts: Mapping[str, int]
    """Class → labels."""
    agreement: float | None
    """Share of pairs of its labels that are alike; None for one label."""
    majority: str | None
    """None where the classes in ``tied`` have as many labels."""
    tied: tuple[str, ...]
    estimated: str | None
    """The most probable class by Dawid–Skene."""
    probability: float | None


@dataclass(frozen=True, slots=True)
class WorkerFigures:
    """One worker, in one field."""

    worker: int
    labels: int
    judged: int
    """Labels of items where most of the others said one thing."""
    matched: int
    """Those of them that say the same."""
    quality: float | None
    """How probable it is that they say the true class of an item, by Dawid–Skene."""
    confusion: Mapping[str, Mapping[str, float]]
    """True class → class that the worker says → how probable, by Dawid–Skene."""
    gold_right: int
    gold_wrong: int
    median_seconds: float | None
    flags: tuple[Flag, ...]

    @property
    def agreement(self) -> float | None:
        """The share of labels that say what most others say."""
        return self.matched / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Estimate:
    """How fresh the Dawid–Skene figures are."""

    labels: int
    """Labels that the estimate was made from."""
    steps: int
    is_converged: bool
    behind: int
    """Labels that have come since."""


@dataclass(frozen=True, slots=True)
class FieldFigures:
    """One field of the answers."""

    name: str
    level: Level
    items: int
    compared_items: int
    """Items with two labels or more."""
    labels: int
    percent: float | None
    """Share of pairs of labels that are alike, from 0 to 1."""
    fleiss_kappa: float | None
    cohen_kappa: float | None
    """Averaged over pairs of workers."""
    alpha: float | None
    """Krippendorff's, at ``level``."""
    alpha_interval: tuple[float, float] | None
    """Between which values it lies with 95 %; None while that is not estimated."""
    classes: tuple[ClassFigures, ...]
    hardest: tuple[ItemFigures, ...]
    """Items with most disagreement, the worst first."""
    estimate: Estimate | None


@dataclass(frozen=True, slots=True)
class Report:
    """All statistics of a run or a task."""

    answers: int
    median_seconds: float | None
    fields: tuple[str, ...]
    """Names of all fields that hold labels."""
    shown: FieldFigures | None
    """The field that was asked for; None where no field holds labels."""
    workers: tuple[WorkerFigures, ...]
    """Those with flags first, then by quality, the lowest first."""
    names: Mapping[int, str] = field(default_factory=dict)
    """Worker → what they are called."""
    item_names: Mapping[int, str] = field(default_factory=dict)
    """Item → what it is called."""

    @property
    def flags(self) -> tuple[Flag, ...]:
        """All flags."""
        return tuple(flag for worker in self.workers for flag in worker.flags)
