"""The keys that change a live run, on every screen that shows one."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from mephisto_engine.operations.watching.selection import Selection
from mephisto_engine.operations.watching.snapshot import RunRow
from mephisto_tui.screens.listing import ListScreen

Dialog = Callable[..., Coroutine[Any, Any, None]]


class LiveRunScreen(ListScreen):
    """A screen with a run that can be changed."""

    ENDED: ClassVar[frozenset[str]] = frozenset({"completed"})
    """A run of this status cannot be changed any more."""

    def run_to_change(self) -> RunRow | None:
        """The run that the keys are about."""
        raise NotImplementedError

    def units_to_change(self) -> Selection | str:
        """The units that the keys are about, or why there are none."""
        raise NotImplementedError

    def begin(self, dialog: Dialog, *arguments: Any) -> None:
        """Open a dialog about the run, if the run and this console allow a change."""
        from mephisto_tui.screens.changing import guarded

        run = self.run_to_change()
        if run is None:
            self.say("no run to change")
        elif self.app.refusal:
            self.say(self.app.refusal, "warn")
        elif run.status in self.ENDED:
            self.say(f"run {run.id} is {run.status}; there is nothing left to change")
        else:
            self.app.run_worker(guarded(self.app, dialog(self.app, run, *arguments)))

    def do_live_pause(self) -> None:
        from mephisto_tui.screens.changing import pause_or_go_on

        self.begin(pause_or_go_on)

    def do_live_expire(self) -> None:
        from mephisto_tui.screens.changing import expire

        selection = self.units_to_change()
        if isinstance(selection, str):
            self.say(selection)
        else:
            self.begin(expire, selection)

    def do_live_extend(self) -> None:
        from mephisto_tui.screens.changing import extend

        self.begin(extend)

    def do_live_set(self) -> None:
        from mephisto_tui.screens.changing import set_option
        from mephisto_tui.view.task_options import task_options

        self.begin(set_option, task_options(self.shown.config if self.shown is not None else ""))
