"""Commands that print what is stored: each shows what the console's screen of that name shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mephisto_tui.cli.options import Json, Limit, Match, Run, SomeRun, Status
from mephisto_tui.cli.output import put_json, put_lines, say
from mephisto_tui.cli.settings import settings_of

if TYPE_CHECKING:
    from mephisto_engine.operations.watching.snapshot import Window
    from mephisto_tui.cli.feed import Event


def runs(
    context: typer.Context,
    as_json: Json = False,
    status: Status = "",
    match: Match = "",
    limit: Limit = None,
) -> None:
    """List task runs, newest first."""
    from mephisto_engine.operations.watching.snapshot import View
    from mephisto_tui import plain
    from mephisto_tui.cli.reading import run_object, take

    found = take(settings_of(context), View(runs=_window("runs", status, match, limit)))
    if as_json:
        put_json([run_object(run) for run in found.runs])
    else:
        put_lines(plain.run_table(found.runs, found.taken_at))
    _say_what_is_missing("run", found.runs, found.runs_total)


def status(context: typer.Context, run_id: Run, as_json: Json = False) -> None:
    """Show one run: state, units, money."""
    from mephisto_engine.operations.watching.snapshot import View
    from mephisto_tui import plain
    from mephisto_tui.cli.reading import run_object, shown_run, take

    found = take(settings_of(context), View(run_id=run_id))
    run = shown_run(found, run_id)
    if as_json:
        put_json(run_object(run, found.wage))
    else:
        put_lines(plain.run_facts(run, found.taken_at, found.worker_link, found.wage))


def units(
    context: typer.Context,
    run_id: Run,
    as_json: Json = False,
    status: Status = "",
    match: Match = "",
    limit: Limit = None,
) -> None:
    """List the units of a run."""
    from mephisto_engine.operations.watching.snapshot import View
    from mephisto_tui import plain
    from mephisto_tui.cli.reading import shown_run, take

    view = View(run_id=run_id, units=_window("units", status, match, limit))
    found = take(settings_of(context), view)
    shown_run(found, run_id)
    _put(as_json, found.units, lambda rows: plain.unit_table(rows, found.taken_at))
    _say_what_is_missing("unit", found.units, found.units_total)


def agents(
    context: typer.Context,
    run_id: Run,
    as_json: Json = False,
    status: Status = "",
    match: Match = "",
    limit: Limit = None,
) -> None:
    """List who is or was on which unit of a run."""
    from mephisto_engine.operations.watching.snapshot import View
    from mephisto_tui import plain
    from mephisto_tui.cli.reading import shown_run, take

    view = View(run_id=run_id, agents=_window("agents", status, match, limit))
    found = take(settings_of(context), view)
    shown_run(found, run_id)
    _put(as_json, found.agents, lambda rows: plain.agent_table(rows, found.taken_at))
    _say_what_is_missing("agent", found.agents, found.agents_total)


def workers(
    context: typer.Context,
    run_id: SomeRun = None,
    as_json: Json = False,
    match: Match = "",
    limit: Limit = None,
) -> None:
    """List the workers of a run, or all of them."""
    from mephisto_engine.operations.watching.snapshot import View
    from mephisto_tui import plain
    from mephisto_tui.cli.reading import everybody, shown_run, take

    view = View(run_id=run_id, workers=_window("workers", "", match, limit))
    if run_id is None:
        found = everybody(settings_of(context), view)
    else:
        found = take(settings_of(context), view)
        shown_run(found, run_id)
    _put(as_json, found.workers, plain.worker_table)
    _say_what_is_missing("worker", found.workers, found.workers_total)


def journal(
    context: typer.Context,
    run_id: SomeRun = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what happens, until ctrl+c.")
    ] = False,
    as_json: Json = False,
    match: Annotated[
        str, typer.Option("--match", help="Only events with these words; also level:warn.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many of the last events.")] = 200,
) -> None:
    """Print what happened, oldest first.

    With --json --follow each line is a JSON document.
    """
    from mephisto_tui.cli.feed import EventFeed
    from mephisto_tui.cli.output import put_events
    from mephisto_tui.cli.reading import look

    with settings_of(context).database() as db:
        if run_id is not None:
            look(db, run_id)
        feed = EventFeed(db, run_id, last=limit)
        events = feed.new()
        shown = _matching(events, match)
        if as_json and not follow:
            put_json(shown)
        else:
            put_events(shown, as_json=as_json)
        if len(events) == limit and not follow:
            say(f"No more than the last {limit} events; --limit sets how many.")
        while follow:
            put_events(_matching(feed.await_new(), match), as_json=as_json)


def _matching(events: Sequence[Event], match: str) -> list[Event]:
    """The events that the console's log shows under this filter."""
    from mephisto_tui.view.filtering import LEVELS, log_matches, parse_filter

    wish = parse_filter(match, LEVELS)
    return [event for event in events if log_matches(event, wish)]


def _window(list_name: str, status: str, match: str, limit: int | None) -> Window:
    """The rows that the console would show with this filter."""
    from mephisto_engine.operations.watching.snapshot import Window
    from mephisto_tui.cli.reading import ALL_ROWS
    from mephisto_tui.view.filtering import full_status, narrowed, parse_filter
    from mephisto_tui.view.rows import LISTS

    statuses = LISTS[list_name].statuses
    wish = parse_filter(match, statuses)
    if status:
        wish = replace(wish, status=full_status(status, statuses))
    return narrowed(Window(limit=limit or ALL_ROWS), wish)


def _put(as_json: bool, rows: Sequence[Any], lines: Callable[[Sequence[Any]], list[str]]) -> None:
    if as_json:
        put_json(rows)
    else:
        put_lines(lines(rows))


def _say_what_is_missing(noun: str, rows: Sequence[Any], total: int) -> None:
    if len(rows) < total:
        say(f"{len(rows)} of {total} {noun}s; --limit sets how many.")
    elif not rows:
        say(f"No {noun}s.")
