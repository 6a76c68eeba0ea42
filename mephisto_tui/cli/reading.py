"""What the listing commands read, and the shape in which `--json` gives it away."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from mephisto_engine.analysis.pay import Wage
from mephisto_engine.database import MephistoDB
from mephisto_engine.errors import NotFoundError
from mephisto_engine.operations.watching.monitor import Monitor
from mephisto_engine.operations.watching.snapshot import RunRow, Snapshot, View, Window, WorkerRow
from mephisto_tui.cli.settings import Settings

ALL_ROWS: Final = 2**31 - 1


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
        return monitor.settled()
    finally:
        monitor.close()


def shown_run(snapshot: Snapshot, run_id: int) -> RunRow:
    if snapshot.run is None:
        raise NotFoundError(f"There is no run {run_id}.", "`mephisto-tui runs` lists them.")
    return snapshot.run


def run_object(run: RunRow, wage: Wage | None = None) -> dict[str, Any]:
    """A run as JSON: its columns, and the two sums that scripts ask for most.

    With ``wage`` also what it pays an hour.
    """
    found = {**dataclasses.asdict(run), "done": run.done, "to_review": run.to_review}
    if wage is not None:
        found |= {
            "hourly_cents": wage.hourly_cents,
            "minimum_hourly_cents": wage.minimum_cents,
            "pays_too_little": wage.is_too_low,
        }
    return found


def everybody(settings: Settings, view: View) -> Snapshot:
    """The workers of all runs, each with the sums of their parts in them."""
    found: dict[int, WorkerRow] = {}
    window = dataclasses.replace(view.workers, limit=ALL_ROWS)
    with settings.database() as db:
        whole = _snapshot(db, View(runs=Window(limit=ALL_ROWS)))
        for run in whole.runs:
            for row in _snapshot(db, View(run_id=run.id, workers=window)).workers:
                found[row.id] = _summed(found[row.id], row) if row.id in found else row
    workers = tuple(found[key] for key in sorted(found))
    shown = workers[: view.workers.limit]
    return dataclasses.replace(whole, workers=shown, workers_total=len(workers))


def _summed(one: WorkerRow, other: WorkerRow) -> WorkerRow:
    counts = ("live", "done", "lost", "accepted", "rejected", "paid_cents")
    return dataclasses.replace(
        one, **{name: getattr(one, name) + getattr(other, name) for name in counts}
    )
