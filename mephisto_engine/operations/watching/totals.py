"""What stands beside every screen, whatever it lists: runs that are live, units to review."""

from __future__ import annotations

from typing import Any

from mephisto_engine.data_model.status import LIVE_RUN, UnitStatus
from mephisto_engine.database.queries import activity
from mephisto_engine.operations.watching.words import range_size


class Totals:
    """Counts over all runs: read once, then kept up with the journal."""

    def __init__(self) -> None:
        self.live_runs = 0
        self.to_review = 0

    def count(self) -> None:
        """Read them anew; at 100,000 units that is some milliseconds."""
        self.live_runs = activity.count_live_runs()
        self.to_review = activity.count_to_review()

    def fold(self, event: Any) -> None:
        """Follow one row of the journal, as `activity.events_after` gives it."""
        _, _, kind, _, _, subject, _, before, after, data = event
        if not after or kind == "unit.compensated":
            return
        if subject == "task_run":
            self.live_runs += (after in LIVE_RUN) - (before in LIVE_RUN)
        elif subject == "unit":
            number = range_size(data if isinstance(data, dict) else {}) or 1
            moved = (after == UnitStatus.COMPLETED) - (before == UnitStatus.COMPLETED)
            self.to_review += moved * number
