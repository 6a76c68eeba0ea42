"""Screening: one easy sentence, paid as any other, before a worker's first real one.

An item goes to the worker's browser as it is, so the expected answers stay here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

from mephisto_engine.data_model.records import SubmittedUnit

EASY = [
    {"id": "201", "text": "I am so happy with it!"},
    {"id": "202", "text": "It broke on the first day. Terrible."},
]
EXPECTED = {"201": "pleased", "202": "displeased"}


def screening_data_factory() -> Iterator[dict[str, str]]:
    """An item for each screening unit, for as many as there may be."""
    return cycle(EASY)


def get_expected_answer(unit: SubmittedUnit) -> dict[str, str]:
    """Who answers so does real units from now on, who does not is kept out."""
    return {"feeling": EXPECTED[unit.shared["id"]]}
