"""Finding a unit for an arriving worker: in memory, and with all that is stored about it."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterable
from typing import Any

from benchmarks.child import in_child, new_home
from benchmarks.direct import arrive, direct_run
from benchmarks.figure import Figure, quantile
from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.database import MephistoDB
from mephisto_engine.operations.live.live_run import LiveRun, load_live_run

SIZES = (1_000, 100_000)
MOST_MS = 1.0
CLAIMS = 10_000
ARRIVALS = 500
EACH = 3
"""Units of an assignment in the runs where one worker comes again and again."""
TIMEOUT = 180.0

Percentiles = dict[str, float]


def measure() -> list[Figure]:
    figures = []
    for units in SIZES:
        with new_home() as home:
            told = in_child(claim_all_ways, units, home=home, timeout=TIMEOUT)
        size = f"of {units:,} units"
        for way in ("new workers", "one prolific worker"):
            figures += _figures(f"claim {size}, {way}", told[way], MOST_MS)
        figures += _figures(f"register {size}, in process", told["register"], None)
    return figures


def claim_all_ways(units: int) -> dict[str, Percentiles]:
    """Time claims in runs of so many units, milliseconds."""
    with MephistoDB.open() as db:
        return asyncio.run(_claim_all_ways(db, units))


def _no_agents(*_: Any) -> LiveAgent:
    """A run that nobody has come to has no agents to restore."""
    raise LookupError("nobody is at work yet")


async def _claim_all_ways(db: MephistoDB, units: int) -> dict[str, Percentiles]:
    told = {}
    async with direct_run(db, units) as (run_id, _):
        live = load_live_run(db, run_id, _no_agents)
        names = [f"visitor-{number}" for number in range(min(units, CLAIMS))]
        told["new workers"] = _timed(lambda name: _claim(db, live, name), names)
    async with direct_run(db, units // EACH, EACH) as (run_id, backend):
        live = load_live_run(db, run_id, _no_agents)
        names = ["prolific"] * min(units // EACH, CLAIMS)
        told["one prolific worker"] = _timed(lambda name: _claim(db, live, name), names)
        waits = []
        for number in range(min(units // EACH, ARRIVALS)):
            started = time.perf_counter()
            # Every second arrival is the same worker, who may have no assignment twice.
            name = "prolific" if number % 2 else f"visitor-{number}"
            details = await arrive(backend, name)
            waits.append(time.perf_counter() - started)
            if details.agent_id is None:
                raise RuntimeError(f"{name} got no unit: {details.failure_reason}")
        told["register"] = _percentiles(waits)
    return told


def _claim(db: MephistoDB, live: LiveRun, worker_name: str) -> None:
    if live.pool.take(live.cursor_of(db, "mock", worker_name)) is None:
        raise RuntimeError("no unit was left")


def _timed(work: Callable[[str], None], names: Iterable[str]) -> Percentiles:
    gc.collect()
    waits = []
    for name in names:
        started = time.perf_counter()
        work(name)
        waits.append(time.perf_counter() - started)
    return _percentiles(waits)


def _percentiles(seconds: list[float]) -> Percentiles:
    return {"p50": 1000 * quantile(seconds, 0.5), "p99": 1000 * quantile(seconds, 0.99)}


def _figures(name: str, told: Percentiles, target: float | None) -> list[Figure]:
    note = "" if target else "one after the other, each committed"
    return [
        Figure(f"{name}, p50", told["p50"], "ms", note=note),
        Figure(f"{name}, p99", told["p99"], "ms", target),
    ]
