"""What the console sends to the terminal, and costs, while a run is busy.

A process drives a run with a thousand agents at work; of these, rows change at a fixed rate: in
turn a worker submits and a new one arrives. The console that is measured only watches.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import deque
from pathlib import Path

import psutil

from benchmarks.child import environment, new_home
from benchmarks.direct import arrive, direct_run
from benchmarks.figure import Figure
from benchmarks.server import Server
from benchmarks.starting import PAINT_SECONDS, PROGRAM
from benchmarks.terminal import COLUMNS, LINES, Terminal
from mephisto_engine.abstractions.channel import Backend
from mephisto_engine.database import MephistoDB

AGENTS = 1_000
CHANGES_A_SECOND = 20
SETTLING_SECONDS = 5.0
SECONDS = 20.0
MOST_KIB = 10.0
MOST_PERCENT = 5.0


def measure() -> list[Figure]:
    with new_home() as home, Server("busy", AGENTS, home) as busy:
        return _watch(home, str(busy.run_id))


def _watch(home: Path, run_id: str) -> list[Figure]:
    def is_whole(lines: list[str]) -> bool:
        return any("in task" in line for line in lines[2:-1]) and "? Help" in lines[-1]

    with Terminal([PROGRAM, "watch", run_id], environment(home)) as terminal:
        terminal.wait_until(is_whole, PAINT_SECONDS)
        terminal.read_for(SETTLING_SECONDS)
        cpu, drawing = terminal.cpu_seconds(), _main_thread(terminal.pid)
        sent = terminal.read_for(SECONDS)
        cpu, drawing = terminal.cpu_seconds() - cpu, _main_thread(terminal.pid) - drawing
    where = f"{COLUMNS}×{LINES}, {AGENTS:,} agents, {CHANGES_A_SECOND} changes/s"
    return [
        Figure("sent to the terminal", sent / SECONDS / 1024, "KiB/s", MOST_KIB, note=where),
        Figure("the screen's thread", 100 * drawing / SECONDS, "% core", MOST_PERCENT),
        Figure("whole console process", 100 * cpu / SECONDS, "% core"),
    ]


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
    async with direct_run(db, 10 * agents) as (run_id, backend):
        crowd = Crowd(backend)
        await asyncio.gather(*(crowd.arrive() for _ in range(agents)))
        print(json.dumps({"url": "", "run_id": run_id}), flush=True)
        while not ended.done():
            await crowd.change()
            await asyncio.wait([ended], timeout=1 / CHANGES_A_SECOND)


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
