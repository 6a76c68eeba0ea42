"""Stays with a run that an engine in this process drives, with a console or line by line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import typer

from mephisto_engine.data_model.status import LIVE_RUN
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.queries.activity import last_event_id
from mephisto_engine.engine import Engine
from mephisto_engine.errors import StateError, StorageError
from mephisto_engine.operations.watching.snapshot import LogRow, RunRow
from mephisto_tui import plain
from mephisto_tui.cli.console import can_draw, show_console
from mephisto_tui.cli.detach import report_start
from mephisto_tui.cli.errors import describe
from mephisto_tui.cli.exit_codes import ExitCode
from mephisto_tui.cli.feed import EventFeed
from mephisto_tui.cli.foreground import Background, stand_in_front
from mephisto_tui.cli.interrupts import Interrupts, counted_interrupts, terminate_as_interrupt
from mephisto_tui.cli.leaving import leave_at_once
from mephisto_tui.cli.output import put_events, put_json, put_lines, say
from mephisto_tui.cli.reading import look, run_object
from mephisto_tui.cli.settings import Settings
from mephisto_tui.cli.starting import Start

if TYPE_CHECKING:
    from mephisto_tui.ending import ConsoleExit

LOOK_SECONDS: Final = 0.2
"""How often events are printed and interrupts obeyed."""


@dataclass(frozen=True)
class Manner:
    """How a command stays with its run."""

    is_headless: bool = False
    is_json: bool = False
    prints_events: bool = True
    ends_with_console: bool = False
    """Leaving the console ends the run: nobody waits for what a demo collects."""
    report_fd: int | None = None


@dataclass
class Printer:
    """Prints events as they come, and goes silent when nobody is there to read them."""

    manner: Manner
    _is_silent: bool = field(default=False, init=False)

    def events(self, events: Sequence[LogRow]) -> None:
        if self.manner.prints_events:
            self._guarded(lambda: put_events(events, as_json=self.manner.is_json))

    def end(self, run: RunRow) -> None:
        if self.manner.is_json:
            self._guarded(lambda: put_json(run_object(run), is_line=True))
        else:
            facts = plain.run_facts(run, run.ended_at or run.created_at)
            self._guarded(lambda: put_lines(["", *facts]))

    def _guarded(self, put: Callable[[], None]) -> None:
        if self._is_silent:
            return
        try:
            put()
        except OSError:  # the terminal or the reader of the pipe is gone; the run is not
            self._is_silent = True
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, sys.stdout.fileno())
            os.close(silence)


def drive_here(settings: Settings, start: Start, manner: Manner) -> None:
    """Bring a run on line in this process and stay until it has ended."""
    has_console = not manner.is_headless and can_draw()
    background = stand_in_front() if has_console else None
    with engine_in_process(settings) as (db, engine):
        begun = db.read(last_event_id)
        with terminate_as_interrupt():
            run_id = start.on(engine)
        report_start(manner.report_fd, run_id)
        with counted_interrupts() as interrupts:
            if background is not None:
                ended = _with_console(settings, db, engine, run_id, manner)
                _after_console(engine, run_id, manner, ended, interrupts)
                if ended.reason in ("detach", "hangup") and engine.running():
                    _go_on_alone(settings, engine.running(), background)
                feed = EventFeed(db, run_id)
            else:
                feed = EventFeed(db, run_id, after=begun)
                say(f"run {run_id} is live at {look(db, run_id).url}")
            run = follow_to_end(db, engine, run_id, feed, interrupts, Printer(manner))
            _follow_others(db, engine, interrupts, manner)
    code = exit_code_of_run(run, interrupts)
    if engine.is_held_up:
        leave_at_once("A function of the task has not returned; it is cut off.", code)
    raise typer.Exit(code)


@contextmanager
def engine_in_process(settings: Settings) -> Iterator[tuple[MephistoDB, Engine]]:
    with settings.database() as db:
        engine = Engine(db, settings.home)
        engine.start()
        try:
            yield db, engine
        finally:
            engine.close()


def follow_to_end(
    db: MephistoDB,
    engine: Engine,
    run_id: int,
    feed: EventFeed,
    interrupts: Interrupts,
    printer: Printer,
) -> RunRow:
    """Print events and obey interrupts until the run has ended."""
    obeyed = 0
    is_over = False
    while not is_over:
        is_over = engine.wait(run_id, timeout=LOOK_SECONDS)
        if not is_over and interrupts.count > obeyed:
            obeyed = interrupts.count
            for driven in engine.running():
                _obey(engine, driven, is_again=obeyed > 1)
        while events := feed.new():
            printer.events(events)
    run = look(db, run_id)
    printer.end(run)
    return run


def _follow_others(db: MephistoDB, engine: Engine, interrupts: Interrupts, manner: Manner) -> None:
    """Runs that were launched from inside the console live in this process as well."""
    while others := engine.running():
        feed = EventFeed(db, others[0])
        follow_to_end(db, engine, others[0], feed, interrupts, Printer(manner))


def exit_code_of_run(run: RunRow, interrupts: Interrupts) -> ExitCode:
    if run.status == "failed":
        say(f"run {run.id} failed: {run.status_reason}")
        return ExitCode.REFUSED
    if run.status in LIVE_RUN and run.is_driven:
        say(f"run {run.id} was taken over by another engine.")
        return ExitCode.LEASE_HELD
    if run.status in LIVE_RUN:
        say(f"run {run.id} could not be closed; `mephisto-tui resume {run.id}` takes it up again.")
        return ExitCode.REFUSED
    return ExitCode.INTERRUPTED if interrupts.count else ExitCode.OK


def _obey(engine: Engine, run_id: int, *, is_again: bool) -> None:
    try:
        say(engine.stop(run_id, now=is_again))
    except StateError:  # it has ended in this very moment
        return
    except StorageError as error:
        # The engine serves on: it is what tells the workers to keep their answers.
        say("\n".join(describe(error)))
        return
    if not is_again:
        say("The same again ends it now.")


def _with_console(
    settings: Settings, db: MephistoDB, engine: Engine, run_id: int, manner: Manner
) -> ConsoleExit:
    return show_console(
        settings,
        db,
        run_id,
        # Whoever leaves a demo is not asked what is to become of it.
        engine=None if manner.ends_with_console else engine,
        exit_when_done=manner.ends_with_console,
    )


def _after_console(
    engine: Engine, run_id: int, manner: Manner, ended: ConsoleExit, interrupts: Interrupts
) -> None:
    """The console is a guest: what becomes of the run depends on how it left."""
    running = engine.running()
    if not running:
        return
    if ended.reason == "terminated":
        interrupts.count += 1
    elif manner.ends_with_console and ended.reason != "hangup":
        with suppress(StateError):
            engine.stop(run_id, now=True)
    elif ended.reason not in ("detach", "hangup"):
        say(f"{_what_goes_on(running)} without a console; ctrl+c lets those at work finish.")


def _go_on_alone(settings: Settings, running: Sequence[int], background: Background) -> None:
    """Drive the runs on as a process of its own, with a log in place of the terminal."""
    log = background.go(settings.logs)
    words = (
        f"{_what_goes_on(running)} as process {os.getpid()}; its log is {log}\n"
        f"`mephisto-tui watch {running[0]}` brings the console back."
    )
    background.release(words)


def _what_goes_on(running: Sequence[int]) -> str:
    names = ", ".join(map(str, running))
    return f"Run {names} goes on" if len(running) == 1 else f"Runs {names} go on"
