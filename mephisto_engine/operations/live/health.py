"""Facts about an engine that live only in its memory, measured for consoles."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from typing import Any

from mephisto_engine.abstractions.channel import Channel
from mephisto_engine.clock import to_ms
from mephisto_engine.database import MephistoDB
from mephisto_engine.operations.live.launcher import TaskLauncher

KEPT_BEATS = 20


class HealthMeter:
    """Loop lag, commit time and what else a console shows of the engine."""

    def __init__(self, db: MephistoDB) -> None:
        self._db = db
        self._lags: list[float] = []

    def beat(self, lag_seconds: float) -> None:
        """The loop woke so much later than it had asked for."""
        self._lags = [*self._lags[1 - KEPT_BEATS :], max(0.0, lag_seconds) * 1000]

    async def report(
        self,
        *,
        channel: Channel | None,
        refusals: Counter[str],
        launcher: TaskLauncher,
        worker_link: str,
    ) -> dict[str, Any]:
        """What goes into the lease row."""
        commit, next_try = self._db.last_commit_ms, launcher.next_try_at
        # In a thread: a network disk that does not answer holds nobody else up.
        disk = await asyncio.to_thread(shutil.disk_usage, self._db.path.parent)
        return {
            "commit_ms": None if commit is None else round(commit, 2),
            "loop_lag_ms": round(max(self._lags, default=0.0), 2),
            "disk_free_bytes": disk.free,
            "connections": channel.connection_count() if channel else 0,
            "is_gateway_open": bool(channel and channel.is_open()),
            "refusals": dict(refusals),
            "trouble": launcher.trouble,
            "next_try_at": None if next_try is None else to_ms(next_try),
            "held_back": launcher.held_back,
            "worker_link": worker_link,
        }
