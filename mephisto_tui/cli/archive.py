"""`archive`: disk space back from runs that have been exported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mephisto_tui.cli.agreeing import agree
from mephisto_tui.cli.export import Project, What, runs_named
from mephisto_tui.cli.options import Json
from mephisto_tui.cli.output import put_json, put_lines, say
from mephisto_tui.cli.settings import settings_of

if TYPE_CHECKING:
    from mephisto_engine.operations.packaging.archive import ArchivePlan


def archive(
    context: typer.Context,
    by_export: Annotated[
        Path, typer.Option("--export", metavar="DIR", help="An export that has all of it.")
    ],
    what: What = None,
    project: Project = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be freed, and free nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Free the disk of runs that have been exported.

    The export is read and compared with its manifest first. Workers' files that it has and the
    sites of the runs are removed; the database keeps every answer. Live runs are refused.
    """
    from mephisto_engine.operations.packaging.archive import carry_out, plan_archive

    settings = settings_of(context)
    with settings.database() as db:
        plan = plan_archive(db, settings.home, runs_named(db, what, project), by_export)
        if not (dry_run or (plan.is_empty and project is None)):
            agree(_consequences(plan), plan.files, yes)
            carry_out(db, plan, project)
    if as_json:
        put_json(_as_object(plan))
    else:
        put_lines(_lines(plan))
    if plan.is_empty:
        say("There is nothing to free.")
    elif dry_run:
        say("Dry run: nothing was removed.")


def _consequences(plan: ArchivePlan) -> list[str]:
    runs = ", ".join(str(run.run_id) for run in plan.runs)
    return [
        f"{plan.files} files of workers and {sum(len(run.sites) for run in plan.runs)} sites of "
        f"run {runs} are removed for good.",
        f"Their only copies are then in {plan.export}.",
    ]


def _lines(plan: ArchivePlan) -> list[str]:
    from mephisto_tui import plain

    rows = (
        (run.run_id, len(run.files), len(run.sites), run.size, run.kept_files) for run in plan.runs
    )
    return plain.table(("run", "files", "sites", "bytes", "kept files"), rows)


def _as_object(plan: ArchivePlan) -> dict[str, object]:
    runs = [
        {
            "run_id": run.run_id,
            "files": len(run.files),
            "sites": len(run.sites),
            "bytes": run.size,
            "kept_files": run.kept_files,
        }
        for run in plan.runs
    ]
    return {"export": plan.export, "manifest_sha256": plan.manifest_sha256, "runs": runs}
