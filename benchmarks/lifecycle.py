"""The whole way of a static unit over the loopback: arrive, get the data, answer, be acknowledged.

The bare server answers the same requests of the same clients without doing anything; what the
engine costs beyond it is its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.child import new_home
from benchmarks.figure import Figure, quantile
from benchmarks.load_client import Load, Report, work_apart
from benchmarks.server import Server
from benchmarks.stored import missing_answers, workers_with_two_units

CLIENTS = 500
UNITS = 5_000
ROUNDS = 3
TIMEOUT = 120.0


@dataclass(frozen=True)
class Outcome:
    """What one server made of the load."""

    report: Report
    cpu_ms: float
    """Processor time of the server for one unit, milliseconds."""
    mebibytes: float
    """Resident memory of the server at the end."""

    @property
    def units_a_second(self) -> float:
        return len(self.report.acknowledged) / self.report.seconds


def measure() -> list[Figure]:
    bares, engines, missing, greedy = [], [], 0, 0
    for _ in range(ROUNDS):
        with new_home() as home:
            bares.append(_load("echo", home))
        with new_home() as home:
            engines.append(_load("run", home))
            missing += missing_answers(home, engines[-1].report.acknowledged)
            greedy += workers_with_two_units(home)
    bare, engine = _median(bares), _median(engines)
    return [
        *_speed(engine, bare),
        *_waits(engine),
        Figure("workers with two units", greedy, "workers", 0),
        Figure("acknowledged but not stored", missing, "answers", 0),
        *_bare(bare),
    ]


def _median(outcomes: list[Outcome]) -> Outcome:
    """The round whose processor time is in the middle; all figures but counts are of that one."""
    return sorted(outcomes, key=lambda outcome: outcome.cpu_ms)[len(outcomes) // 2]


def _load(kind: str, home: Path) -> Outcome:
    with Server(kind, UNITS, home) as server:
        before = server.cpu_seconds()
        report = work_apart(Load(server.url, CLIENTS, UNITS, TIMEOUT))
        cpu = server.cpu_seconds() - before
        done = max(1, len(report.acknowledged))
        return Outcome(report, 1000 * cpu / done, server.memory_mebibytes())


def _speed(engine: Outcome, bare: Outcome) -> list[Figure]:
    report = engine.report
    failed = ", ".join(f"{number} × {what}" for what, number in report.failures.items() if number)
    per_client = 1000 * report.cpu / max(1, len(report.acknowledged))
    return [
        Figure(
            "completed units",
            engine.units_a_second,
            "1/s",
            500,
            is_floor=True,
            note=failed or f"{CLIENTS} clients × {UNITS:,} units; median of {ROUNDS} rounds",
        ),
        Figure(
            "engine processor time",
            engine.cpu_ms,
            "ms/unit",
            1.0,
            note=f"{engine.cpu_ms / bare.cpu_ms:.1f} × the bare server's",
        ),
        Figure("client processor time", per_client, "ms/unit"),
        Figure("engine memory at the end", engine.mebibytes, "MiB"),
        Figure("acknowledged answers", len(report.acknowledged), "units", UNITS, is_floor=True),
    ]


def _waits(engine: Outcome) -> list[Figure]:
    figures = []
    for name, waits, targets in (
        ("register to data", engine.report.registering, {0.5: 200.0, 0.99: None}),
        ("submit to acknowledged", engine.report.submitting, {0.5: None, 0.99: 250.0}),
    ):
        for share, target in targets.items():
            wait = 1000 * quantile(waits, share)
            figures.append(Figure(f"{name}, p{100 * share:.0f}", wait, "ms", target))
    return figures


def _bare(bare: Outcome) -> list[Figure]:
    note = "the same clients, nothing stored"
    return [
        Figure("bare server: completed units", bare.units_a_second, "1/s", note=note),
        Figure("bare server: processor time", bare.cpu_ms, "ms/unit"),
    ]
