from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from mephisto_blueprints.mock import MockBlueprint
from mephisto_engine.abstractions.blueprint import InitializationData
from mephisto_engine.operations import plan as plans
from mephisto_engine.operations.plan import LaunchPlan, launch_problems, plan_launch
from mephisto_providers.mock import MockProvider


class DearProvider(MockProvider):
    FEE_PERCENT = 20
    IS_SANDBOX = False


class EndlessBlueprint(MockBlueprint):
    taken = 0

    def has_lazy_data(self) -> bool:
        return True

    def get_initialization_data(self) -> Iterator[InitializationData]:
        for index in count():
            type(self).taken += 1
            yield InitializationData({"index": index})


class AsyncBlueprint(MockBlueprint):
    def get_initialization_data(self) -> Any:
        async def items() -> AsyncIterator[InitializationData]:
            yield InitializationData({})

        return items()


@pytest.fixture
def planned(world):
    def plan(blueprint=MockBlueprint, provider=DearProvider, **options: Any) -> LaunchPlan:
        world.blueprint, world.provider = blueprint, provider
        return plan_launch(world.config(**options), world.registry)

    return plan


def test_units_are_items_times_workers_for_each(planned):
    plan = planned(units=7, each=3)
    assert (plan.data.items, plan.data.units, plan.data.is_final) == (7, 21, True)


def test_the_fee_is_rounded_up_to_a_cent_for_each_unit(planned):
    plan = planned(units=100, task_reward=0.11)
    assert (plan.pay_cents, plan.fee_cents, plan.cost_of_unit) == (11, 3, 14)
    assert plan.worst_cents == 1400


def test_the_budget_caps_the_cost_at_whole_units(planned):
    plan = planned(units=10, task_reward=0.1, budget=1.0)
    assert plan.affordable_units == 8
    assert plan.units_held_back == 2
    assert plan.worst_cents == plan.once_cents == 96


def test_a_budget_that_is_larger_than_the_task_changes_nothing(planned):
    plan = planned(units=10, task_reward=0.1, budget=100)
    assert (plan.worst_cents, plan.units_held_back) == (120, 0)


def test_unpaid_units_cost_nothing_whatever_their_number(planned):
    plan = planned(EndlessBlueprint, task_reward=0.0)
    assert plan.worst_cents == 0
    assert plan.affordable_units is None


def test_endless_data_are_not_touched_and_have_no_worst_case(planned):
    plan = planned(EndlessBlueprint)
    assert not plan.data.is_final
    assert plan.worst_cents is None
    assert plan.once_cents is None
    assert EndlessBlueprint.taken == 0


def test_a_budget_gives_endless_data_a_worst_case(planned):
    plan = planned(EndlessBlueprint, task_reward=0.1, budget=5)
    assert plan.worst_cents == plan.once_cents == 41 * 12


def test_data_that_come_asynchronously_are_not_counted(planned):
    assert not planned(AsyncBlueprint).data.is_final


def test_more_data_than_can_be_counted_are_at_least_so_many(planned, monkeypatch):
    monkeypatch.setattr(plans, "MOST_ITEMS", 5)
    assert planned(units=5).data.is_final
    plan = planned(units=6)
    assert (plan.data.items, plan.data.is_final) == (5, False)


def test_conversations_that_break_can_cost_more_than_each_once(planned):
    plan = planned(units=2, each=2, options={"is_concurrent": True}, task_reward=0.1)
    assert plan.is_repeatable
    assert (plan.once_cents, plan.worst_cents) == (48, None)
    capped = replace(plan, budget_cents=100)
    assert (capped.once_cents, capped.worst_cents) == (48, 96)


async def test_an_unknown_account_and_label_are_found_before_a_launch(world):
    config = world.config(shared_state={"qualifications": [
        {"qualification_name": "trained", "comparator": "Exists", "value": None},
        {"qualification_name": "spoiled", "comparator": "DoesNotExist", "value": None},
    ]})  # fmt: skip
    config.provider_args.requester_name = "nobody"
    found = await launch_problems(config, world.registry, unknown=lambda names: names)
    assert [problem.where for problem in found] == [
        "mephisto.provider.requester_name",
        "qualifications",
    ]
    assert "'trained'" in found[1].what
