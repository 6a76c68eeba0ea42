"""Which fields of an answer are labels, and which are free text.

A blueprint may say so (`Blueprint.get_label_fields`); otherwise it is found out from the values: a
field is a label if it has few different ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mephisto_engine.analysis.labels import Level, as_number, label_text

WHOLE: Final = "answer"
"""Name of the field where the answer is one value and no object."""
LONGEST_LABEL: Final = 80
"""Characters; what is longer is a text."""
MOST_CLASSES: Final = 30
"""A field that is not declared and has more different values is no label."""
DEEPEST: Final = 4
MOST_FIELDS: Final = 40
"""How many fields of answers are followed; the first ones, in the order of their coming."""
SMALLEST_GRID: Final = 4
_BESIDE: Final = frozenset({"files"})


@dataclass(frozen=True, slots=True)
class LabelField:
    """A field whose values are labels."""

    name: str
    """Path into the answer, with dots."""
    options: tuple[str, ...] = ()
    """Everything that can be chosen, in the order of the page; empty where that is not known."""
    level: Level = "nominal"


def flat(answer: Any) -> Iterator[tuple[str, Any]]:
    """The scalar values of an answer with their paths; a list of scalars is one value.

    What was chosen of several choices is one class, the choices joined by `` + ``.
    """
    if isinstance(answer, Mapping):
        yield from _within("", answer, 0)
    elif answer is not None and not isinstance(answer, list | tuple):
        yield WHOLE, answer


def _within(prefix: str, node: Mapping[Any, Any], depth: int) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        name = f"{prefix}{key}"
        if depth == 0 and key in _BESIDE:
            continue
        if isinstance(value, Mapping):
            if depth < DEEPEST:
                yield from _within(f"{name}.", value, depth + 1)
        elif isinstance(value, list):
            if value and all(isinstance(part, str | int | float) for part in value):
                yield name, " + ".join(sorted(label_text(part) for part in value))
        elif value is not None and value != "":
            yield name, value


@dataclass
class FieldFinder:
    """Follows the values of all fields, and says which of them are labels."""

    declared: dict[str, LabelField] = field(default_factory=dict)
    """What a blueprint or an operator said; it holds whatever the values are."""
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    """Field → value → how often; at most one value more than a label may have."""
    answers: Counter[str] = field(default_factory=Counter)
    texts: set[str] = field(default_factory=set)
    """Fields that are free text."""

    def add(self, name: str, value: Any) -> None:
        """Take in one value of a field."""
        if name not in self.counts and len(self.counts) >= MOST_FIELDS:
            return
        counts = self.counts.setdefault(name, Counter())
        self.answers[name] += 1
        text = label_text(value)
        if isinstance(value, str) and len(text) > LONGEST_LABEL:
            self.texts.add(name)
        elif text in counts or len(counts) <= MOST_CLASSES:
            counts[text] += 1

    def is_label(self, name: str) -> bool:
        """Whether a field's values are labels, as far as has been seen.

        Few different values, and several answers for each: a field where every answer has one of
        its own tells nothing, however few answers there are.
        """
        if name in self.declared:
            return True
        different = len(self.counts.get(name, ()))
        if name in self.texts or not different or different > MOST_CLASSES:
            return False
        return different == 1 or 2 * different <= self.answers[name] or different <= 2

    def label_fields(self) -> list[LabelField]:
        """The label fields: declared ones first, then those found out, in order of coming."""
        found = [name for name in self.counts if name not in self.declared and self.is_label(name)]
        return [*self.declared.values(), *(LabelField(name, level="nominal") for name in found)]

    def is_numeric(self, name: str) -> bool:
        """Whether all values of a field were numbers."""
        values: Mapping[str, int] = self.counts.get(name, {})
        return bool(values) and all(as_number(value) is not None for value in values)


def find_grids(fields: Iterable[LabelField]) -> list[frozenset[str]]:
    """Fields with the same options, four or more of them: questions that are rated on one scale."""
    by_options: dict[tuple[str, ...], set[str]] = {}
    for item in fields:
        if len(item.options) > 2:
            by_options.setdefault(item.options, set()).add(item.name)
    return [frozenset(names) for names in by_options.values() if len(names) >= SMALLEST_GRID]


def chosen_field(fields: Sequence[LabelField], name: str | None) -> LabelField | None:
    """The field of that name, or without one the first; None if there is none."""
    if name is None:
        return next(iter(fields), None)
    return next((item for item in fields if item.name == name), None)
