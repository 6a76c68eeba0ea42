"""Reading what was submitted: the queue, the unit under the eye, who did it, what is staged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Final, Literal

from textual.containers import Container
from textual.css.query import NoMatches
from textual.widget import Widget
from textual.worker import Worker

from mephisto_engine.database.queries.review import DecisionRow, QueuedUnit
from mephisto_engine.operations.reviewing.review import summarise
from mephisto_engine.operations.reviewing.review_detail import ItemUnit, ReviewedUnit
from mephisto_engine.operations.watching.snapshot import Snapshot, View
from mephisto_tui.commands import bindings_for
from mephisto_tui.keymap import with_keys
from mephisto_tui.review_door import ReviewDoor, failed_units
from mephisto_tui.review_queue import ReviewQueue
from mephisto_tui.safe_text import clean
from mephisto_tui.screens import review_questions as questions
from mephisto_tui.screens.asking import AskingScreen
from mephisto_tui.session import KeptScreen
from mephisto_tui.view import review as view
from mephisto_tui.view.empty import filtered_out
from mephisto_tui.view.raw import Raw
from mephisto_tui.view.review_item import Seen, item_lines, of_one_alone
from mephisto_tui.view.spans import BLANK, Line, Span, line
from mephisto_tui.widgets.block import Block, MakeLines
from mephisto_tui.widgets.filter_line import FilterLine
from mephisto_tui.widgets.page import Page

log = logging.getLogger(__name__)

RELOAD_SECONDS: Final = 2.0
"""At most so often is the queue read again because something came in."""
WIDTH_FOR_QUEUE: Final = 100
"""Where the queue always stands beside the unit."""
LOOK_AGAIN_SECONDS: Final = 10.0
"""At most so often because something else was journalled: another console may have decided."""

QUEUE: Final = "queue"
"""The pane under whose name the session keeps filter, grouping and unit."""

Key = tuple[Literal["unit", "item"], int]
"""What is read of a unit: all around it, or its item's units."""


class ReadingScreen(AskingScreen):
    """The queue of submitted units, or that of one run; nothing here waits for the database."""

    SCOPES = ("everywhere", "panes", "review")
    BINDINGS = bindings_for("everywhere", "panes", "review")  # type: ignore[assignment]
    MODE = "Review"
    PANES: ClassVar = ("unit", "worker", "queue")
    STAYS = frozenset({"position"})

    def __init__(self) -> None:
        super().__init__()
        self.run_id: int | None = None
        self.queue = ReviewQueue()
        self.staged: list[DecisionRow] = []
        self._seen_counts: tuple[int, int] | None = None
        self._loaded_at = float("-inf")
        self._is_loading = False
        self._noted: dict[int, str] = {}
        """Verdicts that were noted while the queue was being read."""
        self._has_loaded = False
        self._kept_unit: int | None = None
        """The unit at which the last console was left, until the queue has been read."""
        self._trouble = ""
        """Why the queue could not be read the last time."""
        self._read: dict[Key, Any] = {}
        """What was read of units, or the error that reading them ended in."""
        self._reads: dict[Key, Worker[None]] = {}
        """What is being read."""
        self._stale: set[Key] = set()
        self._page_shows: Hashable = None
        self._page_unit: int | None = None

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

    def keep(self) -> KeptScreen:
        queue, here = self.queue, self.queue.current
        unit_id = self._kept_unit if here is None else here.unit_id
        return KeptScreen(
            self.front,
            {QUEUE: queue.text} if queue.text else {},
            {QUEUE: (queue.grouping, False)},
            {} if unit_id is None else {QUEUE: unit_id},
        )

    def _return_to(self, kept: KeptScreen) -> None:
        by, _ = kept.sorts.get(QUEUE, ("", False))
        self.queue = ReviewQueue("item" if by == "item" else "worker", kept.filters.get(QUEUE, ""))
        self._kept_unit = kept.selected.get(QUEUE)
        self.show_pane(kept.pane)

    def on_mount(self) -> None:
        if self.kept is not None:
            self._return_to(self.kept)
        page = self.query_one(Page)
        page.remark = view.page_remark
        page.focus()

    def on_screen_resume(self) -> None:
        self._seen_counts = None
        self._loaded_at = float("-inf")
        super().on_screen_resume()

    def scope_to(self, run_id: int | None) -> None:
        """Review the units of one run, or all of them."""
        if run_id != self.run_id:
            self.run_id = run_id
            self.queue = ReviewQueue(self.queue.grouping)
            self.staged, self._has_loaded = [], False
        self._seen_counts = None

    @property
    def door(self) -> ReviewDoor | None:
        """The way to decisions; None where this console has none."""
        return self.app.bridge.review()

    @property
    def detail(self) -> ReviewedUnit | None:
        """What is known of the unit under the eye; None until it has been read."""
        here = self.queue.current
        found = None if here is None else self._read.get(("unit", here.unit_id))
        return found if isinstance(found, ReviewedUnit) else None

    def breadcrumb(self) -> list[str]:
        here = self.queue.current
        if here is None:
            return ["Review"]
        return ["Review", clean(here.task_name, 24), clean(here.worker_name, 20)]

    def facts_of_mode(self) -> Line:
        shown = self.queue.text
        key = with_keys("{review.filter}")
        return (
            Span(f"group {self.queue.grouping}  order oldest   ", "dim"),
            Span(f"{key} {clean(shown, 24) or '-'}", "warn" if shown else "dim"),
        )

    def tick(self, *, is_forced: bool = False) -> None:
        super().tick(is_forced=is_forced)
        # What comes in is held while the screen is frozen; the keys go on.
        if is_forced and self.frozen_at is not None:
            with suppress(NoMatches):
                self.show(self.app.clock.now())

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        waiting = snapshot.to_review
        seen, counts = self._seen_counts, (waiting, snapshot.events)
        elapsed = self.app.clock.monotonic() - self._loaded_at
        patience = RELOAD_SECONDS if seen is None or seen[0] != waiting else LOOK_AGAIN_SECONDS
        if seen != counts and elapsed >= patience:
            self._seen_counts = counts
            self.reload()
        self.show(now)

    def reload(self) -> None:
        """Read the queue again; the unit under the eye stays."""
        door = self.door
        if door is not None and not self._is_loading:
            self._is_loading, self._noted = True, {}
            self._loaded_at = self.app.clock.monotonic()
            self.in_background(self._load(door, self.run_id))

    async def _load(self, door: ReviewDoor, run_id: int | None) -> None:
        asked = door.desk(run_id, self.queue.grouping, self.queue.text)
        try:
            desk = await asyncio.wrap_future(asked)
        except Exception as error:
            self._seen_counts = None  # and so it is tried again in a while
            self._trouble = f"the queue cannot be read: {error or type(error).__name__}"
            self.redraw()
            raise
        finally:
            self._is_loading = False
        if run_id != self.run_id:
            self.reload()
            return
        self.queue.load(desk.arrangement, desk.before, failed_units(desk.staged))
        self.queue.mark(self._noted)
        if not self._has_loaded and not self.queue.move_to_unit(self._kept_unit):
            self.queue.first_open()
        self._kept_unit = None
        self.staged, self._has_loaded, self._trouble = desk.staged, True, ""
        self.forget_details()
        self.redraw()

    def look_again(self) -> None:
        """Read the queue anew as soon as can be: it is not as was thought."""
        self._seen_counts, self._loaded_at = None, float("-inf")
        self.redraw()

    def note(self, verdicts: dict[int, str]) -> None:
        """Show what is being staged, also in a queue that was read before it was."""
        self._noted |= verdicts
        self.queue.mark(verdicts)

    def forget_details(self) -> None:
        """Read what is shown of units again; until that has come it stays."""
        self._stale = {*self._read, *self._reads}

    def _read_ahead(self) -> None:
        """Begin to read what is to be seen, and what a decision would lead to."""
        wanted = list(self._wanted())
        for key in [key for key in self._reads if key not in wanted]:
            self._reads.pop(key).cancel()
        self._read = {key: self._read[key] for key in wanted if key in self._read}
        for key in wanted:
            if key not in self._reads and (key not in self._read or key in self._stale):
                self._stale.discard(key)
                self._reads[key] = self.run_worker(self._fetch(key), exit_on_error=False)

    def _wanted(self) -> Iterator[Key]:
        for unit in (self.queue.current, self.queue.coming):
            if unit is not None:
                yield ("unit", unit.unit_id)
                if self.queue.grouping == "item":
                    yield ("item", unit.assignment_id)

    async def _fetch(self, key: Key) -> None:
        door = self.door
        if door is None:
            return
        found: Any
        try:
            kind, number = key
            asked: Future[Any] = door.item(number) if kind == "item" else door.detail(number)
            found = await asyncio.wrap_future(asked)
        except Exception as error:
            # Whatever the database or a plugin did, the screen says it and goes on.
            log.exception("%s %s cannot be read", *key)
            found = error
        self._reads.pop(key, None)
        self._read[key] = found
        self._page_shows = None
        self.redraw()

    def show(self, now: datetime) -> None:
        """Draw everything between the title and the keys."""
        self._read_ahead()
        queue, detail = self.queue, self.detail
        figures = detail.around.here if detail is not None else None
        sent = self.door.sent if self.door is not None and self.door.is_sending else None
        count = view.staged_count(self.staged, sent)
        self.query_one("#desk").set_class(queue.grouping == "item", "is-by-item")
        self._block("position").show(lambda cells: [view.position(queue, figures, count, cells)])
        block = self._block("queue")
        block.show(lambda cells: view.queue_lines(queue, now, block.content_height))
        self._show_unit(queue.current, detail)
        self._block("trail").show(lambda cells: view.trail(queue, detail, cells))
        staged = self._block("staged")
        staged.retitle(view.staged_title(self.staged, summarise(self.staged), sent))
        staged.show(lambda cells: view.staged_lines(self.staged, cells))

    def _show_unit(self, here: QueuedUnit | None, detail: ReviewedUnit | None) -> None:
        page, worker = self.query_one("#unit", Page), self._block("worker")
        unit_id = None if here is None else here.unit_id
        if here is None or detail is None:
            page.retitle(line("Unit", "strong") if here is None else view.unit_title(here))
            nothing = self._nothing(here)
            self._show_page(("nothing", tuple(nothing)), lambda cells: nothing)
            worker.show(lambda cells: [])
        else:
            page.retitle(view.unit_title(here, detail))
            self._show_data(here, detail)
            worker.show(lambda cells: view.worker_lines(here, detail))
        if unit_id != self._page_unit:
            self._page_unit = unit_id
            page.move_to_end(is_last=False)

    def _show_data(self, here: QueuedUnit, detail: ReviewedUnit) -> None:
        staged = next((row for row in self.staged if row.unit_id == here.unit_id), None)
        units = self._read.get(("item", here.assignment_id))
        if self.queue.grouping == "worker" or not isinstance(units, tuple) or len(units) < 2:
            key = (here.unit_id, staged)
            self._show_page(key, lambda cells: view.unit_lines(detail, staged, cells))
            return
        item: tuple[ItemUnit, ...] = units
        numbers = [unit.record.unit.id for unit in item]
        verdicts = {n: self.queue.verdicts[n] for n in numbers if n in self.queue.verdicts}
        marked = frozenset(n for n in numbers if n in self.queue.marks)
        seen = Seen(item, here.unit_id, verdicts, marked)
        self._show_page(
            (here.unit_id, staged, tuple(verdicts.items()), marked),
            lambda cells: [
                *view.not_sent(staged, cells),
                *item_lines(seen, cells),
                *of_one_alone(seen, detail.sections, cells),
            ],
        )

    def _show_page(self, key: Hashable, make: MakeLines) -> None:
        """Lay out the unit anew only where something of it has changed: that may take a while."""
        if key != self._page_shows:
            self._page_shows = key
            self.query_one("#unit", Page).show(cache(make))

    def _nothing(self, here: QueuedUnit | None) -> list[Line]:
        if self.door is None:
            return [BLANK, line("  this console has no door to decisions", "dim")]
        if here is not None:
            found = self._read.get(("unit", here.unit_id))
            if isinstance(found, Exception):
                words = clean(f"  cannot be read: {found or type(found).__name__}", 300)
                return [BLANK, line(words, "bad")]
            return [BLANK, line("  reading…", "dim")]
        if not self._has_loaded:
            words = clean(f"  {self._trouble or 'reading the queue…'}", 300)
            return [BLANK, line(words, "bad" if self._trouble else "dim")]
        if self.queue.text:
            return [BLANK, (Span("  "), *filtered_out(self.queue.total, "unit", self.queue.text))]
        runs = self.shown.runs if self.shown is not None else ()
        running = sum(run.units.get("assigned", 0) for run in runs)
        return [BLANK, line(f"  nothing to review; {running} in progress", "dim")]

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

    def panes(self) -> Sequence[str]:
        return self.PANES if self.app.size.width < WIDTH_FOR_QUEUE else self.PANES[:2]

    def bring_to_front(self) -> None:
        desk = self.query_one("#desk")
        desk.update_classes({f"shows-{pane}": pane == self.front for pane in self.PANES[1:]})

    def focus_pane(self) -> None:
        """The keys move in the unit, whichever pane is in front."""
        self.query_one(Page).focus()

    def do_review_filter(self) -> None:
        self.query_one(FilterLine).open(self.queue.text)

    def on_filter_line_typed(self, message: FilterLine.Typed) -> None:
        if self.query_one(FilterLine).is_open:
            self.queue.narrow(message.text)
            self.redraw()

    def on_filter_line_closed(self, message: FilterLine.Closed) -> None:
        self.query_one(FilterLine).close()
        if not message.is_kept:
            self.queue.narrow("")
        self.query_one(Page).focus()
        self.redraw()

    def raw(self) -> Raw | None:
        return None if self.detail is None else questions.raw_unit(self.detail)

    def text_to_copy(self) -> str:
        here, detail = self.queue.current, self.detail
        if here is None or detail is None:
            return ""
        return next((str(file.path) for file in questions.files_of(detail)), str(here.unit_id))

    def redraw(self) -> None:
        """Draw at once, as after a key."""
        if self.is_mounted:
            self.tick(is_forced=True)
