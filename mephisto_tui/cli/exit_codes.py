"""What the exit code of `mephisto-tui` means; scripts branch on it."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    OK = 0
    REFUSED = 1
    """The state of things does not allow it: no such run, already ended, doctor found an error."""
    USAGE = 2
    """The command line or the launch config is wrong; nothing was created."""
    OUTSIDE = 3
    """The architect or the crowd provider failed; the same command may work later."""
    LEASE_HELD = 4
    """Another engine drives the run."""
    CRASHED = 70
    """A fault of the program itself; the traceback is in a file."""
    INTERRUPTED = 130
    """Ended by SIGINT or SIGTERM."""
