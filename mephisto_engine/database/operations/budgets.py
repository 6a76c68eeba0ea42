"""Caps: what may be published and promised before it is."""

from __future__ import annotations

from dataclasses import dataclass

from mephisto_engine.cents import dollars
from mephisto_engine.data_model import Project, TaskRun
from mephisto_engine.database import ledger
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import NotFoundError, StateError

_PUBLISHING = Compiled(
    lambda: TaskRun.update({TaskRun.publishing: param("number")}).where(TaskRun.id == param("run"))
)
_UNIT_COST = Compiled(
    lambda: TaskRun.select(TaskRun.unit_cost_cents).where(TaskRun.id == param("run"))
)
_PROJECT = Compiled(lambda: Project.select(Project.id).where(Project.name == param("name")))


@dataclass(frozen=True, slots=True)
class Reservation:
    """How far the caps allow units to be published."""

    number: int
    """Units that may be published now."""
    held_back: str = ""
    """Whose cap holds back the rest, as `Cap.owner`; empty if none does."""
    is_spent: bool = False
    """Whether it stays so by itself: nothing under the cap is out that may come to nothing."""


def reserve_units(tx: Transaction, run_id: int, number: int, kept_aside: int = 0) -> Reservation:
    """Set aside the cost of units that are about to be published, as far as the caps allow.

    Args:
        tx: the transaction.
        run_id: which run.
        number: how many units are about to be published.
        kept_aside: units whose cost the caps have to cover besides.
    """
    tx.run(_PUBLISHING, run=run_id, number=0)
    cost = int(tx.one(_UNIT_COST, run=run_id)[0])  # type: ignore[index]
    tightest = None
    for cap in ledger.caps_of(tx.all, run_id) if cost else ():
        affordable = max(0, cap.free_cents // cost - kept_aside)
        if affordable < number:
            number, tightest = affordable, cap
    tx.run(_PUBLISHING, run=run_id, number=number)
    if tightest is None:
        return Reservation(number)
    is_spent = not number and not ledger.may_be_freed(tx.all, tightest)
    return Reservation(number, tightest.owner, is_spent)


def check_caps(tx: Transaction, run_id: int) -> None:
    """Refuse what the transaction has planned if a budget does not cover it.

    Raises:
        StateError: a cap would be passed; the message says by how much.
    """
    for cap in ledger.caps_of(tx.all, run_id):
        if cap.free_cents < 0:
            raise StateError(
                f"The budget of {cap.owner} is {dollars(cap.budget_cents)}, and with this it would "
                f"cost {dollars(cap.worst_cents)} at worst.",
                "Raise the budget, or spend less.",
            )


def set_project_budget(tx: Transaction, name: str, cents: int | None, actor: str) -> None:
    """Cap what all runs of a project may cost together; None lifts the cap.

    Raises:
        NotFoundError: there is no such project.
        StateError: more than that was published, promised or paid already.
    """
    row = tx.one(_PROJECT, name=name)
    if row is None:
        raise NotFoundError(f"There is no project {name!r}.")
    worst = ledger.worst_of_project(tx.all, row[0])
    if cents is not None and cents < worst:
        raise StateError(
            f"What the runs of project {name} have published, promised and paid costs up to "
            f"{dollars(worst)}; a budget of {dollars(cents)} is less.",
            "Expire units first, or reject submitted ones.",
        )
    tx.select(Project.update(budget_cents=cents).where(Project.id == row[0]))
    data = {"name": name, "budget_cents": cents}
    tx.record("project.budget_set", "project", row[0], actor=actor, data=data)
