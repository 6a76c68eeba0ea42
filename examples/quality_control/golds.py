"""Gold units: sentences whose feeling is plain, mixed into each worker's real ones."""

from __future__ import annotations

from mephisto_engine.abstractions.quality import gold_factory
from mephisto_engine.data_model.records import SubmittedUnit

GOLDS = [
    {"id": "g1", "text": "I love it, thank you so much!", "expected": "pleased"},
    {"id": "g2", "text": "This is the worst film that I have ever seen.", "expected": "displeased"},
    {"id": "g3", "text": "What a wonderful evening that was.", "expected": "pleased"},
    {"id": "g4", "text": "I want my money back, now.", "expected": "displeased"},
]

get_gold_for_worker = gold_factory(GOLDS, "feelings")


def validate_gold_unit(unit: SubmittedUnit) -> bool:
    """Whether the worker chose what everybody would."""
    return bool(unit.answer.get("feeling") == unit.shared["expected"])
