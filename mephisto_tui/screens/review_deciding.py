"""Deciding about units: one key each, or many at once where they are marked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from concurrent.futures import Future
from datetime import datetime

from mephisto_engine.database.queries.review import DecisionRow, QueuedUnit
from mephisto_tui.keymap import with_keys
from mephisto_tui.screens import review_questions as questions
from mephisto_tui.screens.raw import RawScreen
from mephisto_tui.screens.review_questions import Draft
from mephisto_tui.screens.review_reading import ReadingScreen
from mephisto_tui.view import review as view
from mephisto_tui.view.consequences import NUMBER_TO_TYPE
from mephisto_tui.view.raw import Raw
from mephisto_tui.view.words import plural


class DecidingScreen(ReadingScreen):
    """Stages what is decided and takes it back. A key's effect is seen before it is stored."""

    def __init__(self) -> None:
        super().__init__()
        self._drafts: dict[int | None, Draft] = {}
        """What was typed for each unit, and under None for those that are marked."""
        self.storing = 0
        """Acts that are on their way to the database."""

    def scope_to(self, run_id: int | None) -> None:
        if run_id != self.run_id:
            self._drafts = {}
        super().scope_to(run_id)

    def show(self, now: datetime) -> None:
        super().show(now)
        draft, rest, marked = self.draft, len(self.queue.rest_of_worker()), len(self.queue.marked)
        self._block("note").show(
            lambda cells: [view.draft_line(draft.note, draft.bonus_cents, draft.block, cells)]
        )
        self._block("deciding").show(lambda cells: [view.deciding_line(cells, rest, marked)])
        self.show_marked(marked)

    @property
    def draft_key(self) -> int | None:
        """Whose draft is at hand: the marked units', or that of the unit under the eye."""
        here = self.queue.current
        return None if self.queue.marks or here is None else here.unit_id

    @property
    def draft(self) -> Draft:
        """What will go with the next decision."""
        return self._drafts.get(self.draft_key, Draft())

    def keep_draft(self, key: int | None, draft: Draft) -> None:
        """Remember what was typed; an empty draft is forgotten."""
        self._drafts[key] = draft
        if draft == Draft():
            del self._drafts[key]

    def do_review_accept(self) -> None:
        self._decide("accepted")

    def do_review_pass(self) -> None:
        self._decide("soft_rejected")

    def do_review_reject(self) -> None:
        self._decide("rejected")

    def do_review_accept_rest(self) -> None:
        self._decide_rest("accepted")

    def do_review_pass_rest(self) -> None:
        self._decide_rest("soft_rejected")

    def do_review_reject_rest(self) -> None:
        self._decide_rest("rejected")

    def _decide(self, verdict: str) -> None:
        here, marked = self.queue.current, self.queue.marked
        if here is None or not self.may_decide():
            return
        if marked:
            self.ask(self._ask_about_marked(marked, verdict))
        else:
            self._decide_on([here], verdict)

    def _decide_rest(self, verdict: str) -> None:
        units = self.queue.rest_of_worker()
        if self.queue.marks:
            self.say(
                with_keys(
                    "some units are marked: {review.accept} {review.pass} {review.reject}"
                    " decide about those, esc clears the marks"
                )
            )
        elif not units:
            self.say("nothing of this worker's is undecided")
        elif self.may_decide():
            self._decide_on(units, verdict)

    def _decide_on(self, units: Sequence[QueuedUnit], verdict: str) -> None:
        """Stage at once where nothing is asked: the next key is about the next unit."""
        if questions.has_to_ask(units, verdict, self.draft):
            self.ask(self._ask_about_rest(units, verdict))
        else:
            self._stage(units, verdict, self.draft)

    async def _ask_about_rest(self, units: Sequence[QueuedUnit], verdict: str) -> None:
        batch = questions.Batch(units, verdict, self.draft)
        if len(units) <= NUMBER_TO_TYPE or await questions.may_decide_many(self.app, batch):
            await self._give_reason_and_stage(units, verdict)

    async def _ask_about_marked(self, units: Sequence[QueuedUnit], verdict: str) -> None:
        hidden = len(units) - sum(unit.unit_id in self.queue.marks for unit in self.queue.units)
        replaced = sum(bool(self.queue.staged_for(unit)) for unit in units)
        batch = questions.Batch(units, verdict, self.draft, hidden, replaced)
        if await questions.may_decide_many(self.app, batch):
            await self._give_reason_and_stage(units, verdict)

    async def _give_reason_and_stage(self, units: Sequence[QueuedUnit], verdict: str) -> None:
        draft = self.draft
        if verdict == "rejected" and not draft.note:
            draft = await questions.with_reason(self.app, draft)
            if not draft.note:
                self.say("not rejected: a rejection needs a reason, which the worker is told")
                return
        self._stage(units, verdict, draft)

    def _stage(self, units: Sequence[QueuedUnit], verdict: str, draft: Draft) -> None:
        door = self.door
        if door is None:
            return
        future = door.stage(self.run_id, draft.decisions(units, verdict))
        key = self.draft_key
        self.keep_draft(key, Draft())
        self.queue.marks.clear()
        self.note({unit.unit_id: verdict for unit in units})
        self.in_background(self._stored(future, key, draft))
        if not self.queue.next_open():
            self.say(with_keys("everything here is decided: {review.send} sends it"))
        self.redraw()

    async def _stored(
        self, future: Future[list[DecisionRow]], key: int | None, draft: Draft
    ) -> None:
        """Wait for the disk; what it did not take is undecided again, and the draft is kept."""
        self.storing += 1
        try:
            # Whoever leaves meanwhile does not keep a decision from being stored.
            self.staged = await asyncio.shield(asyncio.wrap_future(future))
        except Exception:
            self.keep_draft(key, draft)
            self.look_again()
            raise
        finally:
            self.storing -= 1
        self.forget_details()
        self.redraw()

    def do_review_note(self) -> None:
        if self.may_decide():
            self.ask(self._change_draft(questions.with_note(self.app, self.draft)))

    def do_review_bonus(self) -> None:
        if self.may_decide():
            self.ask(self._change_draft(questions.with_bonus(self.app, self.draft)))

    def do_review_block(self) -> None:
        if self.may_decide():
            self.ask(self._change_draft(questions.with_block(self.app, self.draft)))

    async def _change_draft(self, asking: Awaitable[Draft]) -> None:
        key = self.draft_key
        self.keep_draft(key, await asking)
        self.redraw()

    def do_review_qualifications(self) -> None:
        here, door = self.queue.current, self.door
        if here is not None and door is not None and self.may_decide():
            self.ask(self._grant(here))

    async def _grant(self, here: QueuedUnit) -> None:
        door = self.door
        if door is not None:
            self.say(await questions.grant_or_revoke(self.app, door, here.worker_id))
            self.forget_details()
            self.redraw()

    def do_review_undo(self) -> None:
        if self.may_decide(needs_unit=False):
            self.in_background(self._undo())

    async def _undo(self) -> None:
        door = self.door
        if door is None:
            return
        undone = await asyncio.shield(asyncio.wrap_future(door.undo(self.run_id)))
        self.staged = undone.staged
        self.note(dict.fromkeys(undone.units, ""))
        self.forget_details()
        self.redraw()
        self.say(f"{plural(len(undone.units), 'decision')} taken back")

    def do_review_staged(self) -> None:
        if not self.staged:
            self.say("nothing is staged")
            return
        raw = Raw("Staged decisions", view.staged_text(self.staged))
        self.app.push_screen(RawScreen(raw, self.breadcrumb(), self.MODE, self.view()))

    def do_review_mark(self) -> None:
        if not self.queue.toggle_mark():
            self.say("no unit to mark")

    def do_review_mark_range(self) -> None:
        if not self.queue.mark_range():
            self.say(
                with_keys(
                    "mark a unit first, then {review.mark_range} marks from there;"
                    " {review.mark_all} marks all that are shown"
                )
            )

    def do_review_mark_all(self) -> None:
        self.queue.mark_all()

    def may_decide(self, *, needs_unit: bool = True) -> bool:
        """Whether something can be decided now; if not, why is said."""
        if self.app.refusal:
            self.say(self.app.refusal, "warn")
        elif self.door is None or (needs_unit and self.queue.current is None):
            self.say("nothing to decide on")
        else:
            return True
        return False
