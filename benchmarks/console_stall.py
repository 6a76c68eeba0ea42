"""Whether an engine minds that the terminal of its console does not read: a laptop that sleeps.

The demo's engine and its console share a process. For a while nobody reads the terminal; meanwhile
the gateway, which lives in the engine's loop, is asked for a page again and again.
"""

from __future__ import annotations

import http.client
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.child import environment, new_home
from benchmarks.console_bytes import SIZE
from benchmarks.figure import Figure
from benchmarks.starting import PAINT_SECONDS, PROGRAM
from benchmarks.terminal import Terminal
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.queries.runs import find_run

WORKERS = 20
UNITS = 5_000
STALL_SECONDS = 40.0
BETWEEN_SECONDS = 0.05
MOST_SECONDS = 0.5
RECOVERY_SECONDS = 20.0


def measure() -> list[Figure]:
    with new_home() as home:
        command = [PROGRAM, "demo", "--workers", str(WORKERS), "--units", str(UNITS)]
        with Terminal(command, environment(home), *SIZE) as terminal:
            terminal.wait_until(lambda lines: any("in task" in line for line in lines),
                                PAINT_SECONDS)  # fmt: skip
            before = _answers(home)
            gap, asked = _longest_gap(home)
            done = _answers(home) - before
            terminal.read_for(2.0)
            recovery = terminal.echo("?", lambda lines: "Keys" in "".join(lines), RECOVERY_SECONDS)
    note = f"{STALL_SECONDS:.0f} s without a reader; {asked} questions, {done} units done meanwhile"
    return [
        Figure("longest wait for the engine", gap, "s", MOST_SECONDS, note=note),
        Figure("key to echo after it", recovery, "s"),
    ]


def _longest_gap(home: Path) -> tuple[float, int]:
    """Ask the gateway all the time; the longest that an answer took, and how often it was asked."""
    address = urlsplit(_url(home))
    gap, asked = 0.0, 0
    until = time.perf_counter() + STALL_SECONDS
    while (started := time.perf_counter()) < until:
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        connection.request("GET", "/")
        connection.getresponse().read()
        connection.close()
        gap, asked = max(gap, time.perf_counter() - started), asked + 1
        time.sleep(BETWEEN_SECONDS)
    return gap, asked


def _url(home: Path) -> str:
    with MephistoDB.open(home=home) as db:
        return str(db.read(find_run, 1).url)


def _answers(home: Path) -> int:
    from mephisto_engine.database.queries import activity

    with MephistoDB.open(home=home) as db:
        counts = {status: number for _run, status, number in db.read(activity.unit_counts, [1])}
    return counts.get("completed", 0) + counts.get("accepted", 0)
