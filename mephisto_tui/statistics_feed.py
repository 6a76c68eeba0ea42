"""Statistics for the console, made on a thread of their own: they may take seconds at first."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, NamedTuple

from mephisto_tui.daemon_worker import DaemonWorker

if TYPE_CHECKING:
    from mephisto_engine.analysis.labels import Level
    from mephisto_engine.analysis.report import Report
    from mephisto_engine.database import MephistoDB
    from mephisto_engine.operations.reviewing.statistics import StatisticsFollower

PERIOD: Final = 0.9
"""Least seconds between two reports: one is asked for a second, by a clock that is not exact."""

log = logging.getLogger(__name__)


class Asked(NamedTuple):
    """Which statistics are wanted."""

    run_id: int
    field: str | None = None
    """None: the first field with labels."""
    level: Level | None = None


class StatisticsFeed:
    """Whoever asks keeps them coming; while nobody does, nothing is done."""

    def __init__(self, db: MephistoDB, tell: Callable[[], None]) -> None:
        """``tell`` is called in the feed's thread when there is something new."""
        self.error = ""
        self._db = db
        self._tell = tell
        self._is_stopped = False
        self._worker = DaemonWorker("console-statistics")
        self._job: Future[None] | None = None
        self._begun: Asked | None = None
        self._begun_at = float("-inf")
        self._latest: tuple[Asked, Report] | None = None
        self._follower: tuple[int, StatisticsFollower] | None = None

    def latest(self, asked: Asked) -> Report | None:
        """The newest that there is, at once; None until there is one."""
        current = self._latest
        is_other = current is None or current[0] != asked
        # Not at once where there is none: it may have failed, and whoever was told asks again.
        is_due = asked != self._begun or time.monotonic() - self._begun_at >= PERIOD
        if is_due and not self._is_stopped and (self._job is None or self._job.done()):
            self._begun, self._begun_at = asked, time.monotonic()
            self._job = self._worker.submit(self._make, asked)
        return None if current is None or is_other else current[1]

    def stop(self) -> None:
        """Make no more."""
        self._is_stopped = True
        self._worker.close()

    def has_ended(self, timeout: float) -> bool:
        """After `stop`: whether no report is being made any more, within ``timeout`` seconds."""
        return self._worker.has_ended(timeout)

    def _make(self, asked: Asked) -> None:
        from mephisto_engine.operations.reviewing.statistics import StatisticsFollower

        try:
            if self._follower is None or self._follower[0] != asked.run_id:
                self._follower = (asked.run_id, StatisticsFollower(self._db, [asked.run_id]))
            follower = self._follower[1]
            follower.follow()
            follower.estimate_sparingly(asked.field, asked.level)
            self._latest = (asked, follower.report(asked.field, asked.level))
            self.error = ""
        except Exception as error:
            # Whatever the database did, the screen shows it and asks again.
            log.exception("no statistics of run %s", asked.run_id)
            self.error = str(error) or type(error).__name__
        self._tell()
