"""A console on a real pseudo terminal, with a screen that understands what it writes."""

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
from collections.abc import Callable
from pathlib import Path

import pyte

HERE = Path(__file__).parent
PATIENCE = 15.0


class PtyConsole:
    """Starts the demo console; `wait_for` reads until the screen shows what is awaited."""

    program = (sys.executable, str(HERE / "demo_console.py"))

    def __init__(self, *arguments: str, columns: int = 80, lines: int = 24, **environ: str):
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.received = b""
        self.status: int | None = None
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            keep = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
            settings = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "TZ": "UTC"}
            settings |= {"PYTHONPATH": str(HERE.parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
            command = [*self.program, *arguments]
            os.execve(command[0], command, keep | settings | environ)
        self.resize(columns, lines)

    def resize(self, columns: int, lines: int) -> None:
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, size)
        self.screen.resize(lines, columns)

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def read(self, seconds: float) -> int:
        """Take what comes for so long; returns how many bytes that was."""
        before, deadline = len(self.received), time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not self._read_once(left):
                break
        return len(self.received) - before

    def _read_once(self, seconds: float) -> bool:
        ready, _, _ = select.select([self.descriptor], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # EIO: the other side is closed
            return False
        self.received += data
        self._stream.feed(data)
        return bool(data)

    def wait_for(self, is_so: Callable[[], bool] | str) -> None:
        wanted = is_so
        check = (lambda: wanted in self.text) if isinstance(wanted, str) else wanted
        deadline = time.monotonic() + PATIENCE
        while not check():
            if time.monotonic() > deadline:
                raise AssertionError(f"not seen: {is_so!r}\n{self.text}")
            self._read_once(0.05)

    def send(self, keys: str) -> None:
        os.write(self.descriptor, keys.encode())

    def kill(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait_for_end(self) -> int:
        """The exit status of the process, after reading all it wrote."""

        def has_ended() -> bool:
            if self.status is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                self.status = os.waitstatus_to_exitcode(status) if pid else None
            return self.status is not None

        self.wait_for(has_ended)
        self.read(0.2)
        assert self.status is not None
        return self.status

    def close(self) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.descriptor)
