"""A server in a process of its own: a run of the real engine, or the bare one to compare with.

The process says where it listens in one line of JSON, and ends when its standard input does, so
that none is left behind.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks.child import ROOT, environment, module_command

START_SECONDS = 60.0
STOP_SECONDS = 15.0


class Server:
    """A running server; leaving the context ends it whatever has happened."""

    def __init__(self, kind: str, argument: int, home: Path) -> None:
        """Start it.

        Args:
            kind: a name of `KINDS`.
            argument: what that kind takes: the number of units, or the run's id.
            home: its data folder.
        """
        self._process = subprocess.Popen(
            module_command("benchmarks.server", kind, str(argument)),
            cwd=ROOT,
            env=environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.pid = self._process.pid
        self._facts = psutil.Process(self.pid)
        told = self._first_line()
        self.url: str = told["url"]
        self.run_id: int = told["run_id"]

    def cpu_seconds(self) -> float:
        """Processor time that it has used so far, with that of the system for it."""
        times = self._facts.cpu_times()
        return float(times.user + times.system)

    def memory_mebibytes(self) -> float:
        """Its resident memory now."""
        return float(self._facts.memory_info().rss) / 2**20

    def kill(self) -> None:
        """End it as a crash does (SIGKILL); returns when it is gone."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(BrokenPipeError, subprocess.TimeoutExpired):
            self._process.communicate(timeout=STOP_SECONDS)
        self.kill()

    def _first_line(self) -> dict[str, Any]:
        out: Any = self._process.stdout
        line = out.readline()
        if not line:
            self.kill()
            raise RuntimeError("the server did not start; its words are on stderr")
        told: dict[str, Any] = json.loads(line)
        return told


def serve_run(units: int) -> None:
    """Launch a run of so many units with the real engine."""
    from benchmarks.publishing import PublishedUnits
    from benchmarks.tasks import form
    from mephisto_engine.database import MephistoDB, default_home
    from mephisto_engine.engine import Engine

    with MephistoDB.open() as db, Engine(db, default_home()) as engine:
        published = PublishedUnits(db)
        run_id = engine.launch(form(engine.registry, units))
        published.wait_for(units, START_SECONDS)
        _announce(_url_of(db, run_id), run_id)


def resume_run(run_id: int) -> None:
    """Take up a run again with the real engine."""
    from mephisto_engine.database import MephistoDB, default_home
    from mephisto_engine.engine import Engine

    with MephistoDB.open() as db, Engine(db, default_home()) as engine:
        engine.resume(run_id)
        _announce(_url_of(db, run_id), run_id)


def serve_echo(_: int) -> None:
    """Answer every post with the same bytes: what the machine and aiohttp cost by themselves."""
    from benchmarks.echo import serve

    serve(lambda url: _announce(url, 0, is_waiting=False))


def busy_run(agents: int) -> None:
    """Drive a run without a server, with so many agents at work who come and go."""
    from benchmarks.console_bytes import busy_run

    busy_run(agents)


def serve_talk(agents: int) -> None:
    """Launch a run of so many pages that call task code."""
    _serve_talk(agents, in_pairs=False)


def serve_pairs(pairs: int) -> None:
    """Launch a run of so many conversations of two."""
    _serve_talk(pairs, in_pairs=True)


def _serve_talk(assignments: int, *, in_pairs: bool) -> None:
    from benchmarks.publishing import PublishedUnits
    from benchmarks.talk_tasks import talk_config
    from mephisto_engine.database import MephistoDB, default_home
    from mephisto_engine.engine import Engine

    with MephistoDB.open() as db, Engine(db, default_home()) as engine:
        published = PublishedUnits(db)
        run_id = engine.launch(talk_config(engine.registry, assignments, in_pairs=in_pairs))
        published.wait_for(assignments * (1 + in_pairs), START_SECONDS)
        _announce(_url_of(db, run_id), run_id)


KINDS = {
    "run": serve_run,
    "resumed": resume_run,
    "echo": serve_echo,
    "busy": busy_run,
    "talk": serve_talk,
    "pairs": serve_pairs,
}


def _url_of(db: Any, run_id: int) -> str:
    from mephisto_engine.database.queries.runs import find_run

    return str(db.read(find_run, run_id).url)


def _announce(url: str, run_id: int, *, is_waiting: bool = True) -> None:
    print(json.dumps({"url": url, "pid": os.getpid(), "run_id": run_id}), flush=True)
    if is_waiting:
        with suppress(KeyboardInterrupt):
            sys.stdin.read()


if __name__ == "__main__":
    KINDS[sys.argv[1]](int(sys.argv[2]))
