"""Commands that ask something of the engine that drives a run."""

from __future__ import annotations

from typing import Annotated

import typer

from mephisto_tui.cli.options import Run
from mephisto_tui.cli.output import say
from mephisto_tui.cli.settings import settings_of


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
    from mephisto_engine.operations.commands import stop_run
    from mephisto_engine.operations.operator import operator_name

    settings = settings_of(context)
    with settings.database() as db:
        say(stop_run(db, settings.home, run_id, now, operator_name()))
