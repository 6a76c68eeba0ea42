"""`workers`: who has come, and who may not come again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from mephisto_tui.cli import listings
from mephisto_tui.cli.output import say
from mephisto_tui.cli.settings import settings_of

T = TypeVar("T")

LISTING = "list"

Worker = Annotated[
    str, typer.Argument(metavar="WORKER", help="NAME, PROVIDER/NAME or number of the worker.")
]


class ListingGroup(TyperGroup):
    """A group that lists when it is given no command: `workers 3` is `workers list 3`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        is_command = bool(args) and not (args[0].isdigit() or args[0].startswith("-"))
        asks_for_help = bool(args) and args[0] in ctx.help_option_names
        if not is_command and not asks_for_help:
            args = [LISTING, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ListingGroup,
    help="List the workers of a run, or all of them.",
    subcommand_metavar="[RUN] [--json] [--match TEXT] [--limit N] | COMMAND ...",
    rich_markup_mode=None,
)


@app.callback()
def group() -> None:
    """List the workers of a run, or all of them.

    Without a command it is `workers list`.
    """


app.command(LISTING)(listings.workers)


@app.command()
def block(
    context: typer.Context,
    worker: Worker,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the worker.")],
) -> None:
    """Keep a worker out of every run.

    What they are at work on they may finish.
    """
    from mephisto_engine.database.operations.workers import block_worker

    _, name = change_worker(context, worker, block_worker, reason)
    say(f"{name} is blocked.")


@app.command()
def unblock(context: typer.Context, worker: Worker) -> None:
    """Let a blocked worker in again."""
    from mephisto_engine.database.operations.workers import unblock_worker

    _, name = change_worker(context, worker, unblock_worker)
    say(f"{name} is not blocked any more.")


def change_worker(
    context: typer.Context, worker: str, operation: Callable[..., T], *arguments: Any
) -> tuple[T, str]:
    """Run an operation on one worker as the person at the keyboard.

    Returns what came of it, and the worker as a person knows them.
    """
    from mephisto_engine.database.queries.workers import find_worker
    from mephisto_engine.operations.operator import operator_name

    with settings_of(context).database() as db:
        found = db.read(find_worker, worker)
        outcome = db.write_now(operation, found.id, *arguments, operator_name())
    return outcome, f"Worker {found.id} ({found.provider_type}/{found.name})"
