"""The command `mephisto-tui`: what it offers, in the order that `--help` prints.

A command imports what it needs when it runs. `--help` has to answer at once on a login node whose
disk is slow, so nothing here may load the engine, a plugin, Hydra or Textual.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mephisto_tui.cli import (
    archive,
    config,
    control,
    details,
    doctor,
    export,
    forms,
    importing,
    launch,
    listings,
    money,
    onboarding,
    plugins,
    qualifications,
    review,
    stats,
    watch,
    why,
    worker_figures,
    workers,
)
from mephisto_tui.cli.exit_codes import ExitCode
from mephisto_tui.cli.guard import GuardedGroup
from mephisto_tui.cli.settings import DEFAULT_HOME, Settings

app = typer.Typer(
    name="mephisto-tui",
    cls=GuardedGroup,
    help="Collect data from crowd workers, and watch it live in the terminal.",
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        version()
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    db: Annotated[
        str | None,
        typer.Option(
            envvar="MEPHISTO_DB",
            metavar="URL",
            help="Database: sqlite:///path or a path; default data.db in the home folder.",
        ),
    ] = None,
    home: Annotated[
        Path,
        typer.Option(
            envvar="MEPHISTO_HOME", metavar="DIR", help="Home folder: data, uploads and logs."
        ),
    ] = DEFAULT_HOME,
    is_ascii: Annotated[
        bool, typer.Option("--ascii", help="Draw the console with plain ASCII characters.")
    ] = False,
    mouse: Annotated[
        bool | None,
        typer.Option(
            "--mouse/--no-mouse",
            help="Let the console listen to the mouse; by default not over SSH.",
        ),
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The console's keys and theme (YAML)."),
    ] = None,
    rings: Annotated[
        bool,
        typer.Option(
            "--bell",
            envvar="MEPHISTO_BELL",
            help="Ring for the first unit to review, a run's end, an error.",
        ),
    ] = False,
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Collect data from crowd workers, and watch it live in the terminal."""
    context.obj = Settings(db, home.expanduser(), is_ascii, mouse, keys, rings)
    if context.invoked_subcommand is None:
        _open_console_or_help(context)


def _open_console_or_help(context: typer.Context) -> None:
    """What the bare command does: in a terminal one can begin at once, a script is told how."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        watch.open_console(context.obj)
    else:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(ExitCode.USAGE)


def version() -> None:
    """Print the version."""
    from mephisto_engine import __version__

    typer.echo(f"mephisto-tui {__version__}")


for command in (
    launch.demo,
    launch.launch,
    listings.runs,
    listings.status,
    listings.units,
    listings.agents,
    details.unit,
    details.agent,
    details.worker,
    why.why,
    stats.stats,
    listings.journal,
    watch.console,
    watch.watch,
    control.pause,
    launch.resume,
    control.extend,
    control.expire,
    control.disconnect,
    control.stop,
    money.money,
    money.compensate,
    export.export,
    archive.archive,
    importing.import_mephisto,
    plugins.plugins,
    plugins.wut,
    doctor.doctor,
    version,
):
    app.command()(command)
app.command("log", hidden=True)(listings.journal)  # what the console calls it
app.command("set")(control.set_options)
app.add_typer(review.app, name="review")
workers.app.command()(worker_figures.show)
workers.app.command()(worker_figures.figures)
workers.app.command()(worker_figures.note)
workers.app.add_typer(onboarding.app, name="onboarding")
app.add_typer(workers.app, name="workers")
app.add_typer(qualifications.app, name="qualifications")
app.add_typer(config.app, name="config")
app.add_typer(forms.app, name="forms")


def main() -> None:
    # Text from outside may hold what the locale cannot write; a listing does not die of that.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="mephisto-tui")
