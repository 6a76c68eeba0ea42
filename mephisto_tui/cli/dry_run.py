"""`launch --dry-run`: what a launch would do and cost, while nothing is created."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mephisto_tui.cli.output import put_json, put_lines
from mephisto_tui.cli.settings import Settings

if TYPE_CHECKING:
    from mephisto_engine.abstractions.registry import Registry
    from mephisto_engine.config import LaunchConfig
    from mephisto_engine.errors import Problem
    from mephisto_engine.operations.plan import LaunchPlan

COMPUTED: Final = (
    "cost_of_unit",
    "affordable_units",
    "units_held_back",
    "once_cents",
    "worst_cents",
)


def show_plan(
    settings: Settings, path: Path, overrides: Sequence[str], *, as_json: bool = False
) -> None:
    """Print the plan of a launch.

    Raises:
        ConfigError: with everything that is wrong; as JSON it is printed first.
    """
    from mephisto_engine.abstractions.registry import Registry
    from mephisto_engine.config import load_launch_config
    from mephisto_engine.errors import ConfigError
    from mephisto_engine.operations.plan import plan_launch

    registry = Registry()
    plan: LaunchPlan | None = None
    try:
        config = load_launch_config(path, overrides, registry)
        plan = plan_launch(config, registry)
        plan = _with_pilot(settings, config, plan)
        problems = _outer_problems(settings, config, registry)
        if problems:
            raise ConfigError(problems)
    except ConfigError as error:
        _put(plan, error.problems, as_json=as_json)
        raise
    _put(plan, [], as_json=as_json)


def _with_pilot(settings: Settings, config: LaunchConfig, plan: LaunchPlan) -> LaunchPlan:
    """The plan, with a warning where earlier runs say that the pay is too low."""
    from mephisto_engine.operations.wages import wage_of_pilot

    if config.task.minimum_hourly_wage is None or not settings.has_database():
        return plan
    with settings.database() as db:
        wage = db.read(wage_of_pilot, config.task)
    warning = wage.warning() if wage is not None else ""
    return dataclasses.replace(plan, warnings=(*plan.warnings, warning)) if warning else plan


def _outer_problems(settings: Settings, config: LaunchConfig, registry: Registry) -> list[Problem]:
    from mephisto_engine.database.queries.runs import unknown_qualifications
    from mephisto_engine.operations.plan import launch_problems

    if not settings.has_database():
        # Nobody has created a qualification yet; to find that out must not create the database.
        return asyncio.run(launch_problems(config, registry, unknown=lambda names: names))
    with settings.database() as db:
        return asyncio.run(
            launch_problems(
                config, registry, unknown=lambda names: db.read(unknown_qualifications, names)
            )
        )


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
