"""What all screens of the console have in common: the lines around the content, and the keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.css.query import NoMatches
from textual.events import Key
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from mephisto_engine.operations.watching.snapshot import Snapshot, View, Window
from mephisto_tui.commands import BY_ID, Scope, bindings_for
from mephisto_tui.keymap import shown, with_keys
from mephisto_tui.safe_text import clean
from mephisto_tui.session import KeptScreen
from mephisto_tui.view import chrome
from mephisto_tui.view.changes import changes_between
from mephisto_tui.view.chrome import Freshness, KeyEntry
from mephisto_tui.view.glyphs import WARNING
from mephisto_tui.view.keys import key_entries, mode_keys
from mephisto_tui.view.raw import Raw
from mephisto_tui.view.spans import BLANK, Line, Span, Tone, line
from mephisto_tui.view.words import clock_time, plural
from mephisto_tui.widgets.block import Block
from mephisto_tui.widgets.key_bar import KeyBar
from mephisto_tui.widgets.line_widget import LOOKS

if TYPE_CHECKING:
    from mephisto_tui.app import ConsoleApp

MIN_WIDTH: Final = 60
MIN_HEIGHT: Final = 16
FIGURES_SECONDS: Final = 1.0
"""Counts, bars and the log are drawn at most this often: nobody reads them faster, and over SSH
each time is a kilobyte."""
SAID_SECONDS: Final = 8.0
"""How long an answer to a key stays in the message line."""


class ConsoleScreen(Screen[None]):
    """Takes the latest snapshot while it is in front, and draws it.

    The keys of its ``SCOPES`` lead to `action_command`, and that to a method ``do_…`` here or in
    the subclass; what one of them cannot do it says in the message line, no key is silent.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {*LOOKS}
    SCOPES: ClassVar[tuple[Scope, ...]] = ("everywhere",)
    BINDINGS: ClassVar[list[Binding]] = bindings_for("everywhere")  # type: ignore[assignment]
    MODE: ClassVar[str] = ""
    """Which digit's name is lit."""
    WAY_OUT: ClassVar[str] = "Back"
    HORIZONTAL_BREAKPOINTS = [
        (0, "-tiny-width"),
        (MIN_WIDTH, "-narrow"),
        (100, "-normal"),
        (150, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-tiny-height"), (MIN_HEIGHT, "-short"), (36, "-tall")]

    app: ConsoleApp
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """What gains or loses the focus draws itself; the rest of the screen looks as before."""

    def __init__(self) -> None:
        super().__init__()
        self.content_widgets: Sequence[Widget] = ()
        self.shown: Snapshot | None = None
        self.held_changes = 0
        self.frozen_at: datetime | None = None
        self._seen: Snapshot | None = None
        self.are_figures_due = True
        """Whether what is drawn once a second at most is to be drawn now."""
        self.is_waiting = True
        """Whether what the screen is about has not come yet."""
        self._figures_at = float("-inf")
        self._said: Line = BLANK
        self._said_until = 0.0

    def compose(self) -> ComposeResult:
        yield Block(id="title")
        yield Block(id="modes")
        self.content_widgets = self.content()
        yield from self.content_widgets
        yield Block(id="marked")
        yield Block(id="message")
        yield from self.foot()
        yield KeyBar(self.key_entries())
        yield Block(id="too-small")

    def key_entries(self) -> list[KeyEntry]:
        """What the key bar shows."""
        return key_entries(self.SCOPES, self.WAY_OUT)

    def content(self) -> Sequence[Widget]:
        """The widgets between the lines at the top and those at the bottom."""
        raise NotImplementedError

    def foot(self) -> Sequence[Widget]:
        """Widgets that may take the place of the message line."""
        return ()

    @property
    def kept_name(self) -> str:
        """Under which name the session keeps this screen."""
        return self.MODE.lower()

    def keep(self) -> KeptScreen | None:
        """What the session is to know of this screen; None: nothing."""
        return None

    @property
    def kept(self) -> KeptScreen | None:
        """What the session knows of this screen from the last console."""
        return self.app.keeper.session.screens.get(self.kept_name)

    def view(self) -> View:
        """What this screen needs of the engine."""
        raise NotImplementedError

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        """Show the snapshot in the content."""

    def draw_lines(self) -> None:
        """Show what stands between the content and the message line."""

    def breadcrumb(self) -> list[str]:
        return [self.MODE]

    def facts_of_mode(self) -> Line:
        """What stands at the right of the modes: order, filter and the like."""
        return BLANK

    def on_mount(self) -> None:
        self.tick()

    def on_screen_resume(self) -> None:
        self.wish()
        self.tick(is_forced=True)

    def wish(self) -> None:
        """Tell the bridge what this screen is about to show."""
        self.app.bridge.want(self.view())

    def tick(self, *, is_forced: bool = False) -> None:
        """Draw what is new; counts, ages and the clock at most once a second."""
        # While a screen is built up or taken down, some of its widgets are not there.
        with suppress(NoMatches):
            self._draw_what_is_new(is_forced=is_forced)

    def pass_second(self) -> None:
        """Have the next `tick` draw what changes with time, however exact the clock's ticks are."""
        self._figures_at = float("-inf")

    def _draw_what_is_new(self, *, is_forced: bool) -> None:
        now = self.now()
        latest = self.app.bridge.latest()
        is_new = latest is not None and latest is not self._seen
        if latest is not None and is_new:
            self._note(latest)
        if self.frozen_at is None:
            self.shown = self._seen
        elapsed = self.app.clock.monotonic() - self._figures_at
        is_held = self.frozen_at is not None
        self.are_figures_due = is_forced or is_held or self.is_waiting or elapsed >= FIGURES_SECONDS
        is_due = is_new or self.are_figures_due
        if self.shown is not None and is_due and not is_held:
            self.is_waiting = False
            self.draw(self.shown, now)
        if self.are_figures_due:
            self._figures_at = self.app.clock.monotonic()
            self._draw_chrome(now)

    def now(self) -> datetime:
        """The time by the clock that the shown moments were taken from: that of the engine."""
        ahead = self._seen.health.clock_ahead if self._seen is not None else timedelta(0)
        return self.app.clock.now() + ahead

    def _note(self, latest: Snapshot) -> None:
        if self.frozen_at is not None and self._seen is not None:
            self.held_changes += changes_between(self._seen, latest)
        self._seen = latest

    def _draw_chrome(self, now: datetime) -> None:
        app = self.app
        freshness = app.bridge.freshness()
        facts = chrome.facts(self._seen, freshness, now, app.refusal, app.surroundings.facts)
        crumbs = self.breadcrumb()
        self._block("title").show(lambda cells: [chrome.title(crumbs, facts, cells)])
        right, badges = self._right_of_modes(), self._badges()
        keys = mode_keys()
        self._block("modes").show(
            lambda cells: [chrome.modes(self.MODE, right, badges, cells, keys)]
        )
        message = self._message(freshness, now)
        self._block("message").show(lambda cells: [message])
        self._block("too-small").show(self._too_small)
        self.draw_lines()

    def _right_of_modes(self) -> Line:
        if self.frozen_at is None:
            return self.facts_of_mode()
        held = plural(self.held_changes, "change")
        return line(f"frozen {clock_time(self.frozen_at)}, {held} held", "warn")

    def _badges(self) -> dict[str, str]:
        if self._seen is None:
            return {}
        waiting = self._seen.to_review
        badges = {"Review": str(waiting)} if waiting else {}
        return badges | ({"Log": f"{self._seen.errors}!"} if self._seen.errors else {})

    def _message(self, freshness: Freshness, now: datetime) -> Line:
        """The most pressing thing to know, in one line."""
        if self.app.clock.monotonic() < self._said_until:
            return self._said
        shown = self._seen
        if shown is None:
            return chrome.data_banner(freshness)
        last = shown.log[-1] if shown.log else None
        return (
            chrome.data_banner(freshness)
            or chrome.engine_banner(shown.run, shown.health, now, last)
            or chrome.machine_banner(shown.health)
            or chrome.trouble_banner(shown.health)
            or chrome.wage_banner(shown.wage)
            or chrome.pause_banner(shown.run)
            or chrome.worst_event(shown.log)
            or self.app.standing_note
        )

    def _too_small(self, cells: int) -> list[Line]:
        width, height = self.app.size
        counts = [
            line(f"run {run.id}: {run.done}/{run.total}")
            for run in (self._seen.runs if self._seen else ())
            if run.is_driven
        ]
        return [line(f"needs {MIN_WIDTH}×{MIN_HEIGHT}, is {width}×{height}", "warn"), *counts]

    def _block(self, id: str) -> Block:
        return self.query_one(f"#{id}", Block)

    def show_marked(self, number: int, *, is_all: bool = False) -> None:
        """Say in a line of its own how many rows are marked; with none the line is not there."""
        block = self._block("marked")
        block.display = number > 0
        what = "all that the filter shows: " if is_all else ""
        marked = (Span(f" {what}{number} marked", "warn"), Span("   esc clears", "dim"))
        block.show(lambda cells: [marked])

    def say(self, text: str, tone: Tone = "") -> None:
        """Answer the operator in the message line; ``text`` may hold foreign words."""
        mark = f"{WARNING} " if tone in ("warn", "bad") else ""
        self._said = (Span(f" {mark}{clean(text, 400)}", tone),)
        self._said_until = self.app.clock.monotonic() + SAID_SECONDS
        if self.is_mounted:
            self._block("message").show(lambda cells: [self._said])

    def unsay(self) -> None:
        self._said_until = 0.0

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys are not commands while a text is being typed."""
        return action != "command" or not isinstance(self.focused, Input)

    def on_key(self, event: Key) -> None:
        """No key is silent: one that is bound to nothing comes here."""
        if not isinstance(self.focused, Input) and event.key not in self.active_bindings:
            self.say(shown(event.key) + with_keys(" does nothing here; {help} shows which keys do"))

    async def action_command(self, command_id: str) -> None:
        """Do what a key, or the palette, asks for."""
        self.unsay()
        getattr(self, BY_ID[command_id].handler)()
        self.tick(is_forced=True)

    def leave_for(self, go: Callable[[], object]) -> None:
        """Go elsewhere, at once or once whatever is open below has been asked about."""
        screens = [screen for screen in self.app.screen_stack if isinstance(screen, ConsoleScreen)]
        if not any(screen.detains(go) for screen in screens):
            go()

    def detains(self, go: Callable[[], object]) -> bool:
        """Whether there is something to ask first; this screen then calls ``go`` itself, or not."""
        return False

    def do_mode_runs(self) -> None:
        self.leave_for(partial(self.app.switch_mode, "runs"))

    def do_mode_log(self) -> None:
        self.leave_for(partial(self.app.switch_mode, "log"))

    def do_mode_review(self) -> None:
        self.app.show_review(getattr(self, "run_id", None))

    def do_mode_workers(self) -> None:
        self.leave_for(partial(self.app.switch_mode, "workers"))

    def do_mode_launch(self) -> None:
        self.leave_for(self.app.show_launch)

    def do_help(self) -> None:
        self.app.show_help(self.SCOPES)

    def do_palette(self) -> None:
        self.app.show_palette(self)

    def do_back(self) -> None:
        if not self.let_go():
            self.go_out()

    def let_go(self) -> bool:
        """Drop what was taken up last: a zoom, marks, a filter; whether there was something."""
        return False

    def go_out(self) -> None:
        """Leave the screen."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        else:
            self.app.switch_mode("runs")

    def do_freeze(self) -> None:
        if self.frozen_at is None:
            self.frozen_at = self.now()
            self.held_changes = 0
        else:
            self.frozen_at = None

    def raw(self) -> Raw | None:
        """What `v` shows and `E` hands to an editor; None where nothing lies behind."""
        return None

    def do_raw(self) -> None:
        from mephisto_tui.screens.raw import RawScreen

        raw = self.raw()
        if raw is None:
            self.say("nothing lies behind this")
        else:
            self.app.push_screen(RawScreen(raw, self.breadcrumb(), self.MODE, self.view()))

    def do_editor(self) -> None:
        raw = self.raw()
        if raw is None:
            self.say("nothing here for an editor")
        elif outcome := self.app.edit(raw):
            self.say(outcome)

    def do_copy(self) -> None:
        self.copy_text(self.text_to_copy())

    def copy_text(self, text: str) -> None:
        if text:
            self.run_worker(self._copy(text))
        else:
            self.say("nothing to copy here")

    async def _copy(self, text: str) -> None:
        self.say(f"{await self.app.copy(text)}: {text}")

    def text_to_copy(self) -> str:
        """The link or the id under the cursor; empty when there is none."""
        return ""


def is_answer(given: Window, wished: Window) -> bool:
    """Whether rows are filtered and sorted as wished; another part of the list will do."""
    return replace(given, offset=wished.offset, limit=wished.limit) == wished


def changed_to(window: Window, **changes: Any) -> Window:
    """The window from its first row, with these changes."""
    return replace(window, offset=0, **changes)
