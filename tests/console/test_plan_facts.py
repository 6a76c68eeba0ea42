from __future__ import annotations

from dataclasses import replace

import pytest
from console_world import HOSTILE

from mephisto_engine.operations.plan import DataCount, LaunchPlan
from mephisto_tui.safe_text import is_harmless
from mephisto_tui.view.plan_facts import plan_facts, what_to_type

PLAN = LaunchPlan(
    task_name="pairs", blueprint_type="static_task", architect_type="local",
    provider_type="mturk", is_sandbox=False, requester_name="lab-main",
    data=DataCount(400, 800, 800, is_final=True), pay_cents=25, fee_cents=5,
    budget_cents=None, max_num_concurrent_units=50, special_units=0,
    reasons_for_more=(), project_name=None, project_left_cents=None, warnings=(),
)  # fmt: skip


def words(plan: LaunchPlan) -> dict[str, str]:
    return {fact.label: fact.text for fact in plan_facts(plan)}


def test_a_plan_says_units_price_fee_and_cost():
    assert words(PLAN) == {
        "units": "800 units of 400 items, 50 published at a time",
        "price": "$0.25 pay + $0.05 fee (20 %) = $0.30 a unit",
        "cost": "$240.00 at worst, no budget",
        "provider": "mturk (live: real workers), account lab-main",
    }


def test_a_budget_says_what_it_does_not_pay_for():
    assert words(replace(PLAN, budget_cents=10000))["budget"] == (
        "$100.00; pays for 333 units, 467 will not be published"
    )


def test_what_may_come_on_top_is_said_and_counted():
    plan = replace(PLAN, special_units=20, data=DataCount(400, 800, 1200, is_final=True))
    assert words(plan)["units"] == (
        "800 units of 400 items, at most 1200, up to 20 screening or gold units,"
        " 50 published at a time"
    )
    assert words(plan)["cost"] == "$246.00 if each is done once, $366.00 at worst, no budget"
    assert what_to_type(plan) == "366"
    assert "no cap: they break" in words(replace(plan, reasons_for_more=("they break",)))["cost"]


def test_the_budget_of_a_project_counts_like_the_runs_own():
    plan = replace(PLAN, budget_cents=20000, project_name="safety", project_left_cents=15000)
    assert words(plan)["budget"] == (
        "$200.00, $150.00 left of project safety; pays for 500 units, 300 will not be published"
    )
    assert words(plan)["cost"] == "$150.00 at worst"


def test_what_a_config_warns_of_comes_before_what_is_known_anyway():
    warned = replace(PLAN, warnings=("the pay is below the minimum wage",))
    assert [fact.label for fact in plan_facts(warned)][-2:] == ["note", "provider"]


def test_data_without_an_end_are_said_to_have_none():
    endless = replace(PLAN, data=DataCount(0, 0, 0, is_final=False))
    assert "no end known" in words(endless)["units"]
    assert "no cap" in words(endless)["cost"]


@pytest.mark.parametrize(
    ("changes", "typed"),
    [
        ({}, "240"),
        ({"budget_cents": 1000}, "9.90"),
        ({"pay_cents": 0, "fee_cents": 0}, "0"),
        ({"data": DataCount(0, 0, 0, is_final=False)}, "no cap"),
        ({"reasons_for_more": ("they break",)}, "240"),
    ],
)
def test_what_is_typed_to_confirm_is_the_cost(changes, typed):
    assert what_to_type(replace(PLAN, **changes)) == typed


def test_foreign_words_in_a_plan_are_harmless():
    plan = replace(PLAN, provider_type=HOSTILE, requester_name=HOSTILE, warnings=(HOSTILE,))
    assert all(is_harmless(fact.text) for fact in plan_facts(plan))
