"""A process that stands between the shell and a console, so that what drives runs can leave it.

The shell waits for the process that it has started. That one only waits: the console, and the
engine if there is one, are its child. When the child goes on without a terminal, the process in
front ends and the shell has its prompt back; when the child is killed, the process in front brings
the terminal back into its former state.
"""

from __future__ import annotations

import os
import signal
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

LEFT: Final = b"left"
"""What the child writes when it goes on by itself."""
_SET_DEATH_SIGNAL: Final = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


class Background:
    """The way out of the foreground, for the child."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def go(self, logs: Path) -> Path:
        """Go on as a process of its own, without a terminal; returns the log that it writes.

        The words of this process and its events are in the log from now on; where none can be
        written, nowhere: the run goes on all the same.
        """
        from mephisto_engine.errors import StorageError
        from mephisto_tui.cli.detach import new_log

        try:
            log, path = new_log(logs)
        except StorageError:
            path = Path(os.devnull)
            log = path.open("wb")
        sys.stdout.flush()
        sys.stderr.flush()
        os.setsid()
        silence = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((silence, 0), (log.fileno(), 1), (log.fileno(), 2)):
            os.dup2(source, target)
        os.close(silence)
        log.close()
        return path

    def release(self, words: str) -> None:
        """Let the shell have its prompt back; the process in front says ``words`` before it."""
        from mephisto_tui.safe_text import clean_lines

        _signal_on_parents_death(0)
        with suppress(OSError):  # who stood in front has been killed
            os.write(self._pipe, LEFT + "\n".join(clean_lines(words)).encode())
        os.close(self._pipe)


def stand_in_front() -> Background:
    """Go on as the child of this process, which waits for it.

    To be called before anything has a thread, an open database or a terminal of its own.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    reader, writer = os.pipe()
    former = _terminal_state()
    parent = os.getpid()
    child = os.fork()
    if child:
        os.close(writer)
        _wait(child, reader, former)
    os.close(reader)
    _signal_on_parents_death(signal.SIGHUP)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGHUP)
    return Background(writer)


def _wait(child: int, reader: int, former: list[object] | None) -> NoReturn:
    """Stay until the child has ended or left, and end as it did."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to the child too
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _passing_on(child))
    told = _read_all(reader)
    if told.startswith(LEFT):
        with suppress(OSError):  # the terminal may be gone
            os.write(2, told.removeprefix(LEFT) + b"\n")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        _bring_back(former)
        os.write(2, f"The console was killed by {signal.Signals(-code).name}.\n".encode())
    os._exit(code if code >= 0 else 128 - code)


def _read_all(reader: int) -> bytes:
    with os.fdopen(reader, "rb") as pipe:
        return pipe.read()


def _passing_on(child: int) -> Callable[[int, FrameType | None], None]:
    def pass_on(number: int, _: FrameType | None) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, number)

    return pass_on


def _terminal_state() -> list[object] | None:
    try:
        return termios.tcgetattr(0)
    except termios.error:
        return None


def _bring_back(former: list[object] | None) -> None:
    from mephisto_tui.terminal import RESTORE

    if former is None:
        return
    # Whoever is killed in the background must not be stopped for touching the terminal.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    with suppress(OSError, termios.error):
        os.write(1, RESTORE.encode())
        termios.tcsetattr(0, termios.TCSAFLUSH, former)  # type: ignore[arg-type]


def _signal_on_parents_death(number: int) -> None:
    """Have the system tell this process when the one in front is killed; Linux can."""
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, int(number), 0, 0, 0)
