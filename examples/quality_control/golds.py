"""Gold units: sentences whose feeling is plain, mixed into each worker's real ones.

An item goes to the worker's browser as it is, so the expected answers stay here, and the ids look
like those of the real items.
"""

from __future__ import annotations

from mephisto_engine.abstractions.quality import gold_factory
from mephisto_engine.data_model.records import SubmittedUnit

GOLDS = [
    {"id": "101", "text": "I love it, thank you so much!"},
    {"id": "102", "text": "This is the worst film that I have ever seen."},
    {"id": "103", "text": "What a wonderful evening that was."},
    {"id": "104", "text": "I want my money back, now."},
]
EXPECTED = {"101": "pleased", "102": "displeased", "103": "pleased", "104": "displeased"}

get_gold_for_worker = gold_factory(GOLDS, "feelings")


def get_expected_answer(unit: SubmittedUnit) -> dict[str, str]:
    """What everybody would choose: it judges the unit, and reviewers see it beside the answer."""
    return {"feeling": EXPECTED[unit.shared["id"]]}
