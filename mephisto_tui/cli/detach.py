"""An engine as a process of its own: it outlives the terminal it was started from."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import typer

from mephisto_tui.cli.output import say
from mephisto_tui.cli.settings import Settings


def start_detached(settings: Settings, command: str, arguments: Sequence[str]) -> int:
    """Run ``command`` headless in a new session; return its run once that is on line.

    The child is this same program. It writes the run's number into a pipe when the launch has
    succeeded; if it ends without that, its words and its exit code become ours.
    """
    log, path = _new_log(settings.logs)
    reader, writer = os.pipe()
    with log:
        process = subprocess.Popen(
            [*_program(settings), command, "--headless", "--report-fd", str(writer)]
            + ["--", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(writer,),
            start_new_session=True,
        )
    os.close(writer)
    try:
        with os.fdopen(reader) as pipe:
            report = pipe.readline()
    except KeyboardInterrupt:
        process.terminate()
        raise
    if not report:
        code = process.wait()
        say(path.read_text(encoding="utf-8", errors="replace"))
        path.unlink()
        raise typer.Exit(code)
    say(f"run {int(report)} goes on as process {process.pid}; its log is {path}")
    return int(report)


def report_start(descriptor: int | None, run_id: int) -> None:
    """Tell the process that started us, if one did, which run is on line."""
    if descriptor is not None:
        with os.fdopen(descriptor, "w") as pipe:
            pipe.write(f"{run_id}\n")


def _program(settings: Settings) -> list[str]:
    program = [sys.executable, "-m", "mephisto_tui.cli", "--home", str(settings.home)]
    return program if settings.db is None else [*program, "--db", settings.db]


def _new_log(folder: Path) -> tuple[IO[bytes], Path]:
    """The next free `engine-<n>.log`; exclusive creation lets two starts never share one."""
    number = 1
    while True:
        path = folder / f"engine-{number}.log"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except FileExistsError:
            number += 1
        else:
            return os.fdopen(descriptor, "wb"), path
