from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from review_world import ReviewedRun, ledger_of

from mephisto_engine.abstractions.crowd_provider import Payment
from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.errors import PluginError, StateError
from mephisto_engine.operations.money.accounts import money_of_run
from mephisto_engine.operations.money.fees import Fees
from mephisto_engine.operations.watching.monitor import Monitor
from mephisto_engine.testing.clock import FakeClock
from mephisto_providers.inhouse import InhouseArgs, InhouseProvider
from mephisto_providers.mock import MockArgs, MockProvider

BY_POSTING = {"fee_percent": 20, "fee_percent_of_many": 40, "fee_at_least": 1}
TAXED = {"fee_percent": 33, "fee_vat_percent": 20}


@pytest.mark.parametrize(
    ("options", "cents", "on_pay", "on_bonus"),
    [
        (BY_POSTING, 1, 1, 1),
        (BY_POSTING, 10, 2, 2),
        (BY_POSTING, 11, 3, 3),
        (BY_POSTING | {"units_per_posting": 9}, 100, 20, 20),
        (BY_POSTING | {"units_per_posting": 10}, 100, 40, 20),
        (TAXED, 100, 40, 40),  # 33 and 6.6 of tax
        (TAXED, 1, 1, 1),
        ({}, 100, 0, 0),
    ],
)
def test_a_fee_depends_on_amount_and_posting(
    options: dict[str, int], cents: int, on_pay: int, on_bonus: int
) -> None:
    fees = Fees(MockProvider, MockArgs(**options))
    assert (fees.of_unit(cents), fees.of_bonus(cents)) == (on_pay, on_bonus)


def test_a_provider_without_a_say_takes_nothing() -> None:
    fees = Fees(InhouseProvider, InhouseArgs())
    assert (fees.of_unit(100), fees.of_bonus(100)) == (0, 0)


@pytest.mark.parametrize("answer", [0.5, -1, True, None, "1", ZeroDivisionError()])
def test_a_plugin_whose_fee_is_none_is_named(answer: Any) -> None:
    class Odd(MockProvider):
        @classmethod
        def fee(cls, args: Any, cents: int, payment: Payment, units_per_posting: int = 1) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

    with pytest.raises(PluginError, match=r"fee\(\) of the provider 'mock'"):
        Fees(Odd, MockArgs()).of_bonus(7)


def test_what_the_provider_has_taken_is_what_we_say(db: MephistoDB, home: Path) -> None:
    run = ReviewedRun(db, home, "alice", "bob", "carol", provider=BY_POSTING, unit_cost_cents=12)
    run.review.stage(
        NewDecision(run.units[0], "accepted", bonus_cents=1),
        NewDecision(run.units[1], "soft_rejected", bonus_cents=26),
        NewDecision(run.units[2], "rejected", "empty"),
    )
    money = money_of_run(db, Registry(), run.stored.id)
    assert (money.staged, money.staged_fees) == (27, 1 + 6)
    run.review.send()
    run.review.compensate(1, 52, "the page broke")
    money = money_of_run(db, Registry(), run.stored.id)
    books = ledger_of(home)
    assert (money.paid, money.fees) == (books.paid_cents(), books.fee_cents()) == (99, 22)
    assert money.worst == money.forecast == 121


def test_a_fee_counts_against_the_budget(db: MephistoDB, home: Path) -> None:
    run = ReviewedRun(db, home, "alice", provider=BY_POSTING, budget_cents=16)
    with pytest.raises(StateError, match=r"\$0\.18 at worst"):
        run.review.compensate(1, 6, "the page broke")
    run.review.compensate(1, 5, "the page broke")
    assert ledger_of(home).paid_cents() + ledger_of(home).fee_cents() == 6


def test_a_run_whose_provider_is_gone_still_shows_its_books(db: MephistoDB, home: Path) -> None:
    run = ReviewedRun(db, home, "alice", provider_type="gone")
    run.review.stage(NewDecision(run.units[0], "accepted", bonus_cents=3))
    money = money_of_run(db, Registry(), run.stored.id)
    assert (money.committed, money.staged, money.staged_fees, money.forecast) == (10, 3, None, None)


def test_consoles_show_what_bonuses_and_compensations_cost(
    db: MephistoDB, home: Path, clock: FakeClock
) -> None:
    run = ReviewedRun(db, home, "alice", "bob", provider=BY_POSTING, unit_cost_cents=12)
    monitor = Monitor(db, clock)

    def cost() -> int:
        return monitor.refresh().runs[0].cost_cents

    assert cost() == 24
    run.review.stage(NewDecision(run.units[0], "accepted", bonus_cents=10))
    run.review.stage(NewDecision(run.units[1], "rejected", "empty"))
    assert cost() == 24
    run.review.send()
    assert cost() == 12 + 12
    run.review.compensate(1, 5, "the page broke")
    assert cost() == 24 + 6 == money_of_run(db, Registry(), run.stored.id).worst
    monitor.close()
