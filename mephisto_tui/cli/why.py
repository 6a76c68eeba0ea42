"""`why`: what lets a worker in or keeps them out."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, Final

import typer

from mephisto_tui.cli.exit_codes import ExitCode
from mephisto_tui.cli.options import Json, Run
from mephisto_tui.cli.output import put_json, put_lines
from mephisto_tui.cli.settings import settings_of
from mephisto_tui.cli.workers import Worker

if TYPE_CHECKING:
    from mephisto_engine.operations.why import Explanation, Line

MARKS: Final = {True: "✓", False: "✗", None: "·"}
ASCII_MARKS: Final = {True: "+", False: "x", None: "-"}


def why(context: typer.Context, worker: Worker, run_id: Run, as_json: Json = False) -> None:
    """Explain why a worker gets a unit, or none.

    Exit code 0 if they could get one now, 1 if not.
    """
    from mephisto_engine.abstractions.registry import Registry
    from mephisto_engine.operations.why import explain

    settings = settings_of(context)
    # The task's code is imported, and what it prints is no data of ours.
    with settings.database() as db, redirect_stdout(sys.stderr):
        found = explain(db, Registry(), worker, run_id)
    if as_json:
        put_json(_object(found))
    else:
        put_lines(_lines(found, ASCII_MARKS if settings.is_ascii else MARKS))
    if found.reason:
        raise typer.Exit(ExitCode.REFUSED)


def _lines(found: Explanation, marks: dict[bool | None, str]) -> list[str]:
    from mephisto_tui import plain

    pairs = [(_titled(line, marks), line.text) for line in found.lines]
    for refusal in found.refusals:
        text = f"{plain.moment(refusal.at)} {refusal.reason} {refusal.detail}"
        pairs.append((f"{marks[None]} refused", text))
    verdict = f"no unit now: {found.reason}" if found.reason else "could get a unit now"
    name = f"{found.worker.provider_type}/{found.worker.name}"
    return [*plain.facts(pairs), *plain.facts([("=", f"{name}: {verdict}")])]


def _titled(line: Line, marks: dict[bool | None, str]) -> str:
    return f"{marks[line.is_met]} {line.name.replace('_', ' ')}"


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
