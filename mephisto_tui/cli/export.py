"""`export`: what workers did, as a dataset in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mephisto_tui.cli.options import Json
from mephisto_tui.cli.output import put_json, put_lines, say
from mephisto_tui.cli.settings import settings_of

if TYPE_CHECKING:
    from mephisto_engine.database import MephistoDB
    from mephisto_engine.operations.packaging.package import PackageReport
    from mephisto_engine.operations.packaging.request import Format

SAID_UNITS: Final = 20_000

What = Annotated[
    str | None,
    typer.Argument(metavar="[RUN|TASK]", help="Number of a run, or name of a task: all its runs."),
]
Project = Annotated[
    str | None, typer.Option("--project", metavar="NAME", help="All runs of a project's tasks.")
]


def export(
    context: typer.Context,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Folder to make; not there yet.")
    ],
    what: What = None,
    project: Project = None,
    file_format: Annotated[
        str, typer.Option("--format", help="jsonl, csv, parquet or mephisto.")
    ] = "jsonl",
    only_reviewed: Annotated[
        bool, typer.Option("--reviewed", help="Only units that were reviewed.")
    ] = False,
    only_accepted: Annotated[
        bool, typer.Option("--accepted", help="Only units that were accepted.")
    ] = False,
    has_every_status: Annotated[
        bool, typer.Option("--all", help="Also units that nobody has done.")
    ] = False,
    no_gold: Annotated[
        bool, typer.Option("--no-gold", help="Leave out gold and screening units.")
    ] = False,
    no_uploads: Annotated[
        bool, typer.Option("--no-uploads", help="Leave out the files that workers sent.")
    ] = False,
    units_only: Annotated[
        bool,
        typer.Option(
            "--units-only", help="Leave out payments, notes and the other tables beside the units."
        ),
    ] = False,
    raw_workers: Annotated[
        bool, typer.Option("--raw-workers", help="Keep workers' names, instead of pseudonyms.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Package what workers did as a dataset in a folder.

    It has a manifest and a datasheet, and appears when everything in it is whole. The same command
    goes on with an export that was interrupted, and gives the same bytes while nothing changes.
    """
    from mephisto_engine.abstractions.registry import Registry
    from mephisto_engine.operations.packaging.package import package
    from mephisto_engine.operations.packaging.request import PackageRequest

    _check_one_of(only_reviewed, only_accepted, has_every_status)
    settings = settings_of(context)
    with settings.database() as db:
        request = PackageRequest(
            runs=runs_named(db, what, project),
            out=out,
            format=_format(file_format),
            only_reviewed=only_reviewed,
            only_accepted=only_accepted,
            has_every_status=has_every_status,
            has_gold=not no_gold,
            has_tables=not units_only,
            has_uploads=not no_uploads,
            has_raw_workers=raw_workers,
        )
        report = package(db, settings.home, Registry(), request, _say_progress)
    if as_json:
        put_json(report)
    else:
        put_lines([str(report.path)])
    _say_more(report)


def runs_named(db: MephistoDB, what: str | None, project: str | None) -> tuple[int, ...]:
    """The runs that an argument and `--project` name: a number is a run, all else a task."""
    from mephisto_engine.operations.packaging.request import runs_of

    if what is not None and what.isascii() and what.isdigit() and len(what) < 19:
        return runs_of(db, run_id=int(what), project=project)
    return runs_of(db, task_name=what, project=project)


def _check_one_of(*filters: bool) -> None:
    from mephisto_engine.errors import ConfigError

    if sum(filters) > 1:
        raise ConfigError("Give one of --reviewed, --accepted and --all.")


def _format(name: str) -> Format:
    from mephisto_engine.errors import ConfigError
    from mephisto_engine.operations.packaging.request import Format

    try:
        return Format(name)
    except ValueError:
        raise ConfigError(
            f"There is no format {name!r}.", f"There are: {', '.join(Format)}."
        ) from None


def _say_progress(done: int, total: int) -> None:
    """A line now and then, for somebody who waits."""
    if done < total and done % SAID_UNITS == 0:
        say(f"{done} of {total} units …")


def _say_more(report: PackageReport) -> None:
    resumed = f" ({report.resumed_units} were there already)" if report.resumed_units else ""
    files = f", {report.files} files" if report.files else ""
    say(f"{report.units} units of {report.workers} workers{files}{resumed}.")
    if report.tables:
        tables = ", ".join(f"{rows} {name}" for name, rows in report.tables.items())
        say(f"Beside them, in tables/: {tables}.")
    if report.missing_files:
        say(f"{len(report.missing_files)} files are gone or damaged; manifest.json lists them.")
    for archive in report.absent_archives:
        say(f"Files were archived in {archive}, which is not there; put it back and export again.")
