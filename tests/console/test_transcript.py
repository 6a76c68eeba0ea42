from __future__ import annotations

import pytest
from details_world import NOW

from mephisto_engine.data_model.answers import UpdateRecord
from mephisto_tui.view.transcript import transcript


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"id": "Speaker 1", "text": "hello", "update_id": "7f"}, "Speaker 1      hello"),
        ({"live_update_requested": True, "update_id": "7f"}, "task           asks for an answer"),
        ({"live_update_requested": False, "timestamp": 1.5}, "task           has the answer"),
        ({"agent_display_name": "Speaker 2", "update_id": "7f"}, "task           Speaker 2"),
        ({}, "task"),
        ("plain", "task           plain"),
    ],
)
def test_a_message_is_told_by_what_it_says(body, said):
    (line,) = transcript([UpdateRecord(NOW, False, body)], 80)
    assert "".join(span.text for span in line).strip().partition(" ")[2].rstrip() == said
