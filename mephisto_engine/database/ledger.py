"""What a run and its project may come to cost at worst, for every check of a cap.

Base pay is counted from the units, whatever wrote them; bonuses and compensations from the intents
that pay them. A rejected unit costs nothing, until an intent to accept it after all is planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from peewee import JOIN, fn

from mephisto_engine.data_model import Intent, Project, Task, TaskRun, Unit
from mephisto_engine.data_model.records import COMPENSATION_INDEX, GOLD_INDEX, SCREENING_INDEX
from mephisto_engine.data_model.status import COSTED_UNIT, RESERVING_INTENT, UnitStatus
from mephisto_engine.database.compiled import Compiled, param

EXTRA_KINDS = ("bonus", "compensate")
"""Intents that pay beside a unit's own pay."""


class Rows(Protocol):
    """Runs a compiled query: `Transaction.all` or `MephistoDB.rows`."""

    def __call__(self, query: Compiled, **values: Any) -> list[tuple[Any, ...]]:
        """All rows of the query."""
        ...


@dataclass(frozen=True, slots=True)
class Cap:
    """A budget, and how much of it is spoken for."""

    owner: str
    """`run 3` or `project NAME`."""
    run_ids: tuple[int, ...]
    """The runs whose money it caps."""
    budget_cents: int
    worst_cents: int

    @property
    def free_cents(self) -> int:
        """What can still be promised; negative after a budget was lowered."""
        return self.budget_cents - self.worst_cents


_IS_SPECIAL = Unit.unit_index.in_((SCREENING_INDEX, GOLD_INDEX))
# Those that are made for one worker count from the first: they are published right away.
_COSTED = (Unit.status.in_(sorted(COSTED_UNIT)) & (Unit.unit_index != COMPENSATION_INDEX)) | (
    _IS_SPECIAL & (Unit.status == UnitStatus.CREATED)
)
_IS_EXTRA = Intent.kind.in_(EXTRA_KINDS)
_IS_SECOND_THOUGHT = (Intent.kind == "approve") & (Unit.status == UnitStatus.REJECTED)

UNITS_COST = Compiled(
    lambda: Unit.select(fn.COUNT(Unit.id)).where((Unit.task_run == param("run")) & _COSTED)
)
EXTRAS_COST = Compiled(
    lambda: (
        Intent.select(fn.COALESCE(fn.SUM(Intent.amount_cents + Intent.fee_cents), 0))
        .join(Unit, JOIN.LEFT_OUTER)
        .where(
            (Intent.task_run == param("run"))
            & Intent.status.in_(sorted(RESERVING_INTENT))
            & (_IS_EXTRA | _IS_SECOND_THOUGHT)
        )
    )
)
_OUT = Compiled(
    lambda: (
        Unit.select(Unit.id)
        .where(
            (Unit.task_run == param("run"))
            & Unit.status.in_([UnitStatus.LAUNCHED, UnitStatus.ASSIGNED])
        )
        .limit(1)
    )
)
_RUN = Compiled(
    lambda: (
        TaskRun.select(
            TaskRun.unit_cost_cents,
            TaskRun.budget_cents,
            TaskRun.publishing,
            Task.project,
            Project.name,
            Project.budget_cents,
        )
        .join(Task)
        .join(Project, JOIN.LEFT_OUTER)
        .where(TaskRun.id == param("run"))
    )
)
_RUNS_OF_PROJECT = Compiled(
    lambda: (
        TaskRun.select(TaskRun.id, TaskRun.unit_cost_cents, TaskRun.publishing)
        .join(Task)
        .where(Task.project == param("project"))
    )
)

_PROJECT_BUDGET = Compiled(
    lambda: Project.select(Project.id, Project.budget_cents).where(Project.name == param("name"))
)


def caps_of(rows: Rows, run_id: int) -> list[Cap]:
    """The caps that a run's money is under: its own, and its project's."""
    cost, budget, publishing, project, name, project_budget = rows(_RUN, run=run_id)[0]
    caps = []
    if budget is not None:
        worst = worst_of_run(rows, run_id, cost, publishing)
        caps.append(Cap(f"run {run_id}", (run_id,), budget, worst))
    if project_budget is not None:
        run_ids = tuple(run for run, _, _ in rows(_RUNS_OF_PROJECT, project=project))
        worst = worst_of_project(rows, project)
        caps.append(Cap(f"project {name}", run_ids, project_budget, worst))
    return caps


def left_for_run(rows: Rows, run_id: int) -> tuple[str, int | None]:
    """The name of a run's project, and what its budget leaves; None where nothing limits it.

    What is just being published counts as if it were still to come.
    """
    cost, _, publishing, project, name, budget = rows(_RUN, run=run_id)[0]
    if budget is None:
        return name or "", None
    return name, int(budget) - worst_of_project(rows, project) + publishing * cost


def who_covers_no_unit(rows: Rows, run_id: int) -> str:
    """Whose cap leaves less than a unit of the run costs; empty if each leaves more."""
    cost = int(rows(_RUN, run=run_id)[0][0])
    return next((cap.owner for cap in caps_of(rows, run_id) if cap.free_cents < cost), "")


def may_be_freed(rows: Rows, cap: Cap) -> bool:
    """Whether something under a cap is on offer or worked on, and so may yet come to cost nothing.

    What was submitted is left out: it costs unless somebody decides that it does not.
    """
    return any(rows(_OUT, run=run_id) for run_id in cap.run_ids)


def worst_of_run(rows: Rows, run_id: int, unit_cost: int, publishing: int) -> int:
    """Cents that a run may come to cost with what was published and promised so far."""
    units: int = rows(UNITS_COST, run=run_id)[0][0]
    extras: int = rows(EXTRAS_COST, run=run_id)[0][0]
    return (units + publishing) * unit_cost + extras


def costs_of_run(rows: Rows, run_id: int) -> tuple[int, int]:
    """Cents that a unit of a run costs, and that all it has published and promised costs at worst;
    what is just being published is left out.
    """
    cost = int(rows(_RUN, run=run_id)[0][0])
    return cost, worst_of_run(rows, run_id, cost, 0)


def worst_of_project(rows: Rows, project_id: int) -> int:
    """The same over all runs of a project."""
    runs = rows(_RUNS_OF_PROJECT, project=project_id)
    return sum(worst_of_run(rows, run, cost, publishing) for run, cost, publishing in runs)


def left_of_project(rows: Rows, name: str) -> int | None:
    """Cents that a project's budget leaves for another run; None where nothing limits it."""
    found = rows(_PROJECT_BUDGET, name=name)
    if not found or found[0][1] is None:
        return None
    project, budget = found[0]
    return int(budget) - worst_of_project(rows, project)
