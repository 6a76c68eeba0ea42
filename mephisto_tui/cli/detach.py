"""An engine as a process of its own: it outlives the terminal it was started from."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import typer

from mephisto_engine.errors import MephistoError, StorageError
from mephisto_tui.cli.output import say
from mephisto_tui.cli.settings import Settings


class DetachedStartError(MephistoError):
    """The other process ended before its run was on line; ``message`` holds its own words."""

    title = "Launch"

    def __init__(self, words: str, exit_code: int) -> None:
        super().__init__(words.strip() or f"the engine's process ended with code {exit_code}")
        self.exit_code = exit_code


@dataclass(frozen=True)
class Detached:
    """An engine that runs by itself."""

    run_id: int
    pid: int
    log: Path


def start_detached(settings: Settings, command: str, arguments: Sequence[str]) -> int:
    """Run ``command`` headless in a new session; return its run once that is on line.

    If it ends without that, its words and its exit code become ours.
    """
    try:
        started = spawn_engine(settings, command, arguments)
    except DetachedStartError as error:
        say(error.message)
        raise typer.Exit(error.exit_code) from error
    say(f"run {started.run_id} goes on as process {started.pid}; its log is {started.log}")
    return started.run_id


def spawn_engine(settings: Settings, command: str, arguments: Sequence[str]) -> Detached:
    """Run ``command`` headless in a new session; return once its run is on line.

    The child is this same program. It writes the run's number into a pipe when the launch has
    succeeded.

    Raises:
        DetachedStartError: it ended without that.
    """
    log, path = new_log(settings.logs)
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
        words = path.read_text(encoding="utf-8", errors="replace")
        path.unlink()
        raise DetachedStartError(words, code)
    return Detached(int(report), process.pid, path)


def report_start(descriptor: int | None, run_id: int) -> None:
    """Tell the process that started us, if one did, which run is on line."""
    if descriptor is not None:
        # Whoever started us may have gone meanwhile; the run goes on.
        with suppress(BrokenPipeError), os.fdopen(descriptor, "w") as pipe:
            pipe.write(f"{run_id}\n")


def _program(settings: Settings) -> list[str]:
    program = [sys.executable, "-m", "mephisto_tui.cli", "--home", str(settings.home)]
    return program if settings.db is None else [*program, "--db", settings.db]


def new_log(folder: Path) -> tuple[IO[bytes], Path]:
    """The next free `engine-<n>.log`; exclusive creation lets two starts never share one.

    Raises:
        StorageError: none can be written.
    """
    number = 1
    while True:
        path = folder / f"engine-{number}.log"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise StorageError(
                f"The log {path} cannot be written: {error.strerror}.",
                "Mend that, or choose another home folder with --home or MEPHISTO_HOME.",
            ) from error
        else:
            return os.fdopen(descriptor, "wb"), path
