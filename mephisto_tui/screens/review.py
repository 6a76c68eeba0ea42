"""Review: one submitted unit after the other, a key each; decisions are staged, then sent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import ClassVar, Final

from textual.containers import Container
from textual.widget import Widget

from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.database.queries.review import DecisionRow, QueuedUnit
from mephisto_engine.errors import MephistoError, StateError
from mephisto_engine.operations.review import Review, summarise
from mephisto_engine.operations.review_detail import ReviewedUnit
from mephisto_engine.operations.snapshot import Snapshot, View
from mephisto_tui.commands import bindings_for
from mephisto_tui.review_queue import ReviewQueue
from mephisto_tui.safe_text import clean
from mephisto_tui.screens import review_questions as ask
from mephisto_tui.screens.panes import PanesScreen
from mephisto_tui.screens.raw import RawScreen
from mephisto_tui.screens.review_questions import Draft
from mephisto_tui.view import review as view
from mephisto_tui.view.raw import Raw
from mephisto_tui.view.spans import BLANK, Line, Span, line
from mephisto_tui.view.words import plural
from mephisto_tui.widgets.block import Block
from mephisto_tui.widgets.filter_line import FilterLine
from mephisto_tui.widgets.page import Page

log = logging.getLogger(__name__)

RELOAD_SECONDS: Final = 2.0
"""At most so often is the queue read again because something came in."""


class ReviewScreen(PanesScreen):
    """The queue of submitted units, or that of one run."""

    SCOPES = ("everywhere", "panes", "review")
    BINDINGS = bindings_for("everywhere", "panes", "review")  # type: ignore[assignment]
    MODE = "Review"
    PANES: ClassVar = ("unit", "worker")
    STAYS = frozenset({"position"})

    def __init__(self) -> None:
        super().__init__()
        self.run_id: int | None = None
        self.queue = ReviewQueue()
        self.staged: list[DecisionRow] = []
        self.draft = Draft()
        self._detail: ReviewedUnit | None = None
        self._detail_of: int | None = None
        self._waiting: int | None = None
        self._loaded_at = -RELOAD_SECONDS
        self._acts: list[list[int]] = []
        """Decisions that were staged together, for undo."""
        self._is_sending = False

    def content(self) -> list[Widget]:
        desk = Container(
            Block(id="queue", title=line("Queue", "strong")),
            Page(id="unit", title=line("Unit", "strong")),
            Block(id="worker", title=line("Worker", "strong")),
            id="desk",
        )
        staged = Block(id="staged", title=line("Staged decisions", "strong"))
        return [Block(id="position"), desk, Block(id="trail"), staged]

    def foot(self) -> Sequence[Widget]:
        return [FilterLine(), Block(id="note"), Block(id="deciding")]

    def view(self) -> View:
        return View()

    def on_mount(self) -> None:
        self.query_one(Page).focus()

    def on_screen_resume(self) -> None:
        self._loaded_at = -RELOAD_SECONDS
        self._waiting = None
        super().on_screen_resume()

    def scope_to(self, run_id: int | None) -> None:
        """Review the units of one run, or all of them."""
        if run_id != self.run_id:
            self.run_id = run_id
            self.queue, self.draft, self._acts = ReviewQueue(self.queue.grouping), Draft(), []
        self._waiting = None

    @property
    def review(self) -> Review | None:
        return self.app.bridge.review()

    def breadcrumb(self) -> list[str]:
        here = self.queue.current
        if here is None:
            return ["Review"]
        return ["Review", clean(here.task_name, 24), clean(here.worker_name, 20)]

    def facts_of_mode(self) -> Line:
        shown = self.queue.text
        return (
            Span(f"group {self.queue.grouping}  order oldest   ", "dim"),
            Span(f"/ {clean(shown, 24) or '-'}", "warn" if shown else "dim"),
        )

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        waiting = sum(run.to_review for run in snapshot.runs if self.run_id in (None, run.id))
        elapsed = self.app.clock.monotonic() - self._loaded_at
        if waiting != self._waiting and elapsed >= RELOAD_SECONDS:
            self._waiting = waiting
            self.reload()
        self.show(now)

    def reload(self) -> None:
        """Read the queue again; the unit under the eye stays."""
        if self.review is None:
            return
        self._loaded_at = self.app.clock.monotonic()
        review = self.review
        self.queue.load(review.queue(self.run_id), review.decided_before(self.run_id))
        self.staged = self.review.staged(self.run_id)

    def show(self, now: datetime) -> None:
        """Draw everything between the title and the keys."""
        here = self.queue.current
        self._read_detail(here)
        detail = self._detail
        figures = detail.around.here if detail is not None else None
        number = len(self.staged)
        self._block("position").show(
            lambda cells: [view.position(self.queue, figures, number, cells)]
        )
        height = self._block("queue").content_height
        self._block("queue").show(lambda cells: view.queue_lines(self.queue, now, height))
        self._show_unit(here, detail, now)
        self._block("trail").show(lambda cells: view.trail(self.queue, detail, cells))
        staged = self._block("staged")
        staged.retitle(view.staged_title(summarise(self.staged), number))
        staged.show(lambda cells: view.staged_lines(self.staged, cells))
        draft = self.draft
        self._block("note").show(
            lambda cells: [view.draft_line(draft.note, draft.bonus_cents, draft.block, cells)]
        )
        rest = len(self.queue.rest_of_worker())
        self._block("deciding").show(lambda cells: [view.deciding_line(cells, rest)])

    def _read_detail(self, here: QueuedUnit | None) -> None:
        wanted = None if here is None else here.unit_id
        if wanted == self._detail_of:
            return
        self._detail_of = wanted
        self._detail = None
        if here is not None and self.review is not None:
            self._detail = self.review.detail(here.unit_id)
            self.query_one(Page).move_to_end(is_last=False)

    def _show_unit(
        self, here: QueuedUnit | None, detail: ReviewedUnit | None, now: datetime
    ) -> None:
        page, worker = self.query_one("#unit", Page), self._block("worker")
        if here is None or detail is None:
            nothing = self._nothing()
            page.retitle(line("Unit", "strong"))
            page.show(lambda cells: nothing)
            worker.show(lambda cells: [])
            return
        staged = next((row for row in self.staged if row.unit_id == here.unit_id), None)
        page.remark = view.page_remark(page.size.width)
        page.retitle(view.unit_title(here))
        page.show(lambda cells: view.unit_lines(detail, staged, cells))
        worker.show(lambda cells: view.worker_lines(here, detail, now))

    def _nothing(self) -> list[Line]:
        if self.review is None:
            return [BLANK, line("  this console has no door to decisions", "dim")]
        if self.queue.text:
            return [BLANK, line("  nothing matches; esc shows all again", "dim")]
        runs = self.shown.runs if self.shown is not None else ()
        running = sum(run.units.get("assigned", 0) for run in runs)
        return [BLANK, line(f"  nothing to review; {running} in progress", "dim")]

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
        here = self.queue.current
        if here is not None and self._may_decide():
            self._decide_on([here], verdict)

    def _decide_rest(self, verdict: str) -> None:
        units = self.queue.rest_of_worker()
        if not units:
            self.say("nothing of this worker's is undecided")
        elif self._may_decide():
            self._decide_on(units, verdict)

    def _decide_on(self, units: Sequence[QueuedUnit], verdict: str) -> None:
        """Stage at once where nothing is asked: the next key is about the next unit."""
        if ask.has_to_ask(units, verdict, self.draft):
            self._in_dialog(self._ask_and_stage(units, verdict))
            return
        with self._faults_said():
            self._stage([self.draft.decision(unit.unit_id, verdict) for unit in units])

    async def _ask_and_stage(self, units: Sequence[QueuedUnit], verdict: str) -> None:
        if not await ask.may_decide_many(self.app, units, verdict):
            return
        draft = self.draft
        if verdict == "rejected" and not draft.note:
            draft = await ask.with_reason(self.app, draft)
            if not draft.note:
                self.say("not rejected: a rejection needs a reason, which the worker is told")
                return
        self._stage([draft.decision(unit.unit_id, verdict) for unit in units])

    def _stage(self, decisions: Sequence[NewDecision]) -> None:
        if self.review is None:
            return
        ids = self.review.stage(*decisions)
        self._acts.append(ids)
        self.draft = Draft()
        self.queue.mark({item.unit_id: str(item.verdict) for item in decisions})
        self.staged = self.review.staged(self.run_id)
        if not self.queue.next_open():
            self.say("everything here is decided: w sends it")
        self._redraw()

    def do_review_note(self) -> None:
        if self._may_decide():
            self._in_dialog(self._change_draft(ask.with_note(self.app, self.draft)))

    def do_review_bonus(self) -> None:
        if self._may_decide():
            self._in_dialog(self._change_draft(ask.with_bonus(self.app, self.draft)))

    def do_review_block(self) -> None:
        if self._may_decide():
            self._in_dialog(self._change_draft(ask.with_block(self.app, self.draft)))

    async def _change_draft(self, asking: Awaitable[Draft]) -> None:
        self.draft = await asking
        self._redraw()

    def do_review_qualifications(self) -> None:
        here, review = self.queue.current, self.review
        if here is not None and review is not None and self._may_decide():
            self._in_dialog(self._grant(review, here))

    async def _grant(self, review: Review, here: QueuedUnit) -> None:
        self.say(await ask.grant_or_revoke(self.app, review, here.worker_id))
        self._detail_of = None
        self._redraw()

    def do_review_undo(self) -> None:
        review = self.review
        if review is None or not self._may_decide(needs_unit=False):
            return
        before = {row.id: row.unit_id for row in self.staged}
        act = [number for number in (self._acts.pop() if self._acts else []) if number in before]
        try:
            if act:
                review.withdraw(act)
            else:
                act = [review.undo()]
        except MephistoError as error:
            self.say(error.message, "warn")
            return
        self.staged = review.staged(self.run_id)
        self.queue.mark(dict.fromkeys((before[number] for number in act if number in before), ""))
        self.say(f"{plural(len(act), 'decision')} taken back")

    def do_review_staged(self) -> None:
        if not self.staged:
            self.say("nothing is staged")
            return
        raw = Raw("Staged decisions", view.staged_text(self.staged))
        self.app.push_screen(RawScreen(raw, self.breadcrumb(), self.MODE, self.view()))

    def do_review_send(self) -> None:
        if not self.staged:
            self.say("nothing is staged")
        elif self._may_decide(needs_unit=False):
            self._in_dialog(self._ask_and_send())

    async def _ask_and_send(self) -> None:
        if await ask.may_send(self.app, self.staged):
            await self._send()

    async def _send(self) -> None:
        review = self.review
        if review is None or self._is_sending:
            return
        self._is_sending = True
        self.say(f"sending {plural(len(self.staged), 'decision')}…")
        try:
            done = await asyncio.to_thread(review.send, self.run_id)
        finally:
            self._is_sending = False
        failed = [sent for sent in done if sent.error]
        self._detail_of = None
        self._acts = []
        self.reload()
        self._redraw()
        if failed:
            why = failed[0].error
            self.say(f"{len(done) - len(failed)} sent, {len(failed)} still staged: {why}", "bad")
        else:
            self.say(f"{plural(len(done), 'decision')} sent")

    def do_review_skip(self) -> None:
        if not self.queue.next_open():
            self.say("nothing else is undecided")

    def do_review_next(self) -> None:
        self.queue.move(1)

    def do_review_previous(self) -> None:
        self.queue.move(-1)

    def do_review_next_group(self) -> None:
        self.queue.move_group(1)

    def do_review_previous_group(self) -> None:
        self.queue.move_group(-1)

    def do_review_first(self) -> None:
        self.queue.move_to_end(is_last=False)

    def do_review_last(self) -> None:
        self.queue.move_to_end(is_last=True)

    def do_review_page_down(self) -> None:
        self.query_one(Page).move_page(1)

    def do_review_page_up(self) -> None:
        self.query_one(Page).move_page(-1)

    def do_review_regroup(self) -> None:
        self.queue.regroup()

    def bring_to_front(self) -> None:
        self.query_one("#desk").set_class(self.front == "worker", "shows-worker")

    def focus_pane(self) -> None:
        """The keys move in the unit, whichever pane is in front."""
        self.query_one(Page).focus()

    def do_review_filter(self) -> None:
        self.query_one(FilterLine).open(self.queue.text)

    def on_filter_line_typed(self, message: FilterLine.Typed) -> None:
        if self.query_one(FilterLine).is_open:
            self.queue.narrow(message.text)
            self._redraw()

    def on_filter_line_closed(self, message: FilterLine.Closed) -> None:
        self.query_one(FilterLine).close()
        if not message.is_kept:
            self.queue.narrow("")
        self.query_one(Page).focus()
        self._redraw()

    def let_go(self) -> bool:
        had_filter = bool(self.queue.text)
        if super().let_go():
            return True
        self.queue.narrow("")
        return had_filter

    def go_out(self) -> None:
        if self.staged and not self.app.refusal and not self._is_sending:
            self._in_dialog(self._offer_to_send())
        else:
            self._leave()

    async def _offer_to_send(self) -> None:
        answer = await ask.how_to_leave(self.app, self.staged)
        if answer == ask.SEND and await ask.may_send(self.app, self.staged):
            await self._send()
        elif answer == ask.LEAVE:
            self._leave()

    def _leave(self) -> None:
        super().go_out()

    def raw(self) -> Raw | None:
        detail = self._detail
        if detail is None:
            return None
        unit = detail.record.unit
        if detail.record.text is not None and len(detail.record.text) > ask.LARGE:
            return Raw(f"Answer of unit {unit.id}", detail.record.text)
        return Raw.of(f"Unit {unit.id}", ask.plain_unit(detail))

    def text_to_copy(self) -> str:
        here, detail = self.queue.current, self._detail
        if here is None or detail is None:
            return ""
        return ask.path_of_file(detail) or str(here.unit_id)

    def _may_decide(self, *, needs_unit: bool = True) -> bool:
        if self.app.refusal:
            self.say(self.app.refusal, "warn")
        elif self.review is None or (needs_unit and self.queue.current is None):
            self.say("nothing to decide on")
        else:
            return True
        return False

    def _in_dialog(self, asking: Awaitable[None]) -> None:
        """Run something that may wait for an answer; what goes wrong is said."""
        self.run_worker(self._guarded(asking), exit_on_error=False)

    async def _guarded(self, asking: Awaitable[None]) -> None:
        with self._faults_said():
            await asking

    @contextmanager
    def _faults_said(self) -> Iterator[None]:
        try:
            yield
        except StateError as error:
            self.say(f"{error.message} {error.hint}".rstrip(), "warn")
            self.reload()
            self._redraw()
        except MephistoError as error:
            self.say(f"{error.message} {error.hint}".rstrip(), "bad")

    def _redraw(self) -> None:
        if self.is_mounted:
            self.tick(is_forced=True)
