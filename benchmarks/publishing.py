"""From `launch` until every unit is published, and the memory that takes."""

from __future__ import annotations

import threading
import time

from benchmarks.child import in_child, new_home, peak_mebibytes
from benchmarks.figure import Figure
from benchmarks.tasks import numbered
from mephisto_engine.database import MephistoDB, default_home
from mephisto_engine.database.queries import activity
from mephisto_engine.engine import Engine
from mephisto_engine.operations.watching.words import range_size

SECONDS_BY_UNITS = {10_000: 1.5, 100_000: 12.0}
MOST_MEBIBYTES = 250.0
TIMEOUT = 180.0


def measure() -> list[Figure]:
    figures = []
    for units, target in SECONDS_BY_UNITS.items():
        with new_home() as home:
            told = in_child(publish, units, home=home, timeout=TIMEOUT)
        note = f"engine process: {told['cpu']:.2f} s CPU"
        figures.append(Figure(f"launch {units:,} units", told["seconds"], "s", target, note=note))
        note = f"{told['before']:.0f} MiB before the launch"
        figures.append(
            Figure(f"peak memory, {units:,} units", told["peak"], "MiB", MOST_MEBIBYTES, note=note)
        )
    return figures


def publish(units: int) -> dict[str, float]:
    """Launch a run of so many units with the real engine, and let go of it when all are out."""
    home = default_home()
    with MephistoDB.open(home=home) as db, Engine(db, home) as engine:
        config = numbered(engine.registry, units)
        before = peak_mebibytes()
        published = PublishedUnits(db)
        cpu, started = time.process_time(), time.perf_counter()
        engine.launch(config)
        published.wait_for(units, TIMEOUT)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    return {"seconds": seconds, "cpu": cpu, "before": before, "peak": peak_mebibytes()}


class PublishedUnits:
    """Counts published units by the journal, woken by each commit."""

    def __init__(self, db: MephistoDB) -> None:
        self.count = 0
        self._db = db
        self._committed = threading.Event()
        self._last_event = db.read(activity.last_event_id)
        db.on_commit(self._committed.set)

    def wait_for(self, units: int, timeout: float) -> None:
        """Block until so many units have been published.

        Raises:
            TimeoutError: they were not, within ``timeout`` seconds.
        """
        until = time.monotonic() + timeout
        while self.count < units:
            if time.monotonic() > until:
                raise TimeoutError(f"{self.count} of {units} units were published")
            self._committed.wait(1)
            self._committed.clear()
            self._read()

    def _read(self) -> None:
        for event in self._db.read(activity.events_after, self._last_event, 10_000):
            self._last_event = event[0]
            if event[2] == "unit.launched":
                self.count += range_size(event[9]) or 1
