"""What the worker of a unit under review has done: counted by the database, at once for anybody.

A reviewer opens a unit a second, and some workers have done thousands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from peewee import JOIN, SQL, Case, fn

from mephisto_engine.analysis.robust import median
from mephisto_engine.clock import from_ms
from mephisto_engine.data_model import Agent, Intent, Judgement, TaskRun, Unit
from mephisto_engine.data_model.records import COMPENSATION_INDEX, GOLD_INDEX
from mephisto_engine.data_model.status import IntentStatus
from mephisto_engine.database.compiled import Compiled, param, unindexed
from mephisto_engine.database.queries.standing import EXTRA_PAY, SUBMITTED_AGENT, Figures

LATEST: Final = 200
"""Units, the last ones, whose times make a worker's median."""
_STATUSES: Final = ("completed", "accepted", "soft_rejected", "rejected")
_PAID: Final = ("accepted", "soft_rejected")


def worker_figures(worker_id: int, task_id: int) -> tuple[Figures, Figures]:
    """What a worker has submitted in a task, and in all tasks.

    The median is that of their last units in the task. What only histories show is left out: what
    they have begun and lost, and what an hour has paid them.
    """
    given = {"worker": worker_id, "task": task_id}
    (counted,) = _COUNTED.fetch(**given)
    half = len(counted) // 2
    bonuses: dict[int, int] = dict(_EXTRA.fetch(**given))
    times = [row[0] / 1000 for row in _TIMES.fetch(**given)]
    first = _FIRST.fetch(worker=worker_id)

    def figures(counts: Sequence[int | None], places: tuple[int, ...]) -> Figures:
        numbers = [number or 0 for number in counts]
        completed, accepted, passed, rejected, earned, golds, right = numbers
        return Figures(
            completed=completed,
            accepted=accepted,
            soft_rejected=passed,
            rejected=rejected,
            earned_cents=earned,
            bonus_cents=sum(bonuses.get(here, 0) for here in places),
            gold_right=right,
            gold_wrong=golds - right,
            median_seconds=median(times) if times else None,
            first_at=from_ms(first[0][0]) if first else None,
        )

    return figures(counted[:half], (1,)), figures(counted[half:], (0, 1))


def _sums(within: Any) -> list[Any]:
    """Units by status, the pay of those that were paid, and gold units: all that are judged, and
    those that were right."""
    counts = [_sum(within & (Unit.status == name), 1) for name in _STATUSES]
    is_gold = within & (Unit.unit_index == GOLD_INDEX)
    is_right = Judgement.select(Judgement.is_right).where(Judgement.unit == Unit.id)
    is_judged = Judgement.select(Judgement.is_right.is_null(False)).where(Judgement.unit == Unit.id)
    paid = _sum(within & Unit.status.in_(_PAID), Unit.pay_cents)
    return [*counts, paid, _sum(is_gold, is_judged), _sum(is_gold, is_right)]


def _sum(condition: Any, value: Any) -> Any:
    return fn.SUM(Case(None, [(condition, value)], 0))


_RUNS_OF_TASK: Final = TaskRun.select(TaskRun.id).where(TaskRun.task == param("task"))
_IS_HERE: Final = Case(None, [(TaskRun.task == param("task"), 1)], 0)
# Groups would be sorted first: for thousands of units that takes longer than all the rest.
_COUNTED = Compiled(
    lambda: Unit.select(
        *_sums(Unit.task_run.in_(_RUNS_OF_TASK)), *_sums(Unit.unit_index != COMPENSATION_INDEX)
    ).where((Unit.worker == param("worker")) & (Unit.unit_index != COMPENSATION_INDEX))
)
_EXTRA = Compiled(
    lambda: (
        Intent.select(_IS_HERE, fn.SUM(Intent.amount_cents))
        .join(TaskRun, JOIN.LEFT_OUTER)
        .where(
            (Intent.worker == param("worker"))
            & Intent.kind.in_(EXTRA_PAY)
            & (Intent.status == IntentStatus.CONFIRMED)
        )
        .group_by(SQL("1"))
    )
)
_TIMES = Compiled(
    lambda: (
        Agent.select(Agent.submitted_at - Agent.created_at)
        .where(
            (Agent.worker == param("worker"))
            & unindexed(Agent.task_run).in_(_RUNS_OF_TASK)
            & Agent.submitted_at.is_null(False)
            & Agent.status.in_(sorted(SUBMITTED_AGENT))
        )
        .order_by(Agent.id.desc())
        .limit(LATEST)
    )
)
_FIRST = Compiled(
    lambda: (
        Agent.select(Agent.created_at)
        .where(Agent.worker == param("worker"))
        .order_by(Agent.id)
        .limit(1)
    )
)
