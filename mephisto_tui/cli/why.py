"""`why`: what lets a worker in or keeps them out."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import typer

from mephisto_tui.cli.exit_codes import ExitCode
from mephisto_tui.cli.options import Json, Run
from mephisto_tui.cli.output import put_json, put_lines
from mephisto_tui.cli.settings import settings_of
from mephisto_tui.cli.workers import Worker

if TYPE_CHECKING:
    from mephisto_engine.operations.live.why import Explanation


def why(context: typer.Context, worker: Worker, run_id: Run, as_json: Json = False) -> None:
    """Explain why a worker gets a unit, or none.

    Exit code 0 if they could get one now, 1 if not.
    """
    from mephisto_engine.abstractions.registry import Registry
    from mephisto_engine.operations.live.why import explain

    settings = settings_of(context)
    # The task's code is imported, and what it prints is no data of ours.
    with settings.database() as db, redirect_stdout(sys.stderr):
        found = explain(db, Registry(), worker, run_id)
    if as_json:
        put_json(_object(found))
    else:
        put_lines(_lines(found, is_ascii=settings.is_ascii))
    if found.reason:
        raise typer.Exit(ExitCode.REFUSED)


def _lines(found: Explanation, *, is_ascii: bool) -> list[str]:
    from mephisto_tui.view.glyphs import to_ascii
    from mephisto_tui.view.why import why_lines

    lines = ["".join(span.text for span in line)[1:] for line in why_lines(found)]
    return [to_ascii(line) for line in lines] if is_ascii else lines


def _object(found: Explanation) -> dict[str, Any]:
    worker = found.worker
    return {
        "worker_id": worker.id,
        "worker_name": worker.name,
        "provider_type": worker.provider_type,
        "run_id": found.run_id,
        "could_get_a_unit": not found.reason,
        "reason": found.reason,
        "lines": found.lines,
        "refusals": found.refusals,
    }
