"""`review`: what waits for a decision, decisions from files, sending them, and looking back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mephisto_tui.cli.agreeing import agree
from mephisto_tui.cli.control import Yes
from mephisto_tui.cli.exit_codes import ExitCode
from mephisto_tui.cli.options import Json, Limit, SomeRun
from mephisto_tui.cli.output import put_json, put_lines, say
from mephisto_tui.cli.settings import settings_of

if TYPE_CHECKING:
    from mephisto_engine.database.queries.review import DecisionRow, QueuedUnit
    from mephisto_engine.operations.reviewing.review import Review, Sent
    from mephisto_engine.operations.reviewing.review_detail import ReviewedUnit

TaskName = Annotated[
    str | None, typer.Option("--task", metavar="NAME", help="All runs of this task.")
]

app = typer.Typer(
    help="Decide about submitted units, and send the decisions.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def group() -> None:
    """Decide about submitted units, and send the decisions.

    Decisions are staged first. Nobody is told and nothing is paid until `review send`.
    """


@app.command()
def queue(
    context: typer.Context,
    run: SomeRun = None,
    task: TaskName = None,
    whole: Annotated[
        bool,
        typer.Option("--whole", help="Print each unit's data and checks, as its review has them."),
    ] = False,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List the submitted units that wait for a decision."""
    with _review(context, run) as review:
        found = review.queue(run, task)[:limit]
        read = [review.detail(row.unit_id) for row in found] if whole else []
    if as_json and whole:
        put_json([_whole_object(*both) for both in zip(found, read, strict=True)])
    elif as_json:
        put_json([row._asdict() for row in found])
    elif whole:
        is_ascii = settings_of(context).is_ascii
        for row, unit in zip(found, read, strict=True):
            _put_whole(row, unit, is_ascii=is_ascii)
    else:
        _put_queue(found)
    if not found and not as_json:
        say("Nothing to review.")


@app.command()
def staged(
    context: typer.Context, run: SomeRun = None, task: TaskName = None, as_json: Json = False
) -> None:
    """List the decisions that were made and not sent."""
    with _review(context, run) as review:
        _put_decisions(review.staged(run, task), as_json, "Nothing is staged.")


@app.command()
def history(
    context: typer.Context,
    run: SomeRun = None,
    task: TaskName = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List all decisions, newest first."""
    with _review(context, run) as review:
        _put_decisions(review.history(run, task, limit), as_json, "No decisions yet.")


@app.command()
def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, or JSON lines if named so.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be staged, and stage nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Stage the decisions of a file, and say what became of each line.

    Columns: unit, verdict (accept, pass or reject), and if wanted note, tell (yes: the worker is
    told the note), bonus (in dollars) and block (the reason to block the worker). Lines that are
    wrong are left out, and the exit code is 1.
    """
    from mephisto_tui.cli.decisions_file import read_decisions

    lines = read_decisions(file)
    sound = [line.decision for line in lines if line.decision is not None]
    with _review(context) as review:
        faults = iter(review.apply(sound, is_rehearsal=dry_run))
    results = [
        {
            "line": line.number,
            "unit": line.unit,
            "verdict": line.decision.verdict if line.decision else "",
            "fault": next(faults) if line.decision else line.fault,
        }
        for line in lines
    ]
    wrong = sum(bool(result["fault"]) for result in results)
    if as_json:
        put_json(results)
    else:
        _put_results(results, "would be staged" if dry_run else "staged")
    right = len(results) - wrong
    if dry_run:
        say(f"Dry run: {right} would be staged, {wrong} would be left out as wrong.")
    else:
        say(f"{right} staged, {wrong} wrong. `review send` sends what is staged.")
    if wrong:
        raise typer.Exit(ExitCode.REFUSED)


@app.command()
def undo(context: typer.Context) -> None:
    """Take back what you staged last."""
    with _review(context) as review:
        decision_id = review.undo()
        (row,) = [row for row in review.history() if row.id == decision_id]
    say(f"The decision about unit {row.unit_id} ({row.verdict}) was taken back.")


@app.command()
def send(
    context: typer.Context,
    run: SomeRun = None,
    task: TaskName = None,
    is_sure: Yes = False,
    as_json: Json = False,
) -> None:
    """Carry out what is staged: pay, refuse, give bonuses, block.

    What fails stays staged with the reason; nothing is ever paid twice. The exit code is 3 if
    anything is left.
    """
    from mephisto_engine.operations.reviewing.review import summarise
    from mephisto_tui.view.decisions import summary_line

    with _review(context, run) as review:
        waiting = review.staged(run, task)
        summary = summarise(waiting)
        say(summary_line(summary) if waiting else "Nothing is staged.")
        if summary.is_final_for_somebody:
            rejected, blocks = summary.counts["rejected"], summary.blocks
            what = f"{rejected} rejected, {blocks} blocked: once sent, that is final."
            agree([what], rejected + blocks, is_sure)
        done = review.send(run, task)
        unsettled = review.unsettled(run)
    if as_json:
        put_json([_sent_object(sent) for sent in done])
    failed = [sent for sent in done if sent.error]
    for sent in failed:
        say(f"unit {sent.decision.unit_id}: {sent.error}")
    if unsettled:
        say(f"{len(unsettled)} calls are not settled; `mephisto-tui money RUN` shows them.")
    if done:
        say(f"{len(done) - len(failed)} sent, {len(failed)} still staged.")
    if failed:
        raise typer.Exit(ExitCode.OUTSIDE)


@app.command()
def settle(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The call, as `money` names it.")],
    is_done: Annotated[
        bool, typer.Option("--done/--not-done", help="Whether the provider has done it.")
    ],
) -> None:
    """Say what came of a call that the provider cannot be asked about."""
    with _review(context) as review:
        review.settle(key, is_done)
    say(f"{key}: {'done' if is_done else 'not done; `review send` makes it again'}.")


@contextmanager
def _review(context: typer.Context, run_id: int | None = None) -> Iterator[Review]:
    from mephisto_engine.database.queries.runs import find_run
    from mephisto_engine.operations.operator import operator_name
    from mephisto_engine.operations.reviewing.review import Review

    settings = settings_of(context)
    with settings.database() as db:
        if run_id is not None:
            db.read(find_run, run_id)
        yield Review(db, settings.home, operator_name())


def _put_decisions(rows: Sequence[DecisionRow], as_json: bool, nothing: str) -> None:
    from mephisto_engine.cents import amount
    from mephisto_tui import plain

    if as_json:
        put_json(rows)
        return
    titles = ("decision", "unit", "run", "worker", "verdict", "state", "bonus", "by", "note")
    put_lines(
        plain.table(
            titles,
            (
                (
                    row.id,
                    row.unit_id,
                    row.run_id,
                    row.worker_name,
                    row.verdict,
                    f"{row.status}: {row.error}" if row.error else row.status,
                    amount(row.bonus_cents),
                    row.decided_by,
                    row.note,
                )
                for row in rows
            ),
        )
    )
    if not rows:
        say(nothing)


def _put_results(results: Sequence[dict[str, Any]], good: str) -> None:
    from mephisto_tui import plain

    titles = ("line", "unit", "verdict", "result")
    put_lines(
        plain.table(
            titles,
            (
                (item["line"], item["unit"], item["verdict"], item["fault"] or good)
                for item in results
            ),
        )
    )


def _sent_object(sent: Sent) -> dict[str, Any]:
    row = sent.decision
    return {"unit_id": row.unit_id, "verdict": row.verdict, "error": sent.error}


def _put_queue(found: Sequence[QueuedUnit]) -> None:
    from mephisto_engine.cents import amount
    from mephisto_tui import plain

    titles = ("unit", "run", "task", "item", "worker", "submitted", "pay", "staged")
    rows = (
        (
            row.unit_id,
            row.run_id,
            row.task_name,
            row.item_index,
            row.worker_name,
            plain.moment(row.submitted_at),
            amount(row.pay_cents),
            row.staged,
        )
        for row in found
    )
    put_lines(plain.table(titles, rows))


def _whole_object(row: QueuedUnit, unit: ReviewedUnit) -> dict[str, Any]:
    return {**row._asdict(), "sections": unit.sections, "fault": unit.fault}


def _put_whole(row: QueuedUnit, unit: ReviewedUnit, *, is_ascii: bool) -> None:
    """What the queue says of a unit, and under it what its review does."""
    from mephisto_tui import plain
    from mephisto_tui.view.glyphs import to_ascii

    _put_queue([row])
    lines = ["", *plain.section_text(unit.sections, unit.fault), ""]
    put_lines([to_ascii(text) for text in lines] if is_ascii else lines)
