"""`workers show`, `workers figures`, `workers note`: what workers have done over time."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mephisto_tui.cli.options import Json
from mephisto_tui.cli.output import put_json, put_lines, say
from mephisto_tui.cli.settings import settings_of
from mephisto_tui.cli.workers import Worker, change_worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mephisto_engine.database.queries.standing import Figures
    from mephisto_engine.database.queries.worker_history import WorkerHistory


class By(StrEnum):
    """What work is taken together."""

    WORKER = "worker"
    PROVIDER = "provider"
    PROJECT = "project"


TITLES = (
    *("live", "to review", "accepted", "passed", "rejected", "lost", "accept %"),
    *("median", "an hour", "earned", "bonus", "gold"),
)


def show(context: typer.Context, worker: Worker, as_json: Json = False) -> None:
    """Show what a worker has done, earned and holds; notes and blocks."""
    from mephisto_engine.database.queries.worker_history import worker_history
    from mephisto_engine.database.queries.workers import find_worker
    from mephisto_engine.operations.money.wages import minimum_of_task

    with settings_of(context).database() as db:
        found = db.read(worker_history, db.read(find_worker, worker).id)
        minimums = {name: db.read(minimum_of_task, name) for name in found.by_task if name}
    if as_json:
        put_json(_history_object(found, minimums))
    else:
        put_lines([*_history_lines(found), *_low_pay(found, minimums)])


def figures(
    context: typer.Context,
    by: Annotated[By, typer.Option("--by", help="What work is taken together.")] = By.WORKER,
    run_id: Annotated[int | None, typer.Option("--run", help="Only work in this run.")] = None,
    task: Annotated[str | None, typer.Option("--task", help="Only work on this task.")] = None,
    project: Annotated[
        str | None, typer.Option("--project", help="Only work in this project.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option("--provider", help="Only work through this provider.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare workers, providers or projects: rates, times, pay."""
    from mephisto_engine.database.queries import standing

    within = standing.Within(run_id, task, project, provider)
    with settings_of(context).database() as db:
        if by is By.WORKER:
            rows = [
                (f"{row.provider_type}/{row.worker_name}", row.figures)
                for row in db.read(standing.standings, within)
            ]
        elif by is By.PROVIDER:
            rows = sorted(db.read(standing.provider_figures, within).items())
        else:
            rows = sorted(db.read(standing.project_figures, within).items())
    if as_json:
        put_json([{by.value: name, **_object(found)} for name, found in rows])
    else:
        put_lines(_table(by.value, rows))
    if not rows:
        say("Nobody has worked on that.")


def note(
    context: typer.Context,
    worker: Worker,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be remembered.")],
) -> None:
    """Keep a note on a worker, which they are never shown."""
    from mephisto_engine.database.operations.workers import note_worker

    _, name = change_worker(context, worker, note_worker, text)
    say(f"{name}: noted.")


def _object(found: Figures) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(found), "done": found.done, "accept_rate": found.accept_rate}


def _history_object(found: WorkerHistory, minimums: Mapping[str, int | None]) -> dict[str, Any]:
    return {
        "worker": found.worker,
        "first_seen_at": found.first_seen_at,
        "overall": _object(found.overall),
        "by_project": {name: _object(part) for name, part in found.by_project.items()},
        "by_task": {
            name: _object(part) | {"minimum_hourly_cents": minimums.get(name)}
            for name, part in found.by_task.items()
        },
        "qualifications": found.qualifications,
        "notes": found.notes,
        "blocks": found.blocks,
    }


def _history_lines(found: WorkerHistory) -> list[str]:
    from mephisto_tui import plain

    worker = found.worker
    pairs: list[tuple[str, Any]] = [
        ("worker", f"{worker.id}  {worker.provider_type}/{worker.name}"),
        ("state", "blocked" if worker.is_blocked else "may work"),
        ("first seen", plain.moment(found.first_seen_at)),
    ]
    for grant in found.qualifications:
        pairs.append(("qualification", f"{grant.qualification_name} = {grant.value}"))
    pairs += [
        ("note", f"{plain.moment(row.at)}  {row.written_by}: {row.text}") for row in found.notes
    ]
    for block in found.blocks:
        what = f"blocked: {block.reason}" if block.is_block else "let in again"
        pairs.append(("block", f"{plain.moment(block.at)}  {block.by}: {what}"))
    return [
        *plain.facts(pairs),
        "",
        *_table("all work", [("", found.overall)]),
        *_part("task", found.by_task),
        *_part("project", found.by_project),
    ]


def _low_pay(found: WorkerHistory, minimums: Mapping[str, int | None]) -> list[str]:
    """A line for each task that has paid this worker less an hour than it was to."""
    from mephisto_engine.cents import dollars
    from mephisto_tui import plain

    pairs = []
    for name, part in sorted(found.by_task.items()):
        hourly, minimum = part.hourly_cents, minimums.get(name)
        if hourly is not None and minimum is not None and hourly < minimum:
            what = f"{dollars(hourly)} an hour is below the minimum of {dollars(minimum)}"
            pairs.append(("low pay", f"{name}: {what}"))
    return ["", *plain.facts(pairs)] if pairs else []


def _part(title: str, figures_of: Mapping[str, Figures]) -> list[str]:
    return ["", *_table(title, sorted(figures_of.items()))] if figures_of else []


def _table(title: str, rows: Iterable[tuple[str, Figures]]) -> list[str]:
    from mephisto_tui import plain

    return plain.table((title, *TITLES), [(name, *_cells(found)) for name, found in rows])


def _cells(found: Figures) -> tuple[Any, ...]:
    from mephisto_engine.cents import amount
    from mephisto_tui.view.words import duration

    rate, seconds, hourly = found.accept_rate, found.median_seconds, found.hourly_cents
    golds = found.gold_right + found.gold_wrong
    return (
        found.live,
        found.completed,
        found.accepted,
        found.soft_rejected,
        found.rejected,
        found.lost,
        None if rate is None else round(100 * rate),
        None if seconds is None else duration(seconds),
        None if hourly is None else amount(hourly),
        amount(found.earned_cents),
        amount(found.bonus_cents),
        f"{found.gold_right}/{golds}" if golds else None,
    )
