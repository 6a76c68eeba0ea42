"""The keys that are about workers, on every screen that shows some."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from mephisto_engine.operations.watching.selection import Selection
from mephisto_tui.screens.base import ConsoleScreen

Dialog = Callable[..., Coroutine[Any, Any, None]]


class OneWorker(NamedTuple):
    """The worker whom a key for one is about."""

    id: int
    name: str


class WorkerKeys(ConsoleScreen):
    """A screen with workers who can be changed."""

    def one_worker(self) -> OneWorker | str:
        """The worker under the cursor, or why there is none."""
        raise NotImplementedError

    def workers_meant(self) -> Selection | str:
        """The workers whom a change is about, or why there are none."""
        one = self.one_worker()
        return one if isinstance(one, str) else Selection(frozenset({one.id}))

    def run_asked_about(self) -> int | None:
        """The run that `why` is about; None: the operator is asked."""
        return None

    def _begin(self, dialog: Dialog) -> None:
        from mephisto_tui.screens.changing import guarded

        meant = self.workers_meant()
        if isinstance(meant, str):
            self.say(meant)
        elif self.app.refusal:
            self.say(self.app.refusal, "warn")
        else:
            self.app.run_worker(guarded(self.app, dialog(self.app, meant)))

    def do_worker_why(self) -> None:
        from mephisto_tui.screens.changing import guarded
        from mephisto_tui.screens.worker_dialogs import why

        one = self.one_worker()
        if isinstance(one, str):
            self.say(one)
        else:
            asked = why(self, one.id, one.name, self.run_asked_about())
            self.app.run_worker(guarded(self.app, asked))

    def do_worker_block(self) -> None:
        from mephisto_tui.screens.worker_dialogs import block

        self._begin(block)

    def do_worker_unblock(self) -> None:
        from mephisto_tui.screens.worker_dialogs import unblock

        self._begin(unblock)

    def do_worker_note(self) -> None:
        from mephisto_tui.screens.worker_dialogs import note

        self._begin(note)

    def do_worker_qualify(self) -> None:
        from mephisto_tui.screens.worker_dialogs import qualify

        self._begin(qualify)

    def do_worker_pay(self) -> None:
        from mephisto_tui.screens.worker_dialogs import pay

        self._begin(pay)
