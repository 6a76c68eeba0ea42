"""What the console asks of an engine, and how the operator hears of what came of it."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from mephisto_engine.data_model.status import LIVE_RUN
from mephisto_engine.errors import MephistoError
from mephisto_engine.operations.watching.snapshot import RunRow
from mephisto_tui.screens import stopping
from mephisto_tui.screens.confirm import TYPED, ConfirmScreen, Question

if TYPE_CHECKING:
    from mephisto_tui.app import ConsoleApp

log = logging.getLogger(__name__)


class Asking:
    """Commands to engines, each answered in the message line."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app

    def request(self, kind: str, run_id: int, args: dict[str, Any]) -> None:
        """Ask for something, and say how it went once that is known."""
        self._app.say(f"run {run_id}: asked to {kind}")
        self._app.run_worker(self._report(kind, run_id, args), exit_on_error=False)

    async def answer_to(self, kind: str, run_id: int, args: dict[str, Any]) -> str | None:
        """What came of a command; None if it failed, which is said."""
        what = f"run {run_id}"
        try:
            outcome: str = await asyncio.wrap_future(self._app.bridge.send(kind, run_id, args))
        except MephistoError as error:
            self._app.say(f"{what}: {error.message} {error.hint}".rstrip(), "bad")
        except Exception as error:
            log.exception("a command failed")
            self._app.say(f"{what}: {error or type(error).__name__}", "bad")
        else:
            return outcome
        return None

    def stop(self, run: RunRow | None) -> None:
        """Stop a run, if the operator is sure and says how."""
        if run is None:
            self._app.say("no run to stop")
        elif self._app.refusal:
            self._app.say(self._app.refusal, "warn")
        elif run.status not in LIVE_RUN:
            self._app.say(f"run {run.id} is not live, it is {run.status}")
        else:
            self._confirm(stopping.how_to_stop(run), run)

    def send_stop(self, run_id: int, *, is_now: bool) -> None:
        """Stop a run; the operator is sure."""
        self.request("stop", run_id, {"now": is_now})

    def _confirm(self, question: Question, run: RunRow) -> None:
        self._app.push_screen(ConfirmScreen(question), partial(self._stop, run))

    def _stop(self, run: RunRow, answer: str | None) -> None:
        if answer == stopping.NOW and run.units.get("assigned", 0) > stopping.TYPED_ABOVE:
            self._confirm(stopping.type_the_number(run), run)
        elif answer is not None:
            self.send_stop(run.id, is_now=answer in (stopping.NOW, TYPED))

    async def _report(self, kind: str, run_id: int, args: dict[str, Any]) -> None:
        outcome = await self.answer_to(kind, run_id, args)
        if outcome is not None:
            self._app.say(outcome.replace("\n", " "))
