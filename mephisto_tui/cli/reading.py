"""What the listing commands read, and the shape in which `--json` gives it away."""

from __future__ import annotations

import dataclasses
from typing import Any

from mephisto_engine.database import MephistoDB
from mephisto_engine.errors import NotFoundError
from mephisto_engine.operations.monitor import Monitor
from mephisto_engine.operations.snapshot import LogRow, RunRow, Snapshot, View
from mephisto_tui.cli.settings import Settings


def take(settings: Settings, view: View) -> Snapshot:
    """One look at the database."""
    with settings.database() as db:
        return _snapshot(db, view)


def look(db: MephistoDB, run_id: int) -> RunRow:
    """One run as it is now."""
    return shown_run(_snapshot(db, View(run_id=run_id)), run_id)


def _snapshot(db: MephistoDB, view: View) -> Snapshot:
    monitor = Monitor(db)
    try:
        monitor.want(view)
        return monitor.refresh()
    finally:
        monitor.close()


def shown_run(snapshot: Snapshot, run_id: int) -> RunRow:
    if snapshot.run is None:
        raise NotFoundError(f"There is no run {run_id}.", "`mephisto-tui runs` lists them.")
    return snapshot.run


def run_object(run: RunRow) -> dict[str, Any]:
    """A run as JSON: its columns, and the two sums that scripts ask for most."""
    return {**dataclasses.asdict(run), "done": run.done, "to_review": run.to_review}


def log_object(row: LogRow) -> dict[str, Any]:
    return dataclasses.asdict(row)
