"""How runs stand, as lines: what the console's figures are to the eye."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, Self

from mephisto_engine.data_model.status import LIVE_RUN
from mephisto_engine.database import MephistoDB
from mephisto_engine.operations.watching.monitor import Monitor
from mephisto_engine.operations.watching.snapshot import LogRow, Snapshot, View, Window
from mephisto_tui.view.live_lines import run_in_words, troubles_in_words

SECONDS: Final = 10.0
"""How often figures are printed, where they have changed; trouble is told at once."""


class Standings:
    """Follows one run, or all that are live."""

    def __init__(self, db: MephistoDB, run_id: int | None) -> None:
        self._db = db
        self._run_id = run_id
        self._monitor = Monitor(db)
        none = Window(limit=0)
        self._monitor.want(View(run_id=run_id, units=none, workers=none))
        self._told: dict[int, str] = {}
        self._told_at = -SECONDS
        self._troubles: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._monitor.close()

    def news(self) -> list[LogRow]:
        """What is other than it was when it was last told."""
        snapshot, now = self._monitor.refresh(), self._db.clock.now()
        lines = list(self._new_troubles(snapshot, now))
        ticks = self._db.clock.monotonic()
        if ticks - self._told_at >= SECONDS:
            self._told_at = ticks
            lines += self._new_figures(snapshot, now)
        return lines

    def _new_figures(self, snapshot: Snapshot, now: datetime) -> Iterator[LogRow]:
        runs = snapshot.runs if self._run_id is None else (snapshot.run,)
        for run in runs:
            if run is None or run.status not in LIVE_RUN:
                continue
            words = run_in_words(snapshot, run)
            if self._told.get(run.id) != words:
                self._told[run.id] = words
                yield LogRow(0, now, "info", run.id, words)

    def _new_troubles(self, snapshot: Snapshot, now: datetime) -> Iterator[LogRow]:
        troubles = troubles_in_words(snapshot, now)
        for about in troubles.keys() - self._troubles:
            yield LogRow(0, now, "warn", self._run_id, troubles[about])
        self._troubles = set(troubles)
