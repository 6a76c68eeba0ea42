"""Review: one submitted unit after the other, a key each; decisions are staged, then sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mephisto_tui.keymap import with_keys
from mephisto_tui.screens import review_questions as questions
from mephisto_tui.screens.opening import open_file
from mephisto_tui.screens.review_deciding import DecidingScreen
from mephisto_tui.view.words import plural


class ReviewScreen(DecidingScreen):
    """Reads, decides, sends; and asks before what is staged is left behind."""

    def __init__(self) -> None:
        super().__init__()
        self._asked_about: frozenset[int] = frozenset()
        """Staged decisions that leaving has asked about: it asks once."""

    @property
    def is_sending(self) -> bool:
        return self.door is not None and self.door.is_sending

    def do_review_send(self) -> None:
        if self.is_sending:
            self.say("decisions are being sent")
        elif not self.staged and not self.storing:
            self.say("nothing is staged")
        elif self.may_decide(needs_unit=False):
            self.ask(self._ask_and_send())

    async def _ask_and_send(self) -> None:
        await self._renew_staged()
        if self.staged and await questions.may_send(self.app, self.staged):
            self.in_background(self._send())

    async def _renew_staged(self) -> None:
        """Know what is staged once everything is stored that was decided."""
        if self.door is not None:
            self.staged = await asyncio.wrap_future(self.door.staged(self.run_id))

    async def _send(self, go: Callable[[], object] = lambda: None) -> None:
        """Send what is staged, and go elsewhere if nothing of it failed."""
        door = self.door
        if door is None or door.is_sending:
            return
        self.say(f"sending {plural(len(self.staged), 'decision')}…")
        try:
            done = await asyncio.shield(asyncio.wrap_future(door.send(self.run_id)))
        finally:
            self.look_again()
        failed = [sent for sent in done if sent.error]
        if failed:
            why = failed[0].error
            said = f"{len(done) - len(failed)} sent, {len(failed)} still staged: {why}"
            self.app.say(said, "bad")
            return
        if self.is_current:  # else the operator has gone elsewhere meanwhile
            go()
        self.app.say(f"{plural(len(done), 'decision')} sent")

    def let_go(self) -> bool:
        had_marks, had_filter = bool(self.queue.marks), bool(self.queue.text)
        if super().let_go():
            return True
        if had_marks:
            self.queue.marks.clear()
        elif had_filter:
            self.queue.narrow("")
        return had_marks or had_filter

    def go_out(self) -> None:
        self.leave_for(super().go_out)

    def detains(self, go: Callable[[], object]) -> bool:
        """Offer to send what is staged, once for the same decisions."""
        is_known = {row.id for row in self.staged} <= self._asked_about and not self.storing
        if self.app.refusal or self.is_sending or is_known:
            return False
        self.ask(self._offer_to_send(go))
        return True

    async def _offer_to_send(self, go: Callable[[], object]) -> None:
        await self._renew_staged()
        self._asked_about = frozenset(row.id for row in self.staged)
        if not self.staged:
            go()
            return
        answer = await questions.how_to_leave(self.app, self.staged)
        if answer == questions.LEAVE:
            go()
            staged = plural(len(self.staged), "decision")
            self.app.say(staged + with_keys(" staged; {review.send} in Review sends"))
        elif answer == questions.SEND and await questions.may_send(self.app, self.staged):
            self.in_background(self._send(go))

    def do_review_open(self) -> None:
        detail = self.detail
        files = [] if detail is None else questions.files_of(detail)
        if not files:
            self.say("no files came with this unit")
        else:
            self.ask(open_file(self.app, files))
