"""Asking for more answers to an item only while they are needed: ready rules for the task's code.

    on_unit_submitted = AskUntilAgreement("label", agree=2, at_most=5)

begins with ``units_per_assignment`` answers and asks for one more at a time. Nobody answers an item
twice, and what the budget does not cover is never published.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import orjson

from mephisto_engine.data_model.records import SubmittedUnit

Label = str | Callable[[Any], Any]
"""Name of the field of an answer that is to agree, or a function from an answer to its label."""


@dataclass(frozen=True)
class AskUntilAgreement:
    """One more unit of an item until so many answers are the same, or there are enough."""

    label: Label
    agree: int = 2
    """Equal answers that end it."""
    at_most: int = 5
    """Answers to one item, agreed or not."""

    def __post_init__(self) -> None:
        if not 1 <= self.agree <= self.at_most:
            raise ValueError("agree has to be at least 1 and no more than at_most")

    def __call__(self, unit: SubmittedUnit) -> int:
        """How many more units the item needs now: 0 or 1."""
        if not _may_ask(unit, self.at_most):
            return 0
        return int(max(_counts(unit, self.label).values(), default=0) < self.agree)


@dataclass(frozen=True)
class AskUntilSure:
    """One more unit of an item until its leading label is probable enough, or there are enough.

    The probability is that of a label being the true one when all are equally likely beforehand and
    each worker is right with ``accuracy`` and else picks any of the others (the one-coin model of
    Dawid and Skene, with known accuracy): proportional to
    ``(accuracy * (labels - 1) / (1 - accuracy)) ** count``.
    """

    label: Label
    certainty: float = 0.95
    """Probability of the leading label that ends it."""
    accuracy: float = 0.8
    """How often a worker is right, from chance (``1 / labels``) to 1, both left out."""
    labels: int = 2
    """How many different labels there are."""
    at_most: int = 5
    """Answers to one item, sure or not."""

    def __post_init__(self) -> None:
        if self.labels < 2 or not 1 / self.labels < self.accuracy < 1:
            raise ValueError("accuracy has to be better than chance and less than 1")
        if not 0 < self.certainty < 1 or self.at_most < 1:
            raise ValueError("certainty is between 0 and 1, at_most at least 1")

    def __call__(self, unit: SubmittedUnit) -> int:
        """How many more units the item needs now: 0 or 1."""
        if not _may_ask(unit, self.at_most):
            return 0
        return int(self.probability(_counts(unit, self.label)) < self.certainty)

    def probability(self, counts: Counter[Hashable]) -> float:
        """Of the leading label, given how often each was chosen."""
        rate = math.log(self.accuracy * (self.labels - 1) / (1 - self.accuracy))
        most = max(counts.values(), default=0)
        others = [math.exp(rate * (number - most)) for number in counts.values()]
        unseen = max(0, self.labels - len(counts)) * math.exp(-rate * most)
        return 1 / (sum(others) + unseen)


def _may_ask(unit: SubmittedUnit, at_most: int) -> bool:
    """Whether nothing is under way for the item, and it may have another answer."""
    is_of_item = unit.unit_index >= 0
    return is_of_item and not unit.open_units and len(unit.item_answers) < at_most


def _counts(unit: SubmittedUnit, label: Label) -> Counter[Hashable]:
    return Counter(_label_of(answer, label) for answer in unit.item_answers)


def _label_of(answer: Any, label: Label) -> Hashable:
    """The label as something that can be counted; equal JSON means equal labels."""
    if callable(label):
        found = label(answer)
    else:
        found = answer.get(label) if isinstance(answer, dict) else None
    return orjson.dumps(found, option=orjson.OPT_SORT_KEYS)
