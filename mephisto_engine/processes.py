"""Which process this is, and whether another one still exists.

A pid alone says little: it is used again after a while, a reboot begins anew, and another machine
(or container) counts its own. A mark says all of it: the kernel's boot, the pid namespace, and when
the process began.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_OVER = ("Z", "X")
"""States of a process that has ended and that nobody has asked about yet."""


def own_mark() -> str:
    """The mark of this process, to be stored with its pid."""
    return _mark(os.getpid())


def exists(pid: int, mark: str) -> bool | None:
    """Whether the process of that pid and mark still exists; None: it cannot be known from here."""
    place, _, began = mark.rpartition(" ")
    if not place or place != _place():
        return None
    try:
        return _began(pid) == began
    except OSError:  # hidden from this user
        return None


def _mark(pid: int) -> str:
    return f"{_place()} {_began(pid) or ''}"


def _place() -> str:
    """Where a pid means the same process: one boot of one kernel, one namespace of pids."""
    try:
        return f"{_BOOT.read_text().strip()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:  # no Linux: two machines of one name are taken for one
        return socket.gethostname()


def _began(pid: int) -> str | None:
    """When a process began, in ticks since the boot; None if there is none (any more)."""
    try:
        # The name, in parentheses, may hold anything.
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _answers(pid)
    return None if state in _OVER else fields[18]


def _answers(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return ""
