from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from killing import killed_at
from review_world import ReviewedRun, check_books, ledger_of

from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.errors import ProviderError, StateError
from mephisto_engine.operations.money.payments import STEPS

WORKERS = ("alice", "bob", "carol", "alice", "bob", "carol")
BUDGET = 90
VERDICTS = ("accepted", "soft_rejected", "rejected")
FAULTS = ("throttle", "drop", "hang", "refuse")

pytestmark = pytest.mark.usefixtures("forgetful_provider")


def _check_books(run: ReviewedRun, home: Path) -> None:
    check_books(run.db, home)
    assert ledger_of(home).paid_cents() <= BUDGET


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("fault", ["", "drop"])
@pytest.mark.parametrize("step", STEPS)
def test_whatever_is_killed_everything_happens_once(
    db: MephistoDB, home: Path, step: str, fault: str, number: int
) -> None:
    run = ReviewedRun(db, home, *WORKERS[:3], provider={fault: 0.6} if fault else {})
    run.review.stage(
        NewDecision(run.units[0], "accepted", "fine", bonus_cents=5),
        NewDecision(run.units[1], "rejected", "empty", block_reason="spam"),
        NewDecision(run.units[2], "soft_rejected", bonus_cents=2),
    )
    killed_at(run.review, step, number, run.review.send)
    run.change_provider()
    _check_books(run, home)
    run.review.send()
    _check_books(run, home)
    assert [run.status(place) for place in range(3)] == ["accepted", "rejected", "soft_rejected"]
    assert ledger_of(home).paid_cents() == 27
    assert ledger_of(home).blocked == {"bob"}
    assert run.review.staged() == run.review.unsettled() == []


@pytest.mark.parametrize("step", STEPS)
def test_a_compensation_that_was_cut_off_is_paid_once(
    db: MephistoDB, home: Path, step: str
) -> None:
    run = ReviewedRun(db, home, "alice")
    killed_at(run.review, step, 1, lambda: run.review.compensate(1, 50, "the page broke"))
    run.review.compensate(1, 50, "the page broke")
    assert ledger_of(home).paid_cents() == 50
    _check_books(run, home)


class Reviewing(RuleBasedStateMachine):
    """Operators decide, change their minds and send, while processes end and providers fail."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.home = Path(self.folder.name)
        self.db = MephistoDB.open(home=self.home)
        self.run = ReviewedRun(self.db, self.home, *WORKERS, budget_cents=BUDGET)
        self.staged: dict[int, NewDecision] = {}
        """Unit → the decision that an operator sees as staged."""

    @rule(
        place=st.integers(0, len(WORKERS) - 1),
        verdict=st.sampled_from(VERDICTS),
        bonus=st.integers(0, 12),
        is_blocked=st.booleans(),
    )
    def decide(self, place: int, verdict: str, bonus: int, is_blocked: bool) -> None:
        new = NewDecision(
            self.run.units[place],
            verdict,
            "a reason",
            bonus_cents=0 if verdict == "rejected" else bonus,
            block_reason="spam" if is_blocked else None,
        )
        try:
            self.run.review.stage(new)
        except StateError:
            return
        self.staged[new.unit_id] = new

    @rule()
    def undo(self) -> None:
        before = {row.id: row.unit_id for row in self.run.review.staged()}
        try:
            undone = self.run.review.undo()
        except StateError:
            return
        del self.staged[before[undone]]

    @rule(fault=st.sampled_from(["", *FAULTS]), chance=st.floats(0.1, 0.9), seed=st.integers(0, 99))
    def change_provider(self, fault: str, chance: float, seed: int) -> None:
        self.run.change_provider(**({fault: chance, "seed": seed} if fault else {}))

    @rule()
    def send(self) -> None:
        for sent in self.run.review.send():
            if not sent.error:
                del self.staged[sent.decision.unit_id]

    @rule(step=st.sampled_from(STEPS), number=st.integers(1, 5))
    def send_and_be_killed(self, step: str, number: int) -> None:
        killed_at(self.run.review, step, number, self.run.review.send)
        shown = {row.unit_id for row in self.run.review.staged()}
        for unit_id in set(self.staged) - shown:
            del self.staged[unit_id]
            assert self._verdict_of(unit_id) in VERDICTS

    @rule(step=st.sampled_from(["", *STEPS]), cents=st.sampled_from([3, 7]), is_again=st.booleans())
    def compensate(self, step: str, cents: int, is_again: bool) -> None:
        review = self.run.review

        def work() -> Any:
            return review.compensate(1, cents, "the page broke", again=is_again)

        try:
            killed_at(review, step, 1, work) if step else work()
        except (StateError, ProviderError):
            return

    @rule()
    def restart(self) -> None:
        units, stored = self.run.units, self.run.stored
        self.db.close()
        self.db = MephistoDB.open(home=self.home)
        self.run = ReviewedRun.found(self.db, self.home, stored, units)

    @invariant()
    def what_is_staged_is_shown(self) -> None:
        shown = {row.unit_id: row for row in self.run.review.staged()}
        assert set(shown) == set(self.staged)
        for unit_id, row in shown.items():
            new = self.staged[unit_id]
            assert (row.verdict, row.bonus_cents, row.block_reason) == (
                new.verdict,
                new.bonus_cents,
                new.block_reason,
            )

    @invariant()
    def nothing_is_paid_twice_or_unknown_to_us(self) -> None:
        _check_books(self.run, self.home)

    def teardown(self) -> None:
        try:
            self.run.change_provider()
            self.run.review.send()
            _check_books(self.run, self.home)
            assert self.run.review.unsettled() == []
            for row in self.run.review.staged():
                assert "budget" in (row.error or "")
        finally:
            self.db.close()
            self.folder.cleanup()

    def _verdict_of(self, unit_id: int) -> str:
        return self.run.status(self.run.units.index(unit_id))


TestReviewing = Reviewing.TestCase
TestReviewing.settings = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
