"""`watch` and `console`: the console, or its lines, over what other processes drive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mephisto_tui.cli.options import SomeRun
from mephisto_tui.cli.settings import Settings, settings_of

if TYPE_CHECKING:
    from mephisto_engine.database import MephistoDB
    from mephisto_tui.cli.feed import Event

ReadOnly = Annotated[
    bool, typer.Option("--read-only", help="Refuse every key that would change something.")
]


def console(context: typer.Context, read_only: ReadOnly = False) -> None:
    """Open the console on the list of runs.

    No run is needed: one can be launched from there. `mephisto-tui` alone does the same.
    """
    open_console(settings_of(context), is_read_only=read_only)


def open_console(settings: Settings, *, is_read_only: bool = False) -> None:
    """The console without a run, where one can be drawn.

    Raises:
        StateError: there is no terminal for it.
    """
    from mephisto_engine.errors import StateError
    from mephisto_tui.cli.foreground import stand_in_front
    from mephisto_tui.terminal import refusal

    reason = refusal()
    if reason:
        raise StateError(f"No console: {reason}.", "`mephisto-tui runs` lists the same as lines.")
    stand_in_front()
    with settings.database() as db:
        _show_as_guest(settings, db, None, is_read_only=is_read_only)


def watch(
    context: typer.Context,
    run_id: SomeRun = None,
    as_plain: Annotated[
        bool, typer.Option("--plain", help="Print lines instead of opening the console.")
    ] = False,
    read_only: ReadOnly = False,
) -> None:
    """Open the console on what others drive.

    The run does not notice that the console comes and goes.
    """
    from mephisto_tui.cli.foreground import stand_in_front
    from mephisto_tui.terminal import refusal

    settings = settings_of(context)
    if not as_plain and not refusal():
        stand_in_front()
    with settings.database() as db:
        show_or_follow(settings, db, run_id, as_plain=as_plain, is_read_only=read_only)


def show_or_follow(
    settings: Settings,
    db: MephistoDB,
    run_id: int | None,
    *,
    as_plain: bool = False,
    is_read_only: bool = False,
) -> None:
    from mephisto_tui.cli.console import can_draw
    from mephisto_tui.cli.reading import look

    if run_id is not None:
        look(db, run_id)  # a console on nothing would only puzzle
    if not as_plain and can_draw():
        _show_as_guest(settings, db, run_id, is_read_only=is_read_only)
    else:
        _follow(db, run_id)


def _show_as_guest(
    settings: Settings, db: MephistoDB, run_id: int | None, *, is_read_only: bool
) -> None:
    """Show the console where nothing but the console would be lost with this process."""
    from mephisto_tui.cli.console import show_console
    from mephisto_tui.cli.exit_codes import ExitCode
    from mephisto_tui.cli.leaving import leave_at_once

    ended = show_console(settings, db, run_id, is_read_only=is_read_only)
    if ended.is_held_up:
        leave_at_once("The database does not answer; left without waiting for it.", ExitCode.OK)


def _follow(db: MephistoDB, run_id: int | None) -> None:
    """Print what happens, and how things stand, until ctrl+c or until the run has ended."""
    from mephisto_engine.data_model.status import LIVE_RUN
    from mephisto_engine.operations.watching.monitor import QUIET
    from mephisto_tui import plain
    from mephisto_tui.cli.feed import EventFeed
    from mephisto_tui.cli.output import put_events, put_lines
    from mephisto_tui.cli.reading import look
    from mephisto_tui.cli.standings import Standings

    def put(events: Sequence[Event]) -> None:
        put_events([event for event in events if event.kind not in QUIET], as_json=False)

    feed = EventFeed(db, run_id, last=20)
    put(feed.new())
    with Standings(db, run_id) as standings:
        while run_id is None or look(db, run_id).status in LIVE_RUN:
            put_events(standings.news(), as_json=False)
            put(feed.await_new(timeout=1))
    put(feed.new())
    put_lines(["", *plain.run_facts(look(db, run_id), db.clock.now())])
