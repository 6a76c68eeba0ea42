"""What can be said about a task run whatever its plugins: the `mephisto.task` node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mephisto_engine.abstractions.args import arg, required
from mephisto_engine.cents import as_cents
from mephisto_engine.errors import Problem

WHERE = "mephisto.task"

_DURATIONS = (
    "task_lifetime_in_seconds",
    "assignment_duration_in_seconds",
    "no_submission_patience",
    "submission_timeout",
)
_COUNTS = ("allowed_concurrent", "maximum_units_per_worker", "max_num_concurrent_units")


@dataclass
class TaskArgs:
    """Options of a task run. The names are Mephisto's, so existing configs keep their meaning."""

    task_name: str | None = arg(
        None, "groups the runs of one task; the blueprint's type if not given"
    )
    task_title: str = required("title that workers see on the provider")
    task_description: str = required("description that workers see on the provider")
    task_reward: float = required("pay for one unit in dollars, whole cents")
    task_tags: str = required("comma list of keywords that workers search for")
    task_lifetime_in_seconds: int = arg(
        31 * 24 * 3600, "how long units stay listed on the provider"
    )
    assignment_duration_in_seconds: int = arg(
        1800, "time a worker has for a unit once they accepted it"
    )
    no_submission_patience: int = arg(
        12 * 3600, "the run is stopped when no unit was submitted for this many seconds"
    )
    allowed_concurrent: int = arg(
        0, "units that one worker may have open at a time; 0 means any number"
    )
    maximum_units_per_worker: int = arg(
        0, "units that one worker may do over all runs of this task; 0 means any number"
    )
    max_num_concurrent_units: int = arg(0, "units that are published at a time; 0 means any number")
    submission_timeout: int = arg(
        600, "seconds to wait for a worker's submission after the task's own logic has ended"
    )
    post_install_script: str = arg("", "kept for existing configs; nothing is installed at launch")
    force_rebuild: bool = arg(False, "kept for existing configs; front ends are built beforehand")
    resume_incomplete_run: bool = arg(
        False, "go on with the last run of this task if it has not ended, instead of a new one"
    )
    project: str | None = arg(None, "project that the task belongs to; made if it is not there")
    budget: float | None = arg(
        None, "dollars that the run may cost at worst, fees included; not given means no cap"
    )
    minimum_hourly_wage: float | None = arg(
        None, "dollars an hour that pay has to come to; a run that falls below it warns"
    )
    estimated_time_in_seconds: int | None = arg(
        None, "how long a unit is thought to take, to compare its pay with the hourly wage"
    )
    code: str | None = arg(
        None, "Python file with the task's code (shared state), relative to the task's folder"
    )


def to_cents(where: str, dollars: float) -> int | Problem:
    """A dollar amount of a config as whole cents."""
    try:
        return as_cents(dollars)
    except ValueError as error:
        return Problem(where, f"{dollars} {error}", "dollars, such as 0.05")


def check_task_args(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Everything that is wrong with values that have the right types; some may be absent."""
    for name in ("task_reward", "budget", "minimum_hourly_wage"):
        dollars = values.get(name)
        cents = 0 if dollars is None else to_cents(f"{WHERE}.{name}", dollars)
        if isinstance(cents, Problem):
            yield cents
    for name in _DURATIONS:
        yield from _below(values, name, 1, "seconds, more than 0")
    if values.get("estimated_time_in_seconds") is not None:
        yield from _below(values, "estimated_time_in_seconds", 1, "seconds, more than 0")
    for name in _COUNTS:
        yield from _below(values, name, 0, "0 or more; 0 means any number")
    for name in ("task_title", "task_description", "task_name"):
        text = values.get(name)
        if text is not None and not text.strip():
            yield Problem(f"{WHERE}.{name}", "is empty")


def _below(values: Mapping[str, Any], name: str, least: int, allowed: str) -> Iterator[Problem]:
    value = values.get(name, least)
    if value < least:
        yield Problem(f"{WHERE}.{name}", f"{value} is too small", allowed)
