"""Two runs of a project spend at random, while budgets change, processes end and providers fail.

Whatever happens, nothing is promised that a budget does not cover, nothing is paid twice, and what
the provider has in its books is what we have in ours.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from killing import killed_at
from review_world import QUICK, check_books, ledger_of

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.cents import amount
from mephisto_engine.data_model import Intent, TaskRun, Unit, Worker
from mephisto_engine.data_model.status import IntentStatus, RunStatus
from mephisto_engine.database import MephistoDB, ledger
from mephisto_engine.database.operations import budgets, changes, runs
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.database.operations.runs import NewAssignment
from mephisto_engine.errors import ProviderError, StateError
from mephisto_engine.operations.money.accounts import money_of_project, money_of_run
from mephisto_engine.operations.money.fees import fees_of_run
from mephisto_engine.operations.money.payments import STEPS
from mephisto_engine.operations.reviewing.review import Review
from mephisto_engine.testing.conformance.database import StoredRun, make_new_run

pytestmark = pytest.mark.usefixtures("forgetful_provider")

PAY = 10
FEES: tuple[dict[str, int], ...] = (
    {"fee_percent": 20, "fee_percent_of_many": 40, "fee_at_least": 1, "units_per_posting": 12},
    {"fee_percent": 33, "fee_vat_percent": 20},
)
FAULTS = ("throttle", "drop", "hang", "refuse")
WORKERS = ("alice", "bob", "carol")
RUNS = st.integers(0, len(FEES) - 1)
MARGINS = st.sampled_from([None, -60, -14, -1, 0, 1, 14, 15, 40])
"""What a new budget has beyond what is promised; None for no budget."""
ME = "operator:me"


class Spending(RuleBasedStateMachine):
    """Publishing, work, decisions, bonuses, compensations and budgets, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.home = Path(self.folder.name)
        self.registry = Registry()
        self.open()
        self.arrivals = 0
        self.runs = [self.make_run(number) for number in range(len(FEES))]
        for run in range(len(FEES)):
            self.publish(run, 3, is_killed=False)
            for worker in WORKERS[:2]:
                self.work(run, worker, submits=True)
            self.set_budget(run, 40)
        self.set_project_budget(60)

    def open(self) -> None:
        self.db = MephistoDB.open(home=self.home)
        self.review = Review(self.db, self.home, ME, self.registry, patience=QUICK)

    def make_run(self, number: int) -> int:
        provider = {"_provider_type": "mock", **FEES[number]}
        new = make_new_run(
            task_name=f"task-{number}",
            project_name="p",
            config={"mephisto": {"task": {}, "provider": provider}},
            pay_cents=PAY,
            unit_cost_cents=PAY,
        )
        run_id = self.db.write_now(runs.create_run, new)
        cost = PAY + fees_of_run(self.db, self.registry, run_id).of_unit(PAY)
        update = TaskRun.update(unit_cost_cents=cost).where(TaskRun.id == run_id)
        self.db.write_now(lambda tx: tx.select(update))
        for status in (RunStatus.LAUNCHING, RunStatus.LIVE):
            self.db.write_now(runs.move_run, run_id, status, "engine")
        items = [NewAssignment(place, "{}", ("{}",)) for place in range(4)]
        self.db.write_now(runs.add_assignments, run_id, items, PAY, True)
        return run_id

    def units(self, number: int, *statuses: str) -> list[tuple[int, int]]:
        query = Unit.select(Unit.id, Unit.assignment).where(
            (Unit.task_run == self.runs[number])
            & Unit.status.in_(statuses)
            & (Unit.unit_index >= 0)
        )
        return list(self.db.stream(query.order_by(Unit.id)))

    # What the engine does.

    @rule(run=RUNS, wanted=st.integers(1, 6), is_killed=st.booleans())
    def publish(self, run: int, wanted: int, is_killed: bool) -> None:
        waiting = self.units(run, "created")
        found = self.db.write_now(budgets.reserve_units, self.runs[run], min(wanted, len(waiting)))
        assert found.number <= len(waiting)
        if found.number < min(wanted, len(waiting)):
            assert found.held_back in (f"run {self.runs[run]}", "project p")
        if found.number and not is_killed:
            ids = [unit for unit, _ in waiting[: found.number]]
            self.db.write_now(runs.launch_units, self.runs[run], ids)

    @rule(run=RUNS, worker=st.sampled_from(WORKERS), submits=st.booleans())
    def work(self, run: int, worker: str, submits: bool) -> None:
        units = self.units(run, "launched")
        if not units:
            return
        self.arrivals += 1
        stored = StoredRun(self.db, self.runs[run], units)
        arrived = stored.arrive(worker, 0, f"tab-{self.arrivals}")
        if submits:
            assert stored.submit(arrived) == "stored"
        else:
            stored.end(arrived)

    @rule(run=RUNS)
    def withdraw(self, run: int) -> None:
        self.db.write_now(runs.expire_units, self.runs[run], "engine", "the run has ended")

    # What operators do.

    @rule(run=RUNS, number=st.integers(1, 3))
    def extend(self, run: int, number: int) -> None:
        items = [NewAssignment(0, "{}", ("{}",)) for _ in range(number)]
        self.db.write_now(changes.add_items, self.runs[run], items, PAY, ME)

    @rule(run=RUNS, number=st.integers(1, 3))
    def expire(self, run: int, number: int) -> None:
        ids = [unit for unit, _ in self.units(run, "created", "launched")][-number:]
        self.db.write_now(changes.withdraw_for_good, self.runs[run], ids, ME)

    @rule(run=RUNS, margin=MARGINS)
    def set_budget(self, run: int, margin: int | None) -> None:
        run_id = self.runs[run]
        worst = money_of_run(self.db, self.registry, run_id).worst
        cents = None if margin is None else max(0, worst + margin)
        before = self.budget_of(run_id)
        text = None if cents is None else amount(cents)
        self.lower_or_raise(
            cents,
            before,
            worst,
            lambda: self.db.write_now(changes.change_options, run_id, {"budget": text}, cents, ME),
        )
        assert self.budget_of(run_id) in (before, cents)

    @rule(margin=MARGINS)
    def set_project_budget(self, margin: int | None) -> None:
        money = money_of_project(self.db, self.registry, "p")
        cents = None if margin is None else max(0, money.worst + margin)
        self.lower_or_raise(
            cents,
            money.budget,
            money.worst,
            lambda: self.db.write_now(budgets.set_project_budget, "p", cents, ME),
        )

    def lower_or_raise(
        self, cents: int | None, before: int | None, worst: int, work: Callable[[], Any]
    ) -> None:
        """What is promised already can be covered or not; there is nothing in between."""
        if cents is None or cents >= worst or cents == before:
            work()
        else:
            with pytest.raises(StateError, match="is less"):
                work()

    def budget_of(self, run_id: int) -> int | None:
        return self.db.read(TaskRun.get_by_id, run_id).budget_cents

    @rule(
        run=RUNS,
        place=st.integers(0, 9),
        verdict=st.sampled_from(["accepted", "soft_rejected", "rejected"]),
        bonus=st.integers(0, 12),
    )
    def decide(self, run: int, place: int, verdict: str, bonus: int) -> None:
        units = self.units(run, "completed", "rejected")
        if not units:
            return
        bonus = 0 if verdict == "rejected" else bonus
        new = NewDecision(units[place % len(units)][0], verdict, "a reason", bonus_cents=bonus)
        try:
            self.review.stage(new)
        except StateError as error:
            assert "staged" in str(error) or "rejected" in str(error)  # noqa: PT017

    @rule()
    def undo(self) -> None:
        with suppress(StateError):
            self.review.undo()

    @rule(step=st.sampled_from(["", *STEPS]), number=st.integers(1, 5))
    def send(self, step: str, number: int) -> None:
        killed_at(self.review, step, number, self.review.send)

    @rule(
        run=RUNS,
        worker=st.integers(1, len(WORKERS)),
        cents=st.sampled_from([1, 7, 30]),
        is_again=st.booleans(),
        step=st.sampled_from(["", *STEPS]),
    )
    def compensate(self, run: int, worker: int, cents: int, is_again: bool, step: str) -> None:
        def work() -> Any:
            return self.review.compensate(worker, cents, "sorry", self.runs[run], again=is_again)

        if not list(self.db.stream(Worker.select(Worker.id).where(Worker.id == worker))):
            return
        try:
            killed_at(self.review, step, 1, work)
        except (StateError, ProviderError):
            return

    # What goes wrong.

    @rule(fault=st.sampled_from(["", *FAULTS]), chance=st.floats(0.1, 0.9), seed=st.integers(0, 99))
    def change_provider(self, fault: str, chance: float, seed: int) -> None:
        for run_id, fees in zip(self.runs, FEES, strict=True):
            config = self.db.read(TaskRun.get_by_id, run_id).config
            faults = {fault: chance, "seed": seed} if fault else {}
            config["mephisto"]["provider"] = {"_provider_type": "mock", **fees, **faults}
            update = TaskRun.update(config=config).where(TaskRun.id == run_id)
            self.db.write_now(lambda tx, update=update: tx.select(update))

    @rule()
    def restart(self) -> None:
        self.db.close()
        self.open()

    # What has to hold.

    @invariant()
    def the_books_agree(self) -> None:
        check_books(self.db, self.home)

    @invariant()
    def what_is_shown_is_what_caps_are_held_against(self) -> None:
        whole = money_of_project(self.db, self.registry, "p")
        for run_id in self.runs:
            money = money_of_run(self.db, self.registry, run_id)
            for cap in ledger.caps_of(self.db.rows, run_id):
                owner = money if cap.owner == f"run {run_id}" else whole
                assert (cap.worst_cents, cap.budget_cents) == (owner.worst, owner.budget)
                assert cap.worst_cents <= cap.budget_cents

    @invariant()
    def what_the_provider_took_is_what_we_show(self) -> None:
        entries = ledger_of(self.home).entries
        confirmed = Intent.select(Intent.key).where(Intent.status == IntentStatus.CONFIRMED)
        ours = [entries[key] for (key,) in self.db.stream(confirmed)]
        whole = money_of_project(self.db, self.registry, "p")
        assert whole.paid == sum(entry.cents for entry in ours)
        assert whole.fees == sum(entry.fee_cents for entry in ours)
        books = ledger_of(self.home)
        assert books.paid_cents() + books.fee_cents() <= whole.worst

    def teardown(self) -> None:
        try:
            self.change_provider("", 0.0, 0)
            self.review.send()
            check_books(self.db, self.home)
            assert self.review.unsettled() == []
            for row in self.review.staged():
                assert "budget" in (row.error or "")
        finally:
            self.db.close()
            self.folder.cleanup()


TestSpending = Spending.TestCase
TestSpending.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
