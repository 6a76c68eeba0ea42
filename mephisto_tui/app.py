"""The console as a Textual app: wiring only."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

from rich.console import RenderableType
from textual._compositor import ChopsUpdate
from textual.app import App, SuspendNotSupported
from textual.events import Event, Key, Resize
from textual.filter import LineFilter
from textual.geometry import Size
from textual.screen import Screen

from mephisto_engine.clock import Clock, SystemClock
from mephisto_engine.operations.watching.snapshot import RunRow, Snapshot, Subject
from mephisto_tui import terminal
from mephisto_tui.asking import Asking
from mephisto_tui.bell import Bell
from mephisto_tui.bridge import Bridge
from mephisto_tui.commands import Scope, commands_for
from mephisto_tui.console_settings import ConsoleSettings, theme_for
from mephisto_tui.departure import Departure
from mephisto_tui.ending import ConsoleExit, Reason
from mephisto_tui.keyboard import KeyboardDriver
from mephisto_tui.keymap import use_keymap, with_keys
from mephisto_tui.plugin_survey import PluginSurvey
from mephisto_tui.safe_text import clean
from mephisto_tui.screens.base import ConsoleScreen
from mephisto_tui.screens.confirm import ConfirmScreen
from mephisto_tui.screens.help import HelpScreen
from mephisto_tui.screens.log import LogScreen
from mephisto_tui.screens.menu import PaletteScreen
from mephisto_tui.screens.run import RunScreen
from mephisto_tui.screens.runs import RunsScreen
from mephisto_tui.screens.workers import WorkersScreen
from mephisto_tui.session import Keeper, Session
from mephisto_tui.styles.paper import PAPER
from mephisto_tui.typed_ahead import is_kept
from mephisto_tui.view.chrome import window_title
from mephisto_tui.view.empty import Surroundings
from mephisto_tui.view.glyphs import WARNING
from mephisto_tui.view.raw import Raw
from mephisto_tui.view.spans import BLANK, Line, line
from mephisto_tui.widgets.last_door import AsciiFilter, ColourlessFilter, ControlFilter
from mephisto_tui.widgets.narrow_update import NarrowUpdate

TICK_SECONDS: Final = 1.0
"""How often ages are drawn anew. What is new in the data says so itself."""

log = logging.getLogger(__name__)


def _review_screen() -> Screen[None]:
    from mephisto_tui.screens.review import ReviewScreen

    return ReviewScreen()


def _launch_screen() -> Screen[None]:
    """Made only when it is wanted: what it imports would delay the first paint."""
    from mephisto_tui.screens.launch import LaunchScreen

    return LaunchScreen()


class ConsoleApp(App[ConsoleExit]):
    """The live console over a bridge."""

    CSS_PATH: ClassVar[str] = "styles/console.tcss"
    ENABLE_COMMAND_PALETTE = False  # the palette is a screen of ours, over the list of commands
    MODES: ClassVar[dict[str, str | Callable[[], Screen[None]]]] = {
        "runs": RunsScreen,
        "review": _review_screen,
        "workers": WorkersScreen,
        "log": LogScreen,
        "launch": _launch_screen,
    }
    DEFAULT_MODE = "runs"

    def __init__(
        self,
        bridge: Bridge,
        *,
        run_id: int | None = None,
        read_only: bool = False,
        ascii: bool | None = None,
        exit_when_done: bool = False,
        clock: Clock | None = None,
        surroundings: Surroundings | None = None,
        kept_in: Path | None = None,
        settings: ConsoleSettings | None = None,
        standing_note: str = "",
        rings: bool = False,
    ) -> None:
        super().__init__(driver_class=KeyboardDriver)
        self.bridge = bridge
        self.run_id = run_id
        self.refusal = "this console is read-only" if read_only else bridge.refusal
        self.asking = Asking(self)
        self.departure = Departure(self, exit_when_done=exit_when_done)
        self.plugins = PluginSurvey(self)
        self.clock: Clock = clock or SystemClock()
        self.surroundings = surroundings or Surroundings()
        self.standing_note: Line = line(f" {standing_note}", "dim") if standing_note else BLANK
        self.settings = settings or ConsoleSettings()
        self.set_keymap(self.settings.keymap.for_textual())
        use_keymap(self.settings.keymap)
        self.register_theme(PAPER)
        has_few_colours = self.no_color or terminal.has_few_colours()
        self.theme = theme_for(self.settings.theme, has_few_colours)
        if self.settings.complaint:
            complaint = clean(f" {WARNING} {self.settings.complaint}", 400)
            self.standing_note = line(complaint, "warn")
        self._last_doors: list[LineFilter] = [ControlFilter()]
        if terminal.shows_only_ascii() if ascii is None else ascii:
            self._last_doors.append(AsciiFilter())
        if self.no_color:
            self._last_doors.append(ColourlessFilter())
        self.keeper = Keeper(kept_in, self.surroundings.database, is_reader=bool(self.refusal))
        self.typed_ahead = ""
        """Letters for a prompt that is about to open."""
        self._run_screen: RunScreen | None = None
        self._title_shown = ""
        self._bell = Bell() if rings or self.settings.rings else None
        self._heard: Snapshot | None = None
        self._has_heard = False
        self._signals = contextlib.ExitStack()

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._last_doors]

    def on_mount(self) -> None:
        self._signals.enter_context(terminal.signals_handled(self._on_signal))
        if self.run_id is not None:
            self.open_run(self.run_id)
        else:
            self._return_to(self.keeper.session)
        self.set_interval(TICK_SECONDS, self.tick_by_clock)
        self.bridge.on_news(self._hear)
        self._hear()  # what came before somebody listened

    def on_unmount(self) -> None:
        self.bridge.on_news(None)
        self._signals.close()

    def _return_to(self, kept: Session) -> None:
        """Open what was open when the last console was left."""
        if kept.run is not None:
            self._run_screen = RunScreen(kept.run, is_from_session=True)
            self.push_screen(self._run_screen)
        if kept.mode in self.MODES and kept.mode != self.DEFAULT_MODE:
            self.switch_mode(kept.mode)

    def _session(self) -> Session:
        """What is open now."""
        screens = {
            screen.kept_name: kept
            for stack in self._screen_stacks.values()
            for screen in stack
            if isinstance(screen, ConsoleScreen) and screen.is_mounted and (kept := screen.keep())
        }
        opened = self._run_screen
        run_id = opened.run_id if opened is not None and opened.is_attached else None
        return Session(self.surroundings.database, self.current_mode, run_id, screens)

    def exit(
        self,
        result: ConsoleExit | None = None,
        return_code: int = 0,
        message: RenderableType | None = None,
    ) -> None:
        if self._exception is None:
            self.keeper.keep(self._session)
        super().exit(result, return_code, message)

    def tick_by_clock(self) -> None:
        """Another second has passed, or nearly."""
        self._heed_size()
        for front in self.screen_stack[-1:]:
            if isinstance(front, ConsoleScreen):
                front.pass_second()
        self.tick()

    def _hear(self) -> None:
        """There is something new. Called in any thread; until it is drawn, once is enough."""
        if not self._has_heard:
            self._has_heard = True
            with contextlib.suppress(RuntimeError):  # the console has just ended
                self.call_later(self._take_news)

    def _take_news(self) -> None:
        self._has_heard = False
        self.tick()

    def tick(self) -> None:
        """Take the latest snapshot to the screen in front."""
        snapshot = self.bridge.latest()
        if snapshot is not None:
            self._show_title(snapshot)
            self._ring(snapshot)
            self.departure.look(snapshot)
        # While the console ends, its last tick may find no screen any more.
        for front in self.screen_stack[-1:]:
            if isinstance(front, ConsoleScreen):
                front.tick()
        self.keeper.keep(self._session, self.clock.monotonic())

    def _heed_size(self) -> None:
        """Take up a resize that no signal told of: the last one of a burst may get lost."""
        size = Size(*shutil.get_terminal_size())
        if size != self.size and not self.is_headless:
            self.post_message(Resize(size, size))

    def _show_title(self, snapshot: Snapshot) -> None:
        title = window_title(self._watched(snapshot), snapshot.errors)
        if title != self._title_shown and self._driver is not None and not self.is_headless:
            self._title_shown = title
            self._driver.write(terminal.title_sequence(title))

    def _ring(self, snapshot: Snapshot) -> None:
        if self._bell is None or snapshot is self._heard:
            return
        self._heard = snapshot
        if self._bell.rings_for(snapshot):
            self.bell()

    def _watched(self, snapshot: Snapshot) -> RunRow | None:
        """The run that the console was opened on, else the newest that is driven."""
        known = [run for run in (snapshot.run, *snapshot.runs) if run is not None]
        opened = next((run for run in known if run.id == self.run_id), None)
        return opened or next((run for run in snapshot.runs if run.is_driven), None)

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key):
            self.departure.somebody_is_there()
            if is_kept(self, event):
                return
        await super().on_event(event)

    def show_review(self, run_id: int | None) -> None:
        """Review the units of a run, or all of them."""
        from mephisto_tui.screens.review import ReviewScreen

        self.switch_mode("review")
        for screen in self._screen_stacks["review"]:
            if isinstance(screen, ReviewScreen):
                screen.scope_to(run_id)

    def open_run(self, run_id: int) -> None:
        self._run_screen = RunScreen(run_id)
        self.push_screen(self._run_screen)

    def show_launch(self) -> None:
        """Where a launch begins, or went on when it was left."""
        if self.bridge.launching is None:
            self.say("nothing can be launched from this console")
        else:
            self.switch_mode("launch")

    async def show_launched(self, run_id: int, form: Screen[None]) -> None:
        """Go from a form to the run that came of it; an operator who went elsewhere stays there."""
        if self.screen is form:
            await self.pop_screen()
            await self.switch_mode("runs")
            while len(self.screen_stack) > 1:
                await self.pop_screen()
            self.open_run(run_id)
        self.say(f"run {run_id} is on line")

    def open_detail(self, subject: Subject, mode: str, run_id: int | None) -> None:
        from mephisto_tui.screens.detail import DetailScreen

        front = self.screen
        trail = front.breadcrumb() if isinstance(front, ConsoleScreen) else [mode]
        self.push_screen(DetailScreen(subject, mode, run_id, trail))

    def show_help(self, scopes: Sequence[Scope]) -> None:
        if isinstance(self.screen, ConsoleScreen):
            self.push_screen(HelpScreen(scopes, self.screen.view()))

    def show_palette(self, screen: ConsoleScreen) -> None:
        listed = [command for command in commands_for(screen.SCOPES) if command.is_listed]

        async def perform(command_id: str | None) -> None:
            if command_id is not None:
                await screen.action_command(command_id)

        self.push_screen(PaletteScreen(listed), perform)

    def say(self, text: str, tone: Literal["", "warn", "bad"] = "") -> None:
        """Tell the operator something on whichever screen is in front, or comes to it."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, ConsoleScreen):
                screen.say(text, tone)
                return

    async def action_quit(self) -> None:
        """What ctrl+q does from anywhere."""
        if isinstance(self.screen, ConsoleScreen):
            self.screen.leave_for(self.departure.request)
        elif not isinstance(self.screen, ConfirmScreen):
            self.departure.request()

    def action_help_quit(self) -> None:
        """What ctrl+c does when nothing is selected."""
        self.say(with_keys("ctrl+c copies a selection; {back} leaves, ctrl+q quits"))

    async def copy(self, text: str) -> str:
        """Put ``text`` where it can be pasted from; says where that is."""
        from mephisto_tui import clipboard

        return await asyncio.to_thread(clipboard.copy, text, self._write)

    def _write(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)

    def edit(self, raw: Raw) -> str:
        """Show ``raw`` in the operator's editor, the engine running on; says how that went.

        The console stands still meanwhile: the terminal is not its own.
        """
        from mephisto_tui import editor

        try:
            with self.suspend():
                return editor.show_in_editor(raw.safe_text, raw.suffix, terminal.descriptor())
        except SuspendNotSupported:
            return "this terminal cannot be handed to an editor"

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        update: Any = renderable
        if isinstance(renderable, ChopsUpdate):
            update = NarrowUpdate(renderable)
        super()._display(screen, update)

    def _on_signal(self, number: signal.Signals) -> None:
        reason: Reason = "hangup" if number == signal.SIGHUP else "terminated"
        self.exit(ConsoleExit(reason))

    def panic(self, *renderables: RenderableType) -> None:
        """A console whose terminal went away ends like one that was hung up on."""
        if terminal.is_gone():
            self.exit(ConsoleExit("hangup"))
        else:
            super().panic(*renderables)

    def _handle_exception(self, error: Exception) -> None:
        """Keep the traceback, with whatever foreign text it quotes, off the terminal."""
        log.error("the console failed", exc_info=error)
        self._return_code = 1
        if self._exception is not None:
            return  # a consequence of the first, which has already ended the console
        self._exception = error
        self._exception_event.set()
        message = clean(f"{type(error).__name__}: {error}", 300)
        self.exit(ConsoleExit("error", message), return_code=1)


def run_console(
    app: ConsoleApp, *, log_path: Path | None = None, mouse: bool | None = None
) -> ConsoleExit:
    """Show the console until it ends, and leave the terminal as it was.

    Meanwhile everything that others write to stderr goes to ``log_path``.
    """
    wants_mouse = terminal.wants_mouse() if mouse is None else mouse
    with terminal.own_terminal(log_path) as out:
        ended = app.run(mouse=wants_mouse)
        if out.is_gone:
            return ConsoleExit("hangup")
    return ended or ConsoleExit("error", "the console ended without a word; see its log")
