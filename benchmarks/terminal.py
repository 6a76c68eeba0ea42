"""A program behind a pseudo terminal that a reader drains, as a terminal emulator does."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import psutil
import pyte

COLUMNS, LINES = 120, 40
_KIND = {
    "TERM": "xterm-256color",
    "LC_ALL": "C.UTF-8",
    "LANG": "C.UTF-8",
}
_LEAVING_SECONDS = 5.0


class Terminal:
    """A console that runs in a window of some size; leaving the context ends it."""

    def __init__(
        self,
        command: Sequence[str],
        environment: dict[str, str],
        columns: int = COLUMNS,
        lines: int = LINES,
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        """What a person would see."""
        self.bytes_read = 0
        self._read_at = 0.0
        self._stream = pyte.ByteStream(self.screen)
        self._started = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            _become(command, {**environment, **_KIND})
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def wait_until(self, is_seen: Callable[[list[str]], bool], timeout: float) -> float:
        """Seconds from the start until the lines on the screen satisfy ``is_seen``.

        Raises:
            TimeoutError: they did not; the message holds the screen.
        """
        until = time.perf_counter() + timeout
        while (now := time.perf_counter()) < until:
            if self._read(until - now):
                arrived = time.perf_counter()
                self._drain()
                if is_seen(self.screen.display):
                    return arrived - self._started
        raise TimeoutError("the screen did not come:\n" + "\n".join(self.screen.display))

    def read_for(self, seconds: float) -> int:
        """Drain the terminal for so long; the number of bytes that came."""
        before, until = self.bytes_read, time.perf_counter() + seconds
        while (now := time.perf_counter()) < until:
            self._read(until - now)
        return self.bytes_read - before

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self._fd, keys.encode())

    def echo(self, key: str, is_seen: Callable[[list[str]], bool], timeout: float) -> float:
        """Type ``key``; seconds until the screen satisfies ``is_seen``.

        Raises:
            TimeoutError: it did not.
        """
        self._drain()
        typed = time.perf_counter()
        self.send(key)
        while (now := time.perf_counter()) < typed + timeout:
            if self._read(typed + timeout - now) and is_seen(self.screen.display):
                # What pyte takes to understand the bytes is not the console's time.
                return self._read_at - typed
        raise TimeoutError(f"{key!r} had no effect:\n" + "\n".join(self.screen.display))

    def cpu_seconds(self) -> float:
        """Processor time so far of the program and of what it has started."""
        spent = [process.cpu_times() for process in self._programs()]
        return float(sum(times.user + times.system for times in spent))

    @property
    def drawing_pid(self) -> int:
        """The process that draws: the program itself, or the last that it has started."""
        return int(self._programs()[-1].pid)

    def _programs(self) -> list[psutil.Process]:
        program = psutil.Process(self.pid)
        return [program, *program.children(recursive=True)]

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        until = time.monotonic() + _LEAVING_SECONDS
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > until:
                os.kill(self.pid, signal.SIGKILL)
            self._read(0.05)
        os.close(self._fd)

    def _drain(self) -> None:
        while self._read(0):
            continue

    def _read(self, timeout: float) -> int:
        """Take what is there; how much that was."""
        if not select.select([self._fd], [], [], timeout)[0]:
            return 0
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # Linux says so when the program has ended
            time.sleep(min(timeout, 0.01))
            return 0
        self._read_at = time.perf_counter()
        self.bytes_read += len(data)
        self._stream.feed(data)
        return len(data)


def _become(command: Sequence[str], environment: dict[str, str]) -> None:
    try:
        os.execvpe(command[0], list(command), environment)
    finally:
        sys.stderr.write(f"{command[0]} could not be started\n")
        os._exit(127)
