"""What a launch would do and cost, said before anything is created."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from mephisto_engine.abstractions.blueprint import Blueprint, InitializationData, ItemSource
from mephisto_engine.abstractions.calling import call
from mephisto_engine.abstractions.qualifications import Comparator
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.config.launch import LaunchConfig
from mephisto_engine.data_model.records import RunRecord
from mephisto_engine.errors import Problem
from mephisto_engine.operations.job import with_fee

MOST_ITEMS: Final = 1_000_000
"""Data beyond this are not counted to their end."""

Unknown = Callable[[set[str]], set[str]]
"""Names of qualifications → those of them that nobody has created."""


@dataclass(frozen=True, slots=True)
class DataCount:
    """How much a task's data give."""

    items: int
    """Items that were counted; each becomes one assignment."""
    units: int
    is_final: bool
    """Whether that is all there is: data made one by one, as long as workers come, are not."""


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """A launch in figures. Money is in cents; what is not known beforehand is None."""

    task_name: str
    blueprint_type: str
    architect_type: str
    provider_type: str
    is_sandbox: bool
    """Whether the provider has no real workers and no real money."""
    requester_name: str
    data: DataCount
    pay_cents: int
    """For one unit."""
    fee_cents: int
    """What the provider takes for one unit, rounded up to a whole cent."""
    fee_percent: int
    budget_cents: int | None
    max_num_concurrent_units: int
    """0: no limit."""
    is_repeatable: bool
    """Whether an assignment that was broken off is paid and offered again, as a new one."""
    warnings: tuple[str, ...]

    @property
    def cost_of_unit(self) -> int:
        """Cents that one unit costs, the fee included."""
        return self.pay_cents + self.fee_cents

    @property
    def affordable_units(self) -> int | None:
        """Units that the budget pays for; None where nothing limits them."""
        if self.budget_cents is None or not self.cost_of_unit:
            return None
        return self.budget_cents // self.cost_of_unit

    @property
    def units_at_most(self) -> int | None:
        """Units that can become published; None if there is no end to them."""
        limits = [self.affordable_units]
        if self.data.is_final and not self.is_repeatable:
            limits.append(self.data.units)
        return min((limit for limit in limits if limit is not None), default=None)

    @property
    def worst_cents(self) -> int | None:
        """What the run costs if every unit is done and paid; None if nothing caps it."""
        if not self.cost_of_unit:
            return 0
        most = self.units_at_most
        return None if most is None else most * self.cost_of_unit

    @property
    def once_cents(self) -> int | None:
        """What the run costs if every unit is done once; None if nobody knows how many there are.

        Less than the worst case where an assignment that was broken off is offered again.
        """
        if not self.data.is_final:
            return self.worst_cents
        limits = (self.data.units, self.affordable_units)
        return min(limit for limit in limits if limit is not None) * self.cost_of_unit

    @property
    def units_held_back(self) -> int:
        """Units that the budget does not pay for, of those that were counted."""
        affordable = self.affordable_units
        return 0 if affordable is None else max(0, self.data.units - affordable)


def plan_launch(config: LaunchConfig, registry: Registry) -> LaunchPlan:
    """What launching the config would do. Blocks: data files are read to their end.

    Nothing is created, and data that can be read only once are left alone.

    Raises:
        Exception: whatever the blueprint raises while it gives its data.
    """
    provider = registry.load(PluginKind.PROVIDER, config.provider_type)
    run = RunRecord(
        id=0,
        task_name=str(config.task.task_name),
        status="created",
        blueprint_type=config.blueprint_type,
        architect_type=config.architect_type,
        provider_type=config.provider_type,
        is_sandbox=provider.IS_SANDBOX,
        pay_cents=config.pay_cents,
        requester_name=config.provider_args.requester_name or provider.DEFAULT_REQUESTER,
    )
    blueprint_class: Callable[..., Blueprint] = registry.load(
        PluginKind.BLUEPRINT, config.blueprint_type
    )
    blueprint = blueprint_class(config.blueprint_args, config.shared_state, run)
    data = count_data(blueprint)
    is_concurrent = blueprint.TaskRunnerClass(blueprint).is_concurrent
    return LaunchPlan(
        task_name=run.task_name,
        blueprint_type=run.blueprint_type,
        architect_type=run.architect_type,
        provider_type=run.provider_type,
        is_sandbox=run.is_sandbox,
        requester_name=run.requester_name,
        data=data,
        pay_cents=config.pay_cents,
        fee_cents=with_fee(config.pay_cents, provider.FEE_PERCENT) - config.pay_cents,
        fee_percent=provider.FEE_PERCENT,
        budget_cents=config.budget_cents,
        max_num_concurrent_units=config.task.max_num_concurrent_units,
        is_repeatable=is_concurrent and bool(getattr(config.blueprint_args, "requeue_broken", 0)),
        warnings=config.warnings,
    )


def count_data(blueprint: Blueprint) -> DataCount:
    """Count the items of a blueprint, unless they are made only as workers come."""
    if blueprint.has_lazy_data():
        return DataCount(0, 0, is_final=False)
    source: ItemSource = blueprint.get_initialization_data()
    if not isinstance(source, Iterable):
        return DataCount(0, 0, is_final=False)
    return _counted(iter(source))


def _counted(items: Iterator[InitializationData]) -> DataCount:
    number = units = 0
    for item in islice(items, MOST_ITEMS):
        number += 1
        units += len(item.unit_data)
    return DataCount(number, units, is_final=next(items, None) is None)


async def launch_problems(
    config: LaunchConfig, registry: Registry, unknown: Unknown | None = None
) -> list[Problem]:
    """What only the provider and the database know to be wrong with a config.

    Args:
        config: checked in itself.
        registry: where the provider comes from.
        unknown: asks the database; blocks. None where there is no database.
    """
    provider: Any = registry.load(PluginKind.PROVIDER, config.provider_type)
    requester = config.provider_args.requester_name or provider.DEFAULT_REQUESTER
    problems = []
    if not await call(provider.is_requester_registered, requester):
        problems.append(
            Problem(
                "mephisto.provider.requester_name",
                f"{requester!r} is not registered with {config.provider_type}",
                f"the default is {provider.DEFAULT_REQUESTER!r}",
            )
        )
    if unknown is not None:
        missing = await asyncio.to_thread(unknown, _asked_qualifications(config))
        problems += [
            Problem("qualifications", f"there is no qualification {name!r}", "create it first")
            for name in sorted(missing)
        ]
    return problems


def _asked_qualifications(config: LaunchConfig) -> set[str]:
    """A requirement on a label that nobody can hold is a typing error, except to lack it."""
    return {
        item.qualification_name
        for item in config.requirements
        if item.comparator is not Comparator.DOES_NOT_EXIST
    }
