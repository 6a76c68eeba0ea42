"""Facts about an engine that live only in its memory, measured for consoles."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mephisto_engine.database import MephistoDB

KEPT_BEATS = 20


class HealthMeter:
    """Loop lag, commit time and what else a console shows of the engine."""

    def __init__(self, db: MephistoDB) -> None:
        self._db = db
        self._lags: list[float] = []

    def beat(self, lag_seconds: float) -> None:
        """The loop woke so much later than it had asked for."""
        self._lags = [*self._lags[1 - KEPT_BEATS :], max(0.0, lag_seconds) * 1000]

    def report(
        self,
        *,
        connections: int,
        refusals: Counter[str],
        trouble: str,
        held_back: str,
        worker_link: str,
    ) -> dict[str, Any]:
        """What goes into the lease row."""
        commit = self._db.last_commit_ms
        return {
            "commit_ms": None if commit is None else round(commit, 2),
            "loop_lag_ms": round(max(self._lags, default=0.0), 2),
            "connections": connections,
            "refusals": dict(refusals),
            "trouble": trouble,
            "held_back": held_back,
            "worker_link": worker_link,
        }
