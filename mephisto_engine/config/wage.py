"""What a config's pay comes to in an hour."""

from __future__ import annotations

from mephisto_engine.analysis.pay import Wage
from mephisto_engine.config.task_args import WHERE, TaskArgs, to_cents
from mephisto_engine.errors import Problem


def wage_at(task: TaskArgs, seconds: float | None, units: int = 0) -> Wage | None:
    """What a unit's pay comes to in an hour; None where there is no minimum, or no time.

    Args:
        task: options that were checked.
        seconds: what a unit takes.
        units: how many units that is the median of; 0: it is an estimate.
    """
    if task.minimum_hourly_wage is None or seconds is None:
        return None
    pay = to_cents(f"{WHERE}.task_reward", task.task_reward)
    minimum = to_cents(f"{WHERE}.minimum_hourly_wage", task.minimum_hourly_wage)
    if isinstance(pay, Problem) or isinstance(minimum, Problem):
        return None
    return Wage(pay, round(seconds * 1000), units, minimum)
