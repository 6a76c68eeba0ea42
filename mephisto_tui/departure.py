"""When the console ends: because somebody leaves, or because nothing is left to wait for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mephisto_engine.data_model.status import LIVE_RUN
from mephisto_engine.operations.watching.snapshot import Snapshot
from mephisto_tui.ending import ConsoleExit, LastLook
from mephisto_tui.keymap import with_keys
from mephisto_tui.screens import stopping
from mephisto_tui.screens.confirm import ConfirmScreen

if TYPE_CHECKING:
    from mephisto_tui.app import ConsoleApp


class Departure:
    """Decides when a console goes, and asks what becomes of the runs of its process."""

    def __init__(self, app: ConsoleApp, *, exit_when_done: bool) -> None:
        self._app = app
        self._last_look = LastLook() if exit_when_done else None
        self._quits_when_idle = False

    def request(self) -> None:
        """Quit, or ask first when runs would end with the console."""
        app, bridge = self._app, self._app.bridge
        running = bridge.running() if bridge.owns_engine else []
        if busy := bridge.busy:
            app.say(f"{busy}: a moment", "warn")
        elif not running:
            app.exit(ConsoleExit("quit"))
        elif self._quits_when_idle:
            stop = with_keys("{run.stop} there stops it now")
            app.say(f"waiting for those at work in run {running[0]}; {stop}")
        else:
            question = stopping.how_to_leave(running, bridge.can_detach)
            app.push_screen(ConfirmScreen(question), partial(self._quit, running))

    def somebody_is_there(self) -> None:
        """A key was pressed: the console is theirs to leave."""
        if self._last_look is not None:
            self._last_look.keep()

    def look(self, snapshot: Snapshot) -> None:
        """End the console once nothing is left to wait for."""
        app = self._app
        if self._quits_when_idle and not app.bridge.running():
            app.exit(ConsoleExit("quit"))
        run = snapshot.run
        if self._last_look is None or run is None or run.id != app.run_id:
            return
        is_over = run.status not in LIVE_RUN and run.status != "created"
        left = self._last_look.seconds_left(is_over=is_over, now=app.clock.monotonic())
        if left is None:
            return
        if left:
            app.say(f"run {run.id} has ended; any key stays, else this closes in {left:.0f} s")
        else:
            app.exit(ConsoleExit("done"))

    def _quit(self, running: list[int], answer: str | None) -> None:
        if answer == stopping.DETACH:
            self._app.exit(ConsoleExit("detach"))
        elif answer == stopping.DRAIN:
            self._quits_when_idle = True
            for run_id in running:
                self._app.asking.send_stop(run_id, is_now=False)
