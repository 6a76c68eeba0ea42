"""Gives a run up in which nothing has been submitted for too long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mephisto_engine.data_model import TaskRun
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.queries.activity import last_submission
from mephisto_engine.operations.live.deadlines import Deadlines
from mephisto_engine.operations.runs.job import Job


class IdleWatch:
    """Waits for `no_submission_patience` after the last sign that a run gets on."""

    def __init__(
        self,
        db: MephistoDB,
        run_id: int,
        deadlines: Deadlines,
        job: Job,
        give_up: Callable[[str], None],
    ) -> None:
        """``give_up`` gets the reason in words."""
        self._db = db
        self._run_id = run_id
        self._deadlines = deadlines
        self._job = job
        self._give_up = give_up
        self._key = ("patience", run_id)
        self._went_on_at: datetime | None = None

    def went_on(self) -> None:
        """The run was paused; nobody could submit anything meanwhile."""
        self._went_on_at = self._db.clock.now()

    def restart(self, late: float = 0.0) -> None:
        """Look how long nothing was submitted, and wait for the rest of the patience."""
        patience = self._job.no_submission_patience_seconds
        run = self._db.read(TaskRun.get_by_id, self._run_id)
        submitted = self._db.read(last_submission, self._run_id)
        moments = (submitted, run.started_at, self._went_on_at)
        last = max(moment for moment in moments if moment is not None)
        idle = (self._db.clock.now() - last).total_seconds()
        if idle < patience:
            self._deadlines.set(self._key, patience - idle, self.restart)
        else:
            self._give_up(f"no submission for {patience} seconds")

    def stop(self) -> None:
        """Wait no more."""
        self._deadlines.cancel(self._key)
