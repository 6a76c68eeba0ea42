"""When the console rings, for operators who have asked for it and look elsewhere meanwhile."""

from __future__ import annotations

from mephisto_engine.data_model.status import LIVE_RUN
from mephisto_engine.operations.watching.snapshot import Snapshot


class Bell:
    """Rings for the first unit to review after there was none, a run's end, and an error."""

    def __init__(self) -> None:
        self._live: set[int] = set()
        self._to_review: int | None = None
        self._errors = 0

    def rings_for(self, snapshot: Snapshot) -> bool:
        """Whether something has happened since the last snapshot; the first one never rings."""
        live = {run.id for run in snapshot.runs if run.status in LIVE_RUN}
        # A run that a filter hides has not ended.
        ended = {run.id for run in snapshot.runs if run.id in self._live and run.id not in live}
        to_review = snapshot.to_review
        is_first = self._to_review is None
        is_news = bool(ended) or snapshot.errors > self._errors
        is_news |= self._to_review == 0 < to_review
        self._live = live
        self._to_review, self._errors = to_review, snapshot.errors
        return is_news and not is_first
