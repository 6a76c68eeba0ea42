"""What a launch would do and cost, said before anything is created."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from mephisto_engine.abstractions.blueprint import Blueprint, InitializationData, ItemSource
from mephisto_engine.abstractions.calling import call
from mephisto_engine.abstractions.qualifications import Comparator
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.config.launch_config import LaunchConfig
from mephisto_engine.data_model.records import RunRecord
from mephisto_engine.database import MephistoDB, ledger
from mephisto_engine.database.queries import runs as queries
from mephisto_engine.errors import Problem
from mephisto_engine.operations.money.fees import Fees
from mephisto_engine.operations.runs.job import special_caps

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
    """Units that the items begin with."""
    units_at_most: int
    """Units that they may come to have, where the task's code asks again up to a number."""
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
    """What the provider takes for one unit at most."""
    budget_cents: int | None
    max_num_concurrent_units: int
    """0: no limit."""
    special_units: int
    """Screening and gold units that may come on top of the data's."""
    reasons_for_more: tuple[str, ...]
    """Why there may be more units than the data give; empty where there cannot be."""
    project_name: str | None
    project_left_cents: int | None
    """What the budget of the project leaves; None where nothing limits it, or nobody knows."""
    warnings: tuple[str, ...]

    @property
    def cost_of_unit(self) -> int:
        """Cents that one unit costs, the fee included."""
        return self.pay_cents + self.fee_cents

    @property
    def affordable_units(self) -> int | None:
        """Units that the budgets of run and project pay for; None where nothing limits them."""
        caps = [cap for cap in (self.budget_cents, self.project_left_cents) if cap is not None]
        if not caps or not self.cost_of_unit:
            return None
        return max(0, min(caps)) // self.cost_of_unit

    @property
    def units_at_most(self) -> int | None:
        """Units that can become published; None if there is no end to them."""
        limits = [self.affordable_units]
        if self.data.is_final and not self.reasons_for_more:
            limits.append(self.data.units_at_most + self.special_units)
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

        Less than the worst case where units may be offered again, or more may be asked for.
        """
        if not self.data.is_final:
            return self.worst_cents
        limits = (self.data.units + self.special_units, self.affordable_units)
        return min(limit for limit in limits if limit is not None) * self.cost_of_unit

    @property
    def stated_cents(self) -> int | None:
        """The cost that a person is to agree to: the worst, or if that has no cap, each unit once.

        None if neither is known.
        """
        return self.once_cents if self.worst_cents is None else self.worst_cents

    @property
    def units_held_back(self) -> int:
        """Units that the budgets do not pay for, of those that were counted.

        The cost of screening and gold units is kept aside first.
        """
        affordable = self.affordable_units
        if affordable is None:
            return 0
        return max(0, self.data.units - max(0, affordable - self.special_units))


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """What a plan asks of the database; each of them blocks."""

    unknown_qualifications: Unknown
    project_left_cents: Callable[[str], int | None]
    """Name of a project → what its budget leaves; None where it has none."""

    @classmethod
    def of(cls, db: MephistoDB) -> StoredFacts:
        """The facts of a database."""
        return cls(
            lambda names: db.read(queries.unknown_qualifications, names),
            lambda name: db.read(ledger.left_of_project, db.rows, name),
        )


def plan_launch(
    config: LaunchConfig, registry: Registry, stored: StoredFacts | None = None
) -> LaunchPlan:
    """What launching the config would do. Blocks: data files are read to their end.

    Nothing is created, and data that can be read only once are left alone.

    Args:
        config: checked.
        registry: where its plugins come from.
        stored: the database; None where there is none yet.

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
    project = config.task.project
    return LaunchPlan(
        task_name=run.task_name,
        blueprint_type=run.blueprint_type,
        architect_type=run.architect_type,
        provider_type=run.provider_type,
        is_sandbox=run.is_sandbox,
        requester_name=run.requester_name,
        data=count_data(blueprint),
        pay_cents=config.pay_cents,
        fee_cents=Fees(provider, config.provider_args).of_unit(config.pay_cents),
        budget_cents=config.budget_cents,
        max_num_concurrent_units=config.task.max_num_concurrent_units,
        special_units=sum(special_caps(config.blueprint_args).values()),
        reasons_for_more=tuple(_reasons_for_more(blueprint)),
        project_name=project,
        project_left_cents=stored.project_left_cents(project) if stored and project else None,
        warnings=config.warnings,
    )


def count_data(blueprint: Blueprint) -> DataCount:
    """Count the items of a blueprint, unless they are made only as workers come."""
    if blueprint.has_lazy_data():
        return DataCount(0, 0, 0, is_final=False)
    source: ItemSource = blueprint.get_initialization_data()
    if not isinstance(source, Iterable):
        return DataCount(0, 0, 0, is_final=False)
    return _counted(iter(source), _most_answers(blueprint) or 0)


def _counted(items: Iterator[InitializationData], most_answers: int) -> DataCount:
    number = units = most = 0
    for item in islice(items, MOST_ITEMS):
        number += 1
        units += len(item.unit_data)
        most += max(len(item.unit_data), most_answers)
    return DataCount(number, units, most, is_final=next(items, None) is None)


def _most_answers(blueprint: Blueprint) -> int | None:
    """Up to how many answers to an item the task's rule asks for, if it says so."""
    at_most = getattr(blueprint.shared_state.on_unit_submitted, "at_most", None)
    return at_most if isinstance(at_most, int) else None


def _reasons_for_more(blueprint: Blueprint) -> Iterator[str]:
    is_concurrent = blueprint.TaskRunnerClass(blueprint).is_concurrent
    if is_concurrent and getattr(blueprint.args, "requeue_broken", False):
        yield "broken assignments are offered again"
    hook = blueprint.shared_state.on_unit_submitted
    if hook is not None and _most_answers(blueprint) is None and not _returns_nothing(hook):
        yield "on_unit_submitted may ask for more units"


def _returns_nothing(hook: Callable[..., object]) -> bool:
    try:
        return inspect.signature(hook).return_annotation in (None, "None")
    except (TypeError, ValueError):  # a callable of C has no signature
        return False


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
