"""`launch --dry-run`: what a launch would do and cost, while nothing is created."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mephisto_tui.cli.output import put_json, put_lines
from mephisto_tui.cli.settings import Settings

if TYPE_CHECKING:
    from mephisto_engine.errors import Problem
    from mephisto_engine.operations.plan import LaunchPlan, StoredFacts

COMPUTED: Final = (
    "cost_of_unit",
    "affordable_units",
    "units_held_back",
    "once_cents",
    "stated_cents",
    "units_at_most",
    "worst_cents",
)


def show_plan(
    settings: Settings, path: Path, overrides: Sequence[str], *, as_json: bool = False
) -> None:
    """Print the plan of a launch.

    Raises:
        ConfigError: with everything that is wrong; as JSON it is printed first.
    """
    from mephisto_engine.errors import ConfigError

    plan: LaunchPlan | None = None
    try:
        with _stored(settings) as stored:
            plan, problems = _plan(path, overrides, stored)
        if problems:
            raise ConfigError(problems)
    except ConfigError as error:
        _put(plan, error.problems, as_json=as_json)
        raise
    _put(plan, [], as_json=as_json)


@contextmanager
def _stored(settings: Settings) -> Iterator[StoredFacts]:
    from mephisto_engine.operations.plan import StoredFacts

    if not settings.has_database():
        # Nobody has created anything yet; to find that out must not create the database.
        yield StoredFacts(lambda names: names, lambda _project: None)
        return
    with settings.database() as db:
        yield StoredFacts.of(db)


def _plan(
    path: Path, overrides: Sequence[str], stored: StoredFacts
) -> tuple[LaunchPlan, list[Problem]]:
    from mephisto_engine.abstractions.registry import Registry
    from mephisto_engine.config import load_launch_config
    from mephisto_engine.operations.plan import launch_problems, plan_launch

    registry = Registry()
    config = load_launch_config(path, overrides, registry)
    problems = launch_problems(config, registry, stored.unknown_qualifications)
    return plan_launch(config, registry, stored), asyncio.run(problems)


def _put(plan: LaunchPlan | None, problems: Sequence[Problem], *, as_json: bool) -> None:
    if as_json:
        put_json({"plan": _plan_object(plan), "problems": list(problems)})
    elif plan is not None:
        from mephisto_tui.plain import facts
        from mephisto_tui.view.plan_facts import plan_facts

        task = f"{plan.task_name} ({plan.blueprint_type} on {plan.architect_type})"
        rows = [("task", task), *((fact.label, fact.text) for fact in plan_facts(plan))]
        put_lines(facts(rows))


def _plan_object(plan: LaunchPlan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    computed = {name: getattr(plan, name) for name in COMPUTED}
    return dataclasses.asdict(plan) | computed
