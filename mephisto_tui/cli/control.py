"""Commands that ask something of the engine that drives a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mephisto_tui.cli.options import LARGEST_ID, Run
from mephisto_tui.cli.output import say
from mephisto_tui.cli.settings import Settings, settings_of

if TYPE_CHECKING:
    from mephisto_engine.database import MephistoDB
    from mephisto_engine.operations.commands.kinds import Change

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; needed where nobody can answer.")]


def stop(
    context: typer.Context,
    run_id: Run,
    now: Annotated[
        bool, typer.Option("--now", help="End those at work too, instead of waiting for them.")
    ] = False,
) -> None:
    """Stop a run, after those at work have finished.

    No worker is let in any more; what nobody is on expires at once, the rest when it is done.
    """
    from mephisto_engine.operations.commands.kinds import Stop

    _do(context, run_id, Stop(now))


def pause(context: typer.Context, run_id: Run) -> None:
    """Publish nothing new and let nobody new in.

    Those at work go on. Units that are on offer already stay listed on the provider; who opens one
    is told to come again later. `mephisto-tui resume RUN` goes on.
    """
    from mephisto_engine.operations.commands.kinds import Pause

    _do(context, run_id, Pause())


def set_options(
    context: typer.Context,
    run_id: Run,
    values: Annotated[
        list[str],
        typer.Argument(
            metavar="OPTION=VALUE...",
            help="max_num_concurrent_units, maximum_units_per_worker, allowed_concurrent, budget "
            "(dollars, or none), no_submission_patience, submission_timeout.",
        ),
    ],
) -> None:
    """Change limits or the budget of a run.

    The new values hold from now on and are stored with the run: it is resumed with them.
    """
    from mephisto_engine.operations.commands.kinds import SetOptions

    _do(context, run_id, SetOptions(dict(_pair(text) for text in values)))


def extend(
    context: typer.Context,
    run_id: Run,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="FILE", help="More items: CSV, JSON or JSON Lines."),
    ] = None,
    units_per_item: Annotated[
        int | None,
        typer.Option("--units-per-item", metavar="N", min=1, help="N units more of each item."),
    ] = None,
    is_agreed: Yes = False,
) -> None:
    """Give a run more units.

    What they cost at worst is shown first; what the budget does not cover is refused.
    """
    from mephisto_engine.operations.commands.kinds import Extend, Extension
    from mephisto_tui.cli.agreeing import agree
    from mephisto_tui.view.consequences import of_extension

    if (data is None) is (units_per_item is None):
        raise typer.BadParameter("give either --data FILE or --units-per-item N")
    path = "" if data is None else str(data.expanduser().absolute())
    number = units_per_item or 0
    rehearsed = _ask(context, run_id, Extend(path, number, is_rehearsal=True))
    extension = Extension.from_outcome(rehearsed)
    if extension.is_affordable:
        agree(of_extension(run_id, extension), extension.units, is_agreed)
    _do(context, run_id, Extend(path, number, expected_units=extension.units))


def expire(
    context: typer.Context,
    run_id: Run,
    units: Annotated[
        list[int] | None,
        typer.Argument(metavar="[UNIT]...", min=1, max=LARGEST_ID, help="Numbers of units."),
    ] = None,
    is_all: Annotated[
        bool, typer.Option("--launched", help="Every unit that nobody is on.")
    ] = False,
    is_agreed: Yes = False,
) -> None:
    """Expire units for good, also those that somebody is on.

    What was submitted stays untouched. `resume` does not offer these units again.
    """
    from mephisto_engine.database.queries.changes import found_to_expire
    from mephisto_engine.database.queries.runs import find_run
    from mephisto_engine.errors import StateError
    from mephisto_engine.operations.commands.kinds import Expire
    from mephisto_tui.cli.agreeing import agree
    from mephisto_tui.view.consequences import of_expiry

    if bool(units) is is_all:
        raise typer.BadParameter("give either numbers of units or --launched")
    with settings_of(context).database() as db:
        db.read(find_run, run_id)
        counts = db.read(found_to_expire, run_id, tuple(units or ()))
    consequence = of_expiry(run_id, counts)
    if not consequence.number:
        raise StateError(f"No unfinished unit of run {run_id} is among these.")
    agree(consequence.lines, consequence.number, is_agreed)
    _do(context, run_id, Expire(list(units or ()), is_all))


def disconnect(
    context: typer.Context,
    agent_id: Annotated[
        int,
        typer.Argument(metavar="AGENT", min=1, max=LARGEST_ID, help="Number of the agent."),
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the journal.")] = "",
) -> None:
    """End one agent; its unit is offered again.

    The worker is not blocked: they may come again, as somebody new.
    """
    from mephisto_engine.database.queries.changes import run_of_agent
    from mephisto_engine.operations.commands.kinds import Disconnect

    with settings_of(context).database() as db:
        run_id = db.read(run_of_agent, agent_id)
    _do(context, run_id, Disconnect(agent_id, reason))


def goes_on(settings: Settings, run_id: int) -> bool:
    """Take back the pause of a run that an engine drives; False if there is no such thing."""
    from mephisto_engine.data_model.status import RunStatus
    from mephisto_engine.database.queries.runs import find_run
    from mephisto_engine.operations.commands.kinds import GoOn
    from mephisto_engine.operations.control import ask
    from mephisto_engine.operations.operator import operator_name
    from mephisto_engine.operations.runs.run_lease import HEARD_SECONDS, is_driven

    with settings.database() as db:
        is_paused = db.read(find_run, run_id).status == RunStatus.PAUSED
        if not is_paused or not is_driven(db, run_id, HEARD_SECONDS):
            return False
        say(ask(db, settings.home, run_id, GoOn(), operator_name()))
        return True


def say_who_is_listened_for(db: MephistoDB, run_id: int) -> None:
    """Explain the wait that comes when only time can tell whether an engine lives."""
    from mephisto_engine.database.lease_watch import LEASE_SECONDS
    from mephisto_engine.database.queries.runs import lease_of
    from mephisto_engine.operations.runs.run_lease import HEARD_SECONDS, is_driven, standing

    lease = db.read(lease_of, run_id)
    if lease is None or is_driven(db, run_id, HEARD_SECONDS):
        return
    if standing(db, run_id) is None:
        say(
            f"Process {lease.pid} on {lease.host}, which drove run {run_id}, is silent: "
            f"listening for it, up to {LEASE_SECONDS:.0f} s."
        )


def _do(context: typer.Context, run_id: int, change: Change) -> None:
    say(_ask(context, run_id, change))


def _ask(context: typer.Context, run_id: int, change: Change) -> str:
    from mephisto_engine.operations.control import ask
    from mephisto_engine.operations.operator import operator_name

    settings = settings_of(context)
    with settings.database() as db:
        say_who_is_listened_for(db, run_id)
        return ask(db, settings.home, run_id, change, operator_name())


def _pair(text: str) -> tuple[str, str]:
    name, is_assigned, value = text.partition("=")
    if not is_assigned or not name.strip():
        raise typer.BadParameter(f"{text!r} is not OPTION=VALUE")
    return name.strip(), value.strip()
