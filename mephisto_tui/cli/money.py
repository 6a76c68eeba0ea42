"""`money` and `compensate`: what was paid and promised, and paying beside the units."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from mephisto_tui.cli.options import Json, SomeRun
from mephisto_tui.cli.output import put_json, put_lines, say
from mephisto_tui.cli.settings import settings_of
from mephisto_tui.cli.workers import Worker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mephisto_engine.database import MephistoDB
    from mephisto_engine.database.queries.money import Money, UnsettledCall


def money(
    context: typer.Context,
    run: SomeRun = None,
    project: Annotated[
        str | None, typer.Option("--project", metavar="NAME", help="All runs of this project.")
    ] = None,
    cap: Annotated[
        str | None,
        typer.Option(
            "--cap",
            metavar="DOLLARS",
            help="Set the project's budget: what its runs may cost at worst; none lifts it.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a run or project has paid, and may come to cost.

    reserved: units on offer or being worked on. committed: submitted ones that are not decided on,
    and payments under way; both with fees. paid: what workers got. worst case: all of that, which
    is what the budget caps. forecast: with the units that are still to be published and what is
    staged, when every unit is done and accepted.
    """
    from mephisto_engine.abstractions.registry import Registry
    from mephisto_engine.database.queries import money as queries
    from mephisto_engine.operations.money.accounts import (
        held_back_runs,
        money_of_project,
        money_of_run,
    )

    with settings_of(context).database() as db:
        _check(run, project, cap)
        if cap is not None:
            _set_cap(db, str(project), cap)
        if project is not None:
            found = money_of_project(db, Registry(), project)
            unsettled = db.read(queries.unsettled_of_project, project)
            _, run_ids = db.read(queries.runs_of_project, project)
        else:
            found = money_of_run(db, Registry(), run or 0)
            unsettled, run_ids = db.read(queries.unsettled_calls, run), [run or 0]
        held_back = held_back_runs(db, run_ids)
    if as_json:
        sums = {"worst": found.worst, "forecast": found.forecast}
        put_json({**asdict(found), **sums, "held_back": held_back, "unsettled": unsettled})
    else:
        _put_money(found, unsettled, held_back)


def compensate(
    context: typer.Context,
    worker: Worker,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="In dollars, as 1.50.")],
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Why; the worker is told.")],
    run: Annotated[
        int | None,
        typer.Option("--run", metavar="RUN", help="Whose budget; by default the last."),
    ] = None,
    is_again: Annotated[bool, typer.Option("--again", help="Pay the same once more.")] = False,
) -> None:
    """Pay a worker for work that left no submitted unit.

    The same command again finds the first payment, and finishes it if it was cut off.
    """
    from mephisto_engine.cents import dollars
    from mephisto_engine.database.queries.runs import find_run
    from mephisto_engine.database.queries.workers import find_worker
    from mephisto_engine.operations.operator import operator_name
    from mephisto_engine.operations.reviewing.review import Review

    cents = _cents("amount", amount)
    settings = settings_of(context)
    with settings.database() as db:
        found = db.read(find_worker, worker)
        if run is not None:
            db.read(find_run, run)
        review = Review(db, settings.home, operator_name())
        paid = review.compensate(found.id, cents, reason, run, again=is_again)
    when = "was paid that before" if paid.was_paid_before else f"was paid {dollars(cents)}"
    say(f"Worker {found.id} ({found.name}) {when}: unit {paid.unit_id} of run {paid.run_id}.")


def _check(run: int | None, project: str | None, cap: str | None) -> None:
    from mephisto_engine.errors import ConfigError

    if (run is None) is (project is None):
        raise ConfigError("Name a run, or a project with --project.")
    if cap is not None and project is None:
        raise ConfigError("--cap is for a project; a run's budget is in its config.")


def _set_cap(db: MephistoDB, project: str, cap: str) -> None:
    from mephisto_engine.database.operations.budgets import set_project_budget
    from mephisto_engine.operations.operator import operator_name

    cents = None if cap == "none" else _cents("--cap", cap)
    db.write_now(set_project_budget, project, cents, operator_name())


def _cents(where: str, text: str) -> int:
    from mephisto_engine.errors import ConfigError, Problem
    from mephisto_tui.cli.decisions_file import dollars_as_cents

    try:
        return dollars_as_cents(text)
    except ValueError as error:
        raise ConfigError([Problem(where, str(error))]) from error


def _put_money(found: Money, unsettled: list[UnsettledCall], held_back: Mapping[int, str]) -> None:
    from mephisto_engine.cents import amount
    from mephisto_tui import plain

    def shown(cents: int | None) -> str:
        return plain.NOTHING if cents is None else amount(cents)

    put_lines(
        plain.facts(
            (
                ("budget", shown(found.budget)),
                ("reserved", amount(found.reserved)),
                ("committed", amount(found.committed)),
                ("paid", amount(found.paid)),
                ("  of it bonuses", amount(found.bonuses)),
                ("  of it compensations", amount(found.compensations)),
                ("fees", amount(found.fees)),
                ("unknown", amount(found.unknown)),
                ("worst case", amount(found.worst)),
                ("not published", amount(found.waiting)),
                ("staged bonuses", amount(found.staged)),
                ("  fees on them", shown(found.staged_fees)),
                ("forecast", shown(found.forecast)),
                *(
                    ("held back", f"run {run_id}, by the budget of {owner}")
                    for run_id, owner in held_back.items()
                ),
            )
        )
    )
    titles = ("not settled", "run", "unit", "worker", "amount", "since", "tries", "why")
    rows = (
        (
            call.key,
            call.run_id,
            call.unit_id or "",
            call.worker_name,
            amount(call.amount_cents),
            plain.moment(call.status_at),
            call.attempts,
            call.error,
        )
        for call in unsettled
    )
    put_lines(plain.table(titles, rows))
