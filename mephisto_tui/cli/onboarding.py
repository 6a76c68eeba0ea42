"""`workers onboarding`: what a worker did at the qualifying task, and letting them do it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from mephisto_tui.cli.options import LARGEST_ID, Json
from mephisto_tui.cli.output import put_json, put_lines, say
from mephisto_tui.cli.settings import settings_of
from mephisto_tui.cli.workers import Worker

if TYPE_CHECKING:
    from mephisto_engine.database.queries.onboarding import OnboardingRow

OfRun = Annotated[
    int | None,
    typer.Option("--run", metavar="RUN", max=LARGEST_ID, help="Only what they did in this run."),
]
INDENT: Final = "    "

app = typer.Typer(
    help="Look at qualifying tasks, or let them be done again.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def group() -> None:
    """Look at qualifying tasks, or let them be done again."""


@app.command()
def show(context: typer.Context, worker: Worker, run: OfRun = None, as_json: Json = False) -> None:
    """Print what a worker handed in, and the verdict."""
    from mephisto_engine.database.queries.onboarding import onboardings
    from mephisto_engine.database.queries.workers import find_worker

    with settings_of(context).database() as db:
        found = db.read(find_worker, worker)
        rows = db.read(onboardings, found.id, run)
    if as_json:
        put_json(rows)
        return
    if not rows:
        say(f"Worker {found.id} ({found.provider_type}/{found.name}) has done no qualifying task.")
    for row in rows:
        put_lines(_lines(row))


def _lines(row: OnboardingRow) -> list[str]:
    from mephisto_tui import plain
    from mephisto_tui.safe_text import clean

    answer = json.dumps(row.answer, indent=2, ensure_ascii=False)
    return [
        *plain.facts(
            [
                ("onboarding", row.id),
                ("run", f"{row.run_id} ({row.task_name})"),
                ("qualification", row.qualification_name),
                ("verdict", row.status),
                ("begun", plain.moment(row.begun_at)),
                ("ended", plain.moment(None if row.is_open else row.status_at)),
                ("answer", "" if row.answer is not None else None),
            ]
        ),
        *(INDENT + clean(line) for line in answer.splitlines() if row.answer is not None),
    ]


@app.command()
def reset(
    context: typer.Context,
    worker: Worker,
    qualification: Annotated[
        str | None,
        typer.Option(
            "--qualification", metavar="NAME", help="Which one; needed if they did several."
        ),
    ] = None,
) -> None:
    """Let a worker do the qualifying task again.

    The verdict is taken back in every run that asks for the qualification; what they handed in is
    kept.
    """
    from mephisto_engine.database.operations.onboarding import reset as operation
    from mephisto_engine.database.queries.onboarding import onboardings
    from mephisto_engine.database.queries.workers import find_worker
    from mephisto_engine.operations.operator import operator_name

    with settings_of(context).database() as db:
        found = db.read(find_worker, worker)
        rows = db.read(onboardings, found.id)
        name = qualification or _only_one(rows)
        ids = [row.id for row in rows if row.qualification_name == name and not row.is_open]
        if not ids:
            _refuse(f"has no verdict on a qualifying task for {name!r}.")
        held = db.write_now(operation, found.id, ids, name, operator_name())
    before = "" if held is None else f" (they held {held})"
    say(f"Worker {found.id} ({found.provider_type}/{found.name}) can do {name!r} again{before}.")


def _only_one(rows: list[OnboardingRow]) -> str:
    """The qualification that all of these decide on."""
    names = sorted({row.qualification_name for row in rows if row.qualification_name})
    if not names:
        _refuse("has done no qualifying task.")
    if len(names) > 1:
        _refuse(f"did {len(names)} qualifying tasks: {', '.join(names)}.", "Say --qualification.")
    return names[0]


def _refuse(what: str, hint: str = "`workers onboarding show WORKER` lists them.") -> NoReturn:
    from mephisto_engine.errors import StateError

    raise StateError(f"The worker {what}", hint)
