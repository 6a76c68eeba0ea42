"""The only door to the engine: the latest picture comes out, wishes and commands go in."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar

from mephisto_engine.errors import MephistoError, StateError
from mephisto_engine.operations.watching.snapshot import Snapshot, View, Window
from mephisto_tui.daemon_worker import DaemonWorker
from mephisto_tui.statistics_feed import Asked, StatisticsFeed
from mephisto_tui.view.chrome import Freshness

if TYPE_CHECKING:
    from mephisto_engine.analysis.report import Report
    from mephisto_engine.database import MephistoDB
    from mephisto_engine.engine import Engine
    from mephisto_engine.operations.watching.monitor import Monitor
    from mephisto_engine.operations.watching.selection import Selection
    from mephisto_engine.operations.worker_desk import WorkerDesk
    from mephisto_tui.launching import Launching
    from mephisto_tui.review_door import ReviewDoor

PERIOD: Final = 0.25
"""Least seconds between two snapshots that nobody has asked for."""
STILL_PERIOD: Final = 0.5
"""The same once nothing was new for `STILL_SECONDS`. What this process stores, and what the
operator asks for, is seen at once all the same."""
STILL_SECONDS: Final = 10.0
ANSWER_PERIOD: Final = 0.05
"""Least seconds between two answers to wishes: held keys wish thirty times a second."""
PATIENCE: Final = 2.0
"""Seconds that whoever leaves waits for what has been begun."""
COMMAND_SECONDS: Final = 30.0
"""How long a command may take before the console says that nobody answered."""

T = TypeVar("T")

log = logging.getLogger(__name__)


class Bridge(Protocol):
    """What a console needs of an engine; every method returns at once."""

    @property
    def refusal(self) -> str:
        """Why commands are refused; empty when they are not."""

    @property
    def owns_engine(self) -> bool:
        """Whether runs end with this process."""

    @property
    def can_detach(self) -> bool:
        """Whether the engine can go on without this console."""

    @property
    def can_command(self) -> bool:
        """Whether commands are taken at all."""

    @property
    def launching(self) -> Launching | None:
        """The way to launch from here, where there is one."""

    def running(self) -> list[int]:
        """Runs that the engine of this process drives."""

    def latest(self) -> Snapshot | None:
        """The newest picture; None until there is one."""

    def on_news(self, listener: Callable[[], None] | None) -> None:
        """Whom to tell, in any thread, that there is another picture, or other statistics."""

    def freshness(self) -> Freshness:
        """How old the newest picture is, and what keeps it from being renewed."""

    def want(self, view: View) -> None:
        """Say what is to be seen; it replaces the former wish."""

    def send(self, kind: str, run_id: int | None, args: dict[str, Any]) -> Future[str]:
        """Ask the engine to do something; the future holds the outcome in words."""

    def count_units(self, run_id: int, selection: Selection) -> Future[dict[str, int]]:
        """Status → number of the units that are meant, to ask about them before a command."""

    def keys_in_order(self, name: str, run_id: int | None, window: Window) -> Future[list[int]]:
        """Keys of all rows of a list that the filter lets through, in order, at hand or not."""

    def statistics(self, asked: Asked) -> Report | None:
        """The newest statistics of a run; None until there are any. Asking keeps them coming."""

    @property
    def statistics_error(self) -> str:
        """What keeps statistics from being made; empty when nothing does."""

    def review(self) -> ReviewDoor | None:
        """The door to decisions; None where there is none."""

    @property
    def busy(self) -> str:
        """What would be cut off if the console ended now, in words; usually empty."""

    def at_desk(self, work: Callable[[WorkerDesk], T]) -> Future[T]:
        """Have something done to workers, or found out about them, one after the other."""

    def stop(self) -> None:
        """Let go of everything the bridge holds; the engine is not touched."""


class MonitorBridge:
    """A bridge over the database, and over the engine too where it lives in this process."""

    def __init__(
        self,
        db: MephistoDB,
        engine: Engine | None = None,
        *,
        home: Path | None = None,
        monitor: Monitor | None = None,
        refusal: str = "",
        can_detach: bool = False,
        launching: Launching | None = None,
    ) -> None:
        self._db = db
        self._engine = engine
        self._home = home
        self._monitor = monitor or _new_monitor(db)
        self.refusal = refusal
        self.can_detach = can_detach
        self._listener: Callable[[], None] | None = None
        self._statistics = StatisticsFeed(db, self._tell)
        self.launching = launching
        self._review: ReviewDoor | None = None
        self._desk: tuple[WorkerDesk, DaemonWorker] | None = None
        self._snapshot: Snapshot | None = None
        self._read_at: float | None = None
        self._error = ""
        self._stopped = threading.Event()
        self._is_wished = threading.Event()
        self.is_held_up = False
        """After `stop`: whether something has not returned, as on a disk that hangs."""
        self._commands = DaemonWorker("console-command")
        self._thread = threading.Thread(target=self._watch, name="console-monitor", daemon=True)
        self._thread.start()

    @property
    def can_command(self) -> bool:
        return not self.refusal

    @property
    def owns_engine(self) -> bool:
        return self._engine is not None

    def running(self) -> list[int]:
        return self._engine.running() if self._engine is not None else []

    def latest(self) -> Snapshot | None:
        return self._snapshot

    def freshness(self) -> Freshness:
        read_at = self._read_at
        return Freshness(None if read_at is None else time.monotonic() - read_at, self._error)

    def on_news(self, listener: Callable[[], None] | None) -> None:
        self._listener = listener

    def want(self, view: View) -> None:
        self._monitor.want(view)
        self._is_wished.set()

    def send(self, kind: str, run_id: int | None, args: dict[str, Any]) -> Future[str]:
        if self.refusal:
            refused: Future[str] = Future()
            refused.set_exception(StateError(self.refusal))
            return refused
        return self._commands.submit(self._perform, kind, run_id, args)

    def count_units(self, run_id: int, selection: Selection) -> Future[dict[str, int]]:
        from mephisto_engine.operations.watching.selection import count_selected_units

        return self._commands.submit(count_selected_units, self._db, run_id, selection)

    def keys_in_order(self, name: str, run_id: int | None, window: Window) -> Future[list[int]]:
        from mephisto_engine.operations.watching.selection import keys_in_order

        return self._commands.submit(keys_in_order, self._db, name, run_id or 0, window)

    def statistics(self, asked: Asked) -> Report | None:
        return self._statistics.latest(asked)

    @property
    def statistics_error(self) -> str:
        return self._statistics.error

    def review(self) -> ReviewDoor | None:
        if self._review is None and self._home is not None:
            from mephisto_engine.operations.operator import operator_name
            from mephisto_engine.operations.reviewing.review import Review
            from mephisto_tui.review_door import ReviewDoor

            self._review = ReviewDoor(Review(self._db, self._home, operator_name()))
        return self._review

    def at_desk(self, work: Callable[[WorkerDesk], T]) -> Future[T]:
        if self._home is None:
            refused: Future[T] = Future()
            refused.set_exception(StateError("Nothing can be done to workers from this console."))
            return refused
        if self._desk is None:
            from mephisto_engine.operations.operator import operator_name
            from mephisto_engine.operations.worker_desk import WorkerDesk

            desk = WorkerDesk(self._db, self._home, operator_name())
            self._desk = desk, DaemonWorker("console-workers")
        desk, worker = self._desk
        return worker.submit(work, desk)

    @property
    def busy(self) -> str:
        if self.launching is not None and self.launching.is_launching:
            return "a launch is under way"
        if self._review is not None and self._review.is_sending:
            return "decisions are being sent"
        return ""

    def stop(self) -> None:
        self._stopped.set()
        self._is_wished.set()
        self._statistics.stop()
        if self.launching is not None:
            self.launching.close()
        if self._review is not None:
            self._review.close()
        if self._desk is not None:
            self._desk[1].close()
        self._commands.close()
        # What hangs must not keep the program from ending: these threads are daemons.
        until = time.monotonic() + PATIENCE
        self._thread.join(PATIENCE)
        if not self._thread.is_alive():
            self._monitor.close()
        ends = [self._commands.has_ended, self._statistics.has_ended]
        ends += [self._desk[1].has_ended] if self._desk is not None else []
        have_ended = [end(max(0.0, until - time.monotonic())) for end in ends]
        self.is_held_up = self._thread.is_alive() or not all(have_ended)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _perform(self, kind: str, run_id: int | None, args: dict[str, Any]) -> str:
        from mephisto_engine.operations.commands.kinds import Stop, parse_change
        from mephisto_engine.operations.control import ask
        from mephisto_engine.operations.operator import operator_name

        change = parse_change(kind, args)
        if run_id is None:
            raise StateError(f"{kind}: of which run?")
        if isinstance(change, Stop) and self._engine and run_id in self._engine.running():
            # The own engine is told even while its database takes no rows.
            return self._engine.stop(run_id, change.now)
        home = self._home or self._db.path.parent
        return ask(self._db, home, run_id, change, operator_name(), COMMAND_SECONDS)

    def _watch(self) -> None:
        """Keep the latest picture in its slot, and tell of each new one."""
        told_at = time.monotonic()
        while not self._stopped.is_set():
            started = time.monotonic()
            is_still = started - told_at >= STILL_SECONDS
            self._monitor.wait_for_change(STILL_PERIOD if is_still else PERIOD)
            self._is_wished.clear()
            if self._look():
                told_at = time.monotonic()
            _wait_until(started + ANSWER_PERIOD, self._stopped)
            _wait_until(started + PERIOD, self._is_wished)

    def _look(self) -> bool:
        """Renew the picture; whether there is something to tell."""
        former, failed = self._snapshot, bool(self._error)
        try:
            self._snapshot = self._monitor.refresh()
            self._read_at, self._error = time.monotonic(), ""
        except Exception as error:
            # Whatever the database did, the console shows it and tries again.
            log.exception("the monitor failed")
            self._error = error.message if isinstance(error, MephistoError) else str(error)
            self._error = self._error or type(error).__name__
        is_new = self._snapshot is not former or bool(self._error) != failed
        if is_new:
            self._tell()
        return is_new

    def _tell(self) -> None:
        listener = self._listener
        if listener is not None:
            listener()


def _wait_until(due: float, event: threading.Event) -> None:
    left = due - time.monotonic()
    if left > 0:
        event.wait(left)


def _new_monitor(db: MephistoDB) -> Monitor:
    from mephisto_engine.operations.watching.monitor import Monitor

    return Monitor(db)
