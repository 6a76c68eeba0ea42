"""The command as its users start it: a process of its own over a home folder of its own."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from mephisto_engine import processes
from mephisto_tui.cli import launch

PATIENCE = 30.0
CONFIG = launch.DEMO_CONFIG
NOBODY_COMES = "mephisto.provider.simulated_workers=0"


class CommandLine:
    """Starts `mephisto-tui` with one home folder, and ends what a test has left running."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.processes: list[subprocess.Popen[str]] = []

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.words(arguments),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
            env=self._environment(environment),
        )

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            self.words(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment({}),
        )
        self.processes.append(process)
        return process

    def end(self, process: subprocess.Popen[str]) -> tuple[int, str, str]:
        """Wait for a started process; its exit code and the rest of what it printed."""
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out, err

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for pid in self._engines():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _engines(self) -> list[int]:
        """Processes that still drive runs: a test that has failed has left them behind."""
        path = self.home / "data.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT pid, process FROM lease").fetchall()
        # A pid of another host, or of long ago, is somebody else's here.
        own = [int(pid) for pid, mark in rows if processes.exists(int(pid), mark)]
        return [pid for pid in own if pid != os.getpid()]

    def words(self, arguments: tuple[str, ...]) -> list[str]:
        """The command as its operating system is asked for it."""
        return [sys.executable, "-m", "mephisto_tui.cli", *arguments]

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**kept, "MEPHISTO_HOME": str(self.home), "PYTHONUNBUFFERED": "1", **more}


def line_with(process: subprocess.Popen[str], text: str, stream: str = "stderr") -> str:
    """The first line of a started process that contains ``text``; fails when none comes."""
    pipe = getattr(process, stream)
    timer = threading.Timer(PATIENCE, process.kill)
    timer.start()
    try:
        for line in pipe:
            if text in line:
                return str(line)
    finally:
        timer.cancel()
    raise AssertionError(f"{text!r} was never printed")


def wait_until(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    poll = threading.Event()
    while not condition():
        assert time.monotonic() < until, f"never became true: {what}"
        poll.wait(0.05)


def children_of(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
