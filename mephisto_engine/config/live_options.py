"""Options of `mephisto.task` that can be changed while a run is live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mephisto_engine.abstractions.registry import did_you_mean
from mephisto_engine.config.check import build_args
from mephisto_engine.config.task_args import WHERE, TaskArgs, check_task_args, to_cents
from mephisto_engine.errors import ConfigError, Problem

LIVE_OPTIONS: Final = {
    "max_num_concurrent_units": "max_num_concurrent_units",
    "maximum_units_per_worker": "maximum_units_per_worker",
    "allowed_concurrent": "allowed_concurrent",
    "budget": "budget_cents",
    "no_submission_patience": "no_submission_patience_seconds",
    "submission_timeout": "submission_timeout_seconds",
}
"""Name of the option → what a `Job` calls it."""


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """New values, checked as a launch checks them."""

    as_stored: dict[str, Any]
    """Name → value as the config holds it."""
    of_job: dict[str, Any]
    """What a `Job` calls it → value; money in cents."""
    budget_cents: int | None
    """The cap from now on, changed or not."""


def checked_options(task_node: Mapping[str, Any], given: Mapping[str, Any]) -> LiveOptions:
    """Check new values against a run's stored `mephisto.task` node.

    Args:
        task_node: the node as it is stored.
        given: name (with or without `mephisto.task.`) → value, or its text; `none` takes the
            budget's cap away.

    Raises:
        ConfigError: with everything that is wrong.
    """
    values = {name.removeprefix(f"{WHERE}."): _plain(value) for name, value in given.items()}
    problems = [_unknown(name) for name in values if name not in LIVE_OPTIONS]
    if problems:
        raise ConfigError(problems)
    task = build_args(TaskArgs, {**task_node, **values}, WHERE, problems, check_task_args)
    if task is None or problems:
        raise ConfigError(problems)
    stored = {name: getattr(task, name) for name in values}
    budget = None if task.budget is None else to_cents(f"{WHERE}.budget", task.budget)
    if isinstance(budget, Problem):
        raise ConfigError([budget])
    of_job = {LIVE_OPTIONS[name]: value for name, value in stored.items()}
    if "budget" in stored:
        of_job["budget_cents"] = budget
    return LiveOptions(stored, of_job, budget)


def _plain(value: Any) -> Any:
    return None if isinstance(value, str) and value.strip().lower() in ("none", "null") else value


def _unknown(name: str) -> Problem:
    hint = did_you_mean(name, LIVE_OPTIONS) + f"these can: {', '.join(LIVE_OPTIONS)}"
    return Problem(f"{WHERE}.{name}", "cannot be changed during a run", hint)
