"""Screening: one easy sentence, paid as any other, before a worker's first real one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

from mephisto_engine.data_model.records import SubmittedUnit

EASY = [
    {"id": "s1", "text": "I am so happy with it!", "expected": "pleased"},
    {"id": "s2", "text": "It broke on the first day. Terrible.", "expected": "displeased"},
]


def screening_data_factory() -> Iterator[dict[str, str]]:
    """An item for each screening unit, for as many as there may be."""
    return cycle(EASY)


def validate_screening_unit(unit: SubmittedUnit) -> bool:
    """True lets the worker do real units from now on, False keeps them out."""
    return bool(unit.answer.get("feeling") == unit.shared["expected"])
