from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from engine_world import until

from mephisto_blueprints.mock import MockBlueprint
from mephisto_engine.abstractions.adaptive import AskUntilAgreement
from mephisto_engine.abstractions.blueprint import InitializationData
from mephisto_engine.database.operations.budgets import set_project_budget
from mephisto_engine.operations import plan as plans
from mephisto_engine.operations.plan import LaunchPlan, StoredFacts, launch_problems, plan_launch
from mephisto_providers.mock import MockProvider


class DearProvider(MockProvider):
    IS_SANDBOX = False

    @classmethod
    def fee(cls, args, cents, payment, units_per_posting=1):
        return -(-cents * 20 // 100)


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


def test_a_plan_reckons_with_the_dearest_posting(planned):
    options = {"fee_percent": 20, "fee_percent_of_many": 40, "fee_at_least": 1}
    few = planned(provider=MockProvider, task_reward=0.01, provider_options=options)
    assert (few.fee_cents, few.cost_of_unit) == (1, 2)
    options |= {"units_per_posting": 10}
    many = planned(provider=MockProvider, task_reward=0.1, provider_options=options)
    assert (many.fee_cents, many.cost_of_unit) == (4, 14)


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
    assert plan.reasons_for_more == ("broken assignments are offered again",)
    assert (plan.once_cents, plan.worst_cents) == (48, None)
    capped = replace(plan, budget_cents=100)
    assert (capped.once_cents, capped.worst_cents) == (48, 96)


def test_units_of_screening_and_gold_come_on_top_and_are_kept_aside(planned):
    special = {
        "use_screening_task": True, "max_screening_units": 3,
        "passed_qualification_name": "passed", "block_qualification": "failed",
    }  # fmt: skip
    plan = planned(
        units=10,
        options=special,
        shared_state={
            "validate_screening_unit": lambda unit: True,
            "screening_data_factory": lambda: iter([{"index": 0}]),
        },
        allowed_concurrent=1,
        task_reward=0.1,
        budget=1.2,
    )
    assert plan.special_units == 3
    assert (plan.affordable_units, plan.units_held_back) == (10, 3)
    assert plan.worst_cents == 120
    assert replace(plan, budget_cents=None).worst_cents == 13 * 12


def test_a_rule_that_asks_again_has_a_worst_case(planned):
    state = {"on_unit_submitted": AskUntilAgreement("label", at_most=5)}
    plan = planned(units=10, each=2, shared_state=state, task_reward=0.1)
    assert (plan.data.units, plan.data.units_at_most) == (20, 50)
    assert (plan.once_cents, plan.worst_cents, plan.stated_cents) == (240, 600, 600)


def test_code_that_may_ask_again_has_none_unless_it_says_that_it_returns_nothing(planned):
    def asks(unit: Any) -> int:
        return 1

    def notes(unit: Any) -> None: ...

    asking = planned(units=1, shared_state={"on_unit_submitted": asks})
    noting = planned(units=1, shared_state={"on_unit_submitted": notes})
    assert (asking.worst_cents, asking.stated_cents) == (None, 12)
    assert noting.worst_cents == 12


async def test_a_projects_budget_leaves_what_its_runs_may_not_cost(world):
    config = world.config(units=10, task_reward=0.1, project="safety")
    await world.operator.launch(config)
    stored = StoredFacts.of(world.db)
    assert plan_launch(config, world.registry, stored).project_left_cents is None
    await world.db.write(set_project_budget, "safety", 150, "me")
    run = next(iter(world.operator._drivers.values()))
    await until(lambda: len(run.live.pool) == 10)
    plan = plan_launch(config, world.registry, stored)
    assert (plan.project_left_cents, plan.affordable_units) == (50, 5)


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
