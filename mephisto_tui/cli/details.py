"""`unit`, `agent`, `worker`: what the console shows of one of them, as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mephisto_tui.cli.options import LARGEST_ID, Json
from mephisto_tui.cli.output import put_json, put_lines
from mephisto_tui.cli.settings import Settings, settings_of
from mephisto_tui.cli.workers import Worker

if TYPE_CHECKING:
    from datetime import datetime

    from mephisto_engine.operations.watching.details import Detail

Kind = Literal["unit", "agent", "worker"]


def unit(
    context: typer.Context,
    unit_id: Annotated[
        int, typer.Argument(metavar="UNIT", max=LARGEST_ID, help="Number; `units` lists them.")
    ],
    as_json: Json = False,
) -> None:
    """Show a unit in full: item, answer, files, what happened."""
    settings = settings_of(context)
    _put(settings, *_read(settings, "unit", unit_id), as_json=as_json)


def agent(
    context: typer.Context,
    agent_id: Annotated[
        int, typer.Argument(metavar="AGENT", max=LARGEST_ID, help="Number; `agents` lists them.")
    ],
    as_json: Json = False,
) -> None:
    """Show a worker on a unit: status, times, answer, what was said."""
    settings = settings_of(context)
    _put(settings, *_read(settings, "agent", agent_id), as_json=as_json)


def worker(context: typer.Context, worker: Worker, as_json: Json = False) -> None:
    """Show a worker over all runs: figures, notes, units."""
    from mephisto_engine.database.queries.workers import find_worker

    settings = settings_of(context)
    with settings.database() as db:
        found = db.read(find_worker, worker)
    _put(settings, *_read(settings, "worker", found.id), as_json=as_json)


def _read(settings: Settings, kind: Kind, number: int) -> tuple[Detail, datetime]:
    from mephisto_engine.abstractions.registry import Registry
    from mephisto_engine.errors import NotFoundError
    from mephisto_engine.operations.watching.details import read_detail
    from mephisto_engine.operations.watching.snapshot import Subject

    with settings.database() as db:
        found = db.read(read_detail, Subject(kind, number), Registry(), settings.home)
        now = db.clock.now()
    if found is None:
        raise NotFoundError(f"There is no {kind} {number}.", f"`mephisto-tui {kind}s` lists them.")
    return found, now


def _put(settings: Settings, detail: Detail, now: datetime, *, as_json: bool) -> None:
    from mephisto_tui import plain
    from mephisto_tui.view.glyphs import to_ascii

    if as_json:
        put_json(detail)
        return
    lines = plain.detail_lines(detail, now)
    put_lines([to_ascii(line) for line in lines] if settings.is_ascii else lines)
