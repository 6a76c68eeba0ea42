"""Stays with a run that an engine in this process drives, with a console or line by line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import typer

from mephisto_engine.database import MephistoDB
from mephisto_engine.engine import Engine
from mephisto_engine.errors import StateError
from mephisto_engine.operations.snapshot import LogRow, RunRow
from mephisto_tui import plain
from mephisto_tui.cli.console import can_draw, show_console
from mephisto_tui.cli.detach import report_start
from mephisto_tui.cli.exit_codes import ExitCode
from mephisto_tui.cli.feed import EventFeed
from mephisto_tui.cli.interrupts import Interrupts, counted_interrupts, terminate_as_interrupt
from mephisto_tui.cli.output import put_json, put_lines, say
from mephisto_tui.cli.reading import log_object, look, run_object
from mephisto_tui.cli.settings import Settings
from mephisto_tui.cli.starting import Start

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
    _is_lost: bool = field(default=False, init=False)

    def event(self, row: LogRow) -> None:
        if self.manner.prints_events:
            self._guarded(lambda: self._event(row))

    def end(self, run: RunRow) -> None:
        self._guarded(lambda: self._end(run))

    def _event(self, row: LogRow) -> None:
        if self.manner.is_json:
            put_json(log_object(row), is_line=True)
        else:
            put_lines([plain.log_line(row)])

    def _end(self, run: RunRow) -> None:
        if self.manner.is_json:
            put_json(run_object(run), is_line=True)
        else:
            put_lines(["", *plain.run_facts(run, run.ended_at or run.created_at)])

    def _guarded(self, put: Callable[[], None]) -> None:
        if self._is_lost:
            return
        try:
            put()
        except OSError:  # the terminal or the reader of the pipe is gone; the run is not
            self._is_lost = True
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, sys.stdout.fileno())
            os.close(silence)


def drive_here(settings: Settings, start: Start, manner: Manner) -> None:
    """Bring a run on line in this process and stay until it has ended."""
    with engine_in_process(settings) as (db, engine):
        with terminate_as_interrupt():
            run_id = start.on(engine)
        report_start(manner.report_fd, run_id)
        with counted_interrupts() as interrupts:
            if not manner.is_headless and can_draw():
                show_console(settings, db, run_id, engine=engine)
                if not engine.wait(run_id, timeout=0):
                    _after_console(engine, run_id, manner)
            run = follow_to_end(db, engine, run_id, interrupts, Printer(manner))
    raise typer.Exit(exit_code_of_run(run, interrupts))


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
    db: MephistoDB, engine: Engine, run_id: int, interrupts: Interrupts, printer: Printer
) -> RunRow:
    obeyed = 0
    with EventFeed(db, run_id) as feed:
        while not engine.wait(run_id, timeout=LOOK_SECONDS):
            if interrupts.count > obeyed:
                obeyed = interrupts.count
                _obey(engine, run_id, is_again=obeyed > 1)
            for row in feed.new():
                printer.event(row)
        for row in feed.new():
            printer.event(row)
    run = look(db, run_id)
    printer.end(run)
    return run


def exit_code_of_run(run: RunRow, interrupts: Interrupts) -> ExitCode:
    if run.status == "failed":
        say(f"run {run.id} failed: {run.status_reason}")
        return ExitCode.REFUSED
    return ExitCode.INTERRUPTED if interrupts.count else ExitCode.OK


def _obey(engine: Engine, run_id: int, *, is_again: bool) -> None:
    with suppress(StateError):  # it has ended in this very moment
        say(f"run {run_id}: {engine.stop(run_id, now=is_again)}")
        if not is_again:
            say("The same again ends it now.")


def _after_console(engine: Engine, run_id: int, manner: Manner) -> None:
    if manner.ends_with_console:
        with suppress(StateError):
            engine.stop(run_id, now=True)
    else:
        say(f"The console is closed; run {run_id} goes on here. ctrl+c drains it, twice stops it.")
