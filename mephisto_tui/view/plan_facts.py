"""What a launch would do and cost, in words; the same in the console and in the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mephisto_engine.cents import dollars
from mephisto_tui.safe_text import clean
from mephisto_tui.view.spans import Tone
from mephisto_tui.view.words import plural

if TYPE_CHECKING:
    from mephisto_engine.operations.plan import LaunchPlan


class PlanFact(NamedTuple):
    """One line of a plan."""

    label: str
    text: str
    """Clean."""
    tone: Tone = ""


def plan_facts(plan: LaunchPlan) -> list[PlanFact]:
    """Units, price, fees and what the run costs at worst; what is said last gives way first."""
    budget = budget_words(plan)
    held_back: Tone = "warn" if plan.units_held_back else ""
    return [
        PlanFact("units", data_words(plan)),
        PlanFact("price", price_words(plan)),
        PlanFact("cost", f"{cost_words(plan)}{'' if budget else ', no budget'}", _cost_tone(plan)),
        *([PlanFact("budget", budget, held_back)] if budget else []),
        *(PlanFact("note", clean(warning, 300), "warn") for warning in plan.warnings),
        PlanFact("provider", provider_words(plan), "" if plan.is_sandbox else "warn"),
    ]


def data_words(plan: LaunchPlan) -> str:
    """How many units there will be."""
    data = plan.data
    if not data.is_final and not data.units:
        return f"no end known: made one by one as workers come{_special_words(plan)}"
    more = "" if data.is_final else "at least "
    of = f" of {plural(data.items, 'item')}" if data.items != data.units else ""
    most = f", at most {data.units_at_most}" if data.units_at_most > data.units else ""
    cap = plan.max_num_concurrent_units
    at_a_time = f", {cap} published at a time" if 0 < cap < data.units else ""
    return f"{more}{plural(data.units, 'unit')}{of}{most}{_special_words(plan)}{at_a_time}"


def _special_words(plan: LaunchPlan) -> str:
    """Units that are not of the data."""
    if not plan.special_units:
        return ""
    return f", up to {plural(plan.special_units, 'screening or gold unit')}"


def price_words(plan: LaunchPlan) -> str:
    """What one unit costs."""
    if not plan.fee_cents:
        return f"{dollars(plan.pay_cents)} a unit, no fee"
    fee = f"{dollars(plan.fee_cents)} fee{_percent_words(plan)}"
    return f"{dollars(plan.pay_cents)} pay + {fee} = {dollars(plan.cost_of_unit)} a unit"


def _percent_words(plan: LaunchPlan) -> str:
    """The fee as a part of the pay, where that is a round figure."""
    percent, rest = divmod(plan.fee_cents * 100, plan.pay_cents) if plan.pay_cents else (0, 1)
    return "" if rest else f" ({percent} %)"


def cost_words(plan: LaunchPlan) -> str:
    """What the run costs, at worst."""
    once, worst = plan.once_cents, plan.worst_cents
    if once is None:
        return "no cap: the data have no known end"
    if worst is None:
        return f"{dollars(once)} if each is done once; no cap: {reasons_words(plan)}"
    if worst == once:
        return f"{dollars(worst)} at worst"
    return f"{dollars(once)} if each is done once, {dollars(worst)} at worst"


def reasons_words(plan: LaunchPlan) -> str:
    """Why there may be more units than the data give."""
    return ", ".join(plan.reasons_for_more)


def budget_words(plan: LaunchPlan) -> str:
    """What the budgets of run and project cover; empty if there are none."""
    caps = [] if plan.budget_cents is None else [dollars(plan.budget_cents)]
    if plan.project_left_cents is not None:
        name = clean(plan.project_name or "", 30)
        caps.append(f"{dollars(plan.project_left_cents)} left of project {name}")
    if not caps:
        return ""
    shown = ", ".join(caps)
    if plan.affordable_units is None:
        return shown
    covered = f"{shown}; pays for {plural(plan.affordable_units, 'unit')}"
    held = plan.units_held_back
    return f"{covered}, {held} will not be published" if held else covered


def provider_words(plan: LaunchPlan) -> str:
    """Who the workers are, and on whose account."""
    who = "sandbox" if plan.is_sandbox else "live: real workers"
    return f"{clean(plan.provider_type, 30)} ({who}), account {clean(plan.requester_name, 40)}"


def what_to_type(plan: LaunchPlan) -> str:
    """The cost as it is typed to confirm it: ``240``, ``3.60``; ``no cap`` where nobody knows."""
    if plan.stated_cents is None:
        return "no cap"
    whole, cents = divmod(plan.stated_cents, 100)
    return f"{whole}.{cents:02}" if cents else str(whole)


def _cost_tone(plan: LaunchPlan) -> Tone:
    return "warn" if plan.worst_cents is None else "strong"
