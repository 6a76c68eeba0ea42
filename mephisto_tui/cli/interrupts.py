"""What ctrl+c, `kill` and a lost terminal mean to a process that drives a run."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Counts requests to end; the loop that drives the run looks at the count."""

    def __init__(self) -> None:
        self.count = 0

    def receive(self, _signal: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 2:  # the engine did not get out in time; let its close() be cut short
            raise KeyboardInterrupt


@contextmanager
def counted_interrupts() -> Iterator[Interrupts]:
    """Count SIGINT and SIGTERM, and live on without a terminal, until the block ends."""
    interrupts = Interrupts()
    former = {number: signal.signal(number, interrupts.receive) for number in STOPPING}
    former[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield interrupts
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def terminate_as_interrupt() -> Iterator[None]:
    """Let SIGTERM unwind the block like ctrl+c does, so that nothing half-made is left behind."""
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
