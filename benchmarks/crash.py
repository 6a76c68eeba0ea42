"""The engine is killed the moment that an answer has been acknowledged; what is stored then?"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.child import new_home
from benchmarks.figure import Figure
from benchmarks.load_client import Load, work
from benchmarks.server import Server
from benchmarks.stored import missing_answers, workers_with_two_units

ROUNDS = 3
CLIENTS = 100
UNITS = 2_000
KILLED_AFTER = 300
"""Acknowledgements before the engine is killed, within the callback of the last one."""
TIMEOUT = 60.0


def measure() -> list[Figure]:
    acknowledged = missing = greedy = resumed = finished = 0
    seconds = []
    for _ in range(ROUNDS):
        with new_home() as home:
            tokens, run_id = _crash(home)
            acknowledged += len(tokens)
            missing += missing_answers(home, tokens)
            started = time.perf_counter()
            with Server("resumed", run_id, home) as server:
                seconds.append(time.perf_counter() - started)
                resumed += 1
                tokens += work(Load(server.url, 1, 10, TIMEOUT)).acknowledged
            finished += missing_answers(home, tokens)
            greedy += workers_with_two_units(home)
    return [
        Figure("answers acknowledged before kill -9", acknowledged, "answers"),
        Figure("of these not stored", missing, "answers", 0),
        Figure("runs resumed", resumed, "runs", ROUNDS, is_floor=True),
        Figure("not stored after resuming and more work", finished, "answers", 0),
        Figure("workers with two units", greedy, "workers", 0),
        Figure("resume until workers can come", max(seconds), "s", note="with Python's start"),
    ]


def _crash(home: Path) -> tuple[list[str], int]:
    """Ids of the acknowledged agents of an engine that was killed, and the run's id."""
    with Server("run", UNITS, home) as server:

        def kill(number: int) -> None:
            if number == KILLED_AFTER:
                server.kill()

        report = work(Load(server.url, CLIENTS, UNITS, TIMEOUT), kill)
        return report.acknowledged, server.run_id
