"""`import-mephisto`: an existing data directory of Mephisto, read into ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mephisto_tui.cli.options import Json
from mephisto_tui.cli.output import put_json, put_lines, say
from mephisto_tui.cli.settings import settings_of

if TYPE_CHECKING:
    from mephisto_engine.operations.importing.bring import ImportReport
    from mephisto_tui.cli.settings import Settings

SHOWN_NOTES: Final = 40


def import_mephisto(
    context: typer.Context,
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="Mephisto's data directory, or its database.db.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would come, and bring nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read a data directory of Mephisto into the database.

    Runs, units, answers, workers, qualifications, decisions and files come over; what has no place
    here is listed. Nothing in the directory is changed, and a repeat doubles nothing.
    """
    report = _report(settings_of(context), path, dry_run)
    if as_json:
        put_json(report)
        return
    put_lines(f"{number} {kind}" for kind, number in sorted(report.counts.items()))
    _say_notes(report)


def _report(settings: Settings, path: Path, is_rehearsal: bool) -> ImportReport:
    from mephisto_engine.operations.importing.bring import import_mephisto, rehearse_import

    if is_rehearsal:
        return rehearse_import(settings.database_path, path)
    with settings.database() as db:
        return import_mephisto(db, settings.home, path)


def _say_notes(report: ImportReport) -> None:
    if not report.counts:
        say("There is nothing new in it.")
    for note in report.notes[:SHOWN_NOTES]:
        say(f"note: {note}")
    if len(report.notes) > SHOWN_NOTES:
        say(f"and {len(report.notes) - SHOWN_NOTES} notes more; --json has all of them.")
    if report.is_rehearsal:
        say("Dry run: nothing was brought.")
