"""How long a person waits for the command line, and for the console's first whole screen."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.child import ROOT, environment, in_child, new_home
from benchmarks.figure import Figure
from benchmarks.publishing import publish
from benchmarks.terminal import Terminal

ROUNDS = 7
UNITS = 100_000
TIMEOUT = 120.0
PAINT_SECONDS = 20.0
"""How long a first paint may take before the benchmark gives up."""
FIRST_PAINT_SECONDS = 0.8
PROGRAM = str(Path(sys.executable).with_name("mephisto-tui"))


def measure() -> list[Figure]:
    with new_home() as home:
        python = _command("python -c pass", [sys.executable, "-c", "pass"], home, None)
        shown = _command("--help", [PROGRAM, "--help"], home, 0.25)
        in_child(publish, UNITS, home=home, timeout=TIMEOUT)
        return [
            python,
            shown,
            _command(f"runs, {UNITS:,} units", [PROGRAM, "runs"], home, 0.5),
            _paint("first paint of Runs", ["watch"], home, "benchmark"),
            _paint(f"first paint of a run, {UNITS:,} units", ["watch", "1"], home, str(UNITS)),
        ]


def _command(name: str, command: Sequence[str], home: Path, target: float | None) -> Figure:
    waits, cpu = [], []
    for number in range(ROUNDS + 1):
        used, started = _children_cpu(), time.perf_counter()
        subprocess.run(
            command,
            cwd=ROOT,
            env=environment(home),
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=TIMEOUT,
        )
        if number:  # the first one fills the caches
            waits.append(time.perf_counter() - started)
            cpu.append(_children_cpu() - used)
    return Figure(name, statistics.median(waits), "s", target, note=_cpu_note(cpu))


def _paint(name: str, arguments: Sequence[str], home: Path, datum: str) -> Figure:
    """Time the console until ``datum`` stands on a screen that is drawn down to its key bar."""

    def is_whole(lines: list[str]) -> bool:
        return any(datum in line for line in lines[2:-1]) and "? Help" in lines[-1]

    waits, cpu = [], []
    for number in range(ROUNDS + 1):
        with Terminal([PROGRAM, *arguments], environment(home)) as terminal:
            wait = terminal.wait_until(is_whole, PAINT_SECONDS)
            if number:
                waits.append(wait)
                cpu.append(terminal.cpu_seconds())
    return Figure(name, statistics.median(waits), "s", FIRST_PAINT_SECONDS, note=_cpu_note(cpu))


def _cpu_note(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} s CPU; median of {len(seconds)}"


def _children_cpu() -> float:
    times = os.times()
    return times.children_user + times.children_system
