"""What the console sends to the terminal, and costs, while a run is busy, and while it is not.

A process drives a run with some agents at work; in turn a worker submits and a new one arrives.
The console that is measured only watches.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from pathlib import Path

import psutil

from benchmarks.child import environment, in_child, new_home
from benchmarks.direct import arrive, direct_run
from benchmarks.figure import Figure
from benchmarks.publishing import publish
from benchmarks.server import Server
from benchmarks.starting import PAINT_SECONDS, PROGRAM
from benchmarks.terminal import Terminal
from mephisto_engine.abstractions.channel import Backend
from mephisto_engine.database import MephistoDB

SIZE = 160, 50
CHANGES_A_SECOND = {10: 10, 1_000: 100}
"""Agents at work → how often in a second one of them submits or another arrives."""
MOST_KIB = {10: 8.0, 1_000: 20.0}
SETTLING_SECONDS = 5.0
SECONDS = 20.0
MOST_PERCENT = 5.0
IDLE_PERCENT = 1.0
UNITS = 5_000
TIMEOUT = 120.0


def measure() -> list[Figure]:
    figures = []
    for agents in MOST_KIB:
        with new_home() as home, Server("busy", agents, home) as busy:
            figures += _busy(home, str(busy.run_id), agents)
    with new_home() as home:
        in_child(publish, UNITS, home=home, timeout=TIMEOUT)
        return [*figures, *_idle(home)]


def run_is_drawn(lines: list[str]) -> bool:
    """Whether the screen of a run is there with its rows, down to the key bar."""
    is_filled = any("in task" in line or "launched" in line for line in lines[12:-1])
    return is_filled and "? Help" in lines[-1]


def _busy(home: Path, run_id: str, agents: int) -> list[Figure]:
    with Terminal([PROGRAM, "watch", run_id], environment(home), *SIZE) as terminal:
        terminal.wait_until(run_is_drawn, PAINT_SECONDS)
        sent, cpu, drawing = _watched(terminal)
    where = f"{SIZE[0]}×{SIZE[1]}, {CHANGES_A_SECOND[agents]} changes/s"
    name = f"{agents:,} agents"
    return [
        Figure(f"sent, {name}", sent / 1024, "KiB/s", MOST_KIB[agents], note=where),
        Figure(f"the screen's thread, {name}", 100 * drawing, "% core", MOST_PERCENT),
        Figure(f"whole console, {name}", 100 * cpu, "% core"),
    ]


def _idle(home: Path) -> list[Figure]:
    """Nobody works and nobody types."""
    with Terminal([PROGRAM, "watch"], environment(home), *SIZE) as terminal:
        terminal.wait_until(lambda lines: "? Help" in lines[-1], PAINT_SECONDS)
        sent, cpu, _drawing = _watched(terminal)
    return [
        Figure("idle: whole console", 100 * cpu, "% core", IDLE_PERCENT, note="the list of runs"),
        Figure("idle: sent", sent / 1024, "KiB/s"),
    ]


def _watched(terminal: Terminal) -> tuple[float, float, float]:
    """Bytes, and seconds of processor time of the process and of its first thread, a second."""
    terminal.read_for(SETTLING_SECONDS)
    pid = terminal.drawing_pid
    cpu, drawing = terminal.cpu_seconds(), _main_thread(pid)
    sent = terminal.read_for(SECONDS)
    used = terminal.cpu_seconds() - cpu, _main_thread(pid) - drawing
    return sent / SECONDS, used[0] / SECONDS, used[1] / SECONDS


def _main_thread(pid: int) -> float:
    """Processor time of a program's first thread, on which its screen is drawn."""
    times = next(thread for thread in psutil.Process(pid).threads() if thread.id == pid)
    return float(times.user_time + times.system_time)


def busy_run(agents: int) -> None:
    """Drive a run with so many agents at work until standard input ends."""
    with MephistoDB.open() as db:
        asyncio.run(_busy_run(db, agents))


async def _busy_run(db: MephistoDB, agents: int) -> None:
    ended = asyncio.ensure_future(asyncio.to_thread(sys.stdin.read))
    pause = 1 / CHANGES_A_SECOND[agents]
    async with direct_run(db, max(UNITS, 10 * agents)) as (run_id, backend):
        crowd = Crowd(backend)
        await asyncio.gather(*(crowd.arrive() for _ in range(agents)))
        print(json.dumps({"url": "", "run_id": run_id}), flush=True)
        due = time.monotonic()
        while not ended.done():
            await crowd.change()
            due = max(due + pause, time.monotonic() - 1.0)
            await asyncio.wait([ended], timeout=max(0.0, due - time.monotonic()))


class Crowd:
    """Workers on the units of a run."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._at_work: deque[str] = deque()
        self._arrived = 0
        self._is_full = True

    async def arrive(self) -> None:
        self._arrived += 1
        details = await arrive(self._backend, f"worker-{self._arrived:05}")
        self._at_work.append(str(details.agent_id))

    async def change(self) -> None:
        """Change one row: whoever has been there longest submits, or somebody comes."""
        if self._is_full:
            token = self._at_work.popleft()
            await self._backend.submit_unit(token, '{"answer": "yes"}', (), None)
        else:
            await self.arrive()
        self._is_full = not self._is_full
