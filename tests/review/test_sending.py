from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from review_world import ReviewedRun, ledger_of

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.data_model import Agent, Intent, Unit, Worker
from mephisto_engine.data_model.status import IntentStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.errors import ProviderError, StateError
from mephisto_engine.operations.money.accounts import money_of_project, money_of_run
from mephisto_engine.operations.money.payments import sending_alone


def _intents(db: MephistoDB) -> dict[str, str]:
    rows = db.stream(Intent.select(Intent.key, Intent.status))
    return dict(rows)


def test_what_was_staged_is_what_the_provider_has_done(run: ReviewedRun, home: Path) -> None:
    one, two, three = run.units
    ids = run.review.stage(
        NewDecision(one, "accepted", "fine", is_note_sent=True, bonus_cents=5),
        NewDecision(two, "rejected", "empty", block_reason="spam"),
        NewDecision(three, "soft_rejected", "too short"),
    )
    assert [sent.error for sent in run.review.send()] == ["", "", ""]
    entries = ledger_of(home).entries
    done = {key: (item.worker_name, item.cents, item.reason) for key, item in entries.items()}
    block = next(key for key in done if key.startswith("block:"))
    assert done == {
        f"approve:unit:{one}": ("alice", 10, "fine"),
        f"bonus:decision:{ids[0]}": ("alice", 5, "fine"),
        f"reject:unit:{two}": ("bob", 0, "empty"),
        block: ("bob", 0, "spam"),
        f"approve:unit:{three}": ("alice", 10, ""),
    }
    assert [run.status(place) for place in range(3)] == ["accepted", "rejected", "soft_rejected"]
    agents = dict(run.db.stream(Agent.select(Agent.unit, Agent.status)))
    assert agents == {one: "approved", two: "rejected", three: "soft_rejected"}
    assert run.db.read(Worker.get, Worker.name == "bob").block_reason == "spam"
    assert {row.status for row in run.review.history()} == {"sent"}
    assert run.review.queue() == run.review.staged() == run.review.unsettled() == []


def test_sending_again_pays_nothing_again(run: ReviewedRun, home: Path) -> None:
    run.review.stage(NewDecision(run.units[0], "accepted", bonus_cents=5))
    run.review.send()
    assert run.review.send() == []
    assert ledger_of(home).paid_cents() == 15


def test_a_rejected_unit_can_be_accepted_after_all(run: ReviewedRun, home: Path) -> None:
    run.review.stage(NewDecision(run.units[0], "rejected", "empty"))
    run.review.send()
    run.review.stage(NewDecision(run.units[0], "accepted", "a mistake of ours"))
    run.review.send()
    assert run.status() == "accepted"
    assert ledger_of(home).paid_cents() == 10
    with pytest.raises(StateError, match="accepted"):
        run.review.stage(NewDecision(run.units[0], "rejected", "no"))


def test_what_the_provider_refuses_stays_staged_with_its_words(db: MephistoDB, home: Path) -> None:
    run = ReviewedRun(db, home, "alice", provider={"refuse": 1.0})
    (decision_id,) = run.review.stage(NewDecision(run.units[0], "accepted"))
    (sent,) = run.review.send()
    assert sent.error == "approve: The mock provider refuses."
    (row,) = run.review.staged()
    assert (row.id, row.error) == (decision_id, "approve: The mock provider refuses.")
    assert run.status() == "completed"
    run.review.undo()
    assert _intents(db) == {f"approve:unit:{run.units[0]}": IntentStatus.FAILED}


def test_a_refused_approval_can_be_another_decision_with_the_same_key(
    db: MephistoDB, home: Path
) -> None:
    run = ReviewedRun(db, home, "alice", provider={"refuse": 1.0})
    run.review.stage(NewDecision(run.units[0], "accepted"))
    run.review.send()
    run.change_provider(refuse=0.0)
    run.review.stage(NewDecision(run.units[0], "soft_rejected", "too short"))
    assert [sent.error for sent in run.review.send()] == [""]
    assert run.status() == "soft_rejected"
    assert list(ledger_of(home).entries) == [f"approve:unit:{run.units[0]}"]


def test_a_provider_that_throttles_is_asked_again(db: MephistoDB, home: Path) -> None:
    run = ReviewedRun(db, home, *"abcdef", provider={"throttle": 0.5})
    run.review.stage(*(NewDecision(unit, "accepted") for unit in run.units))
    assert {sent.error for sent in run.review.send()} == {""}
    assert ledger_of(home).paid_cents() == 60


def test_a_provider_that_throttles_for_ever_is_given_up(db: MephistoDB, home: Path) -> None:
    run = ReviewedRun(db, home, "alice", provider={"throttle": 1.0})
    run.review.stage(NewDecision(run.units[0], "accepted"))
    (sent,) = run.review.send()
    assert sent.error == "approve: The mock provider is throttling. (tried 5 times)"


@pytest.mark.parametrize("fault", ["drop", "hang"])
def test_a_lost_answer_is_asked_for_before_anything_is_repeated(
    db: MephistoDB, home: Path, fault: str
) -> None:
    run = ReviewedRun(db, home, *"abcdefgh", provider={fault: 0.7})
    run.review.stage(*(NewDecision(unit, "accepted", bonus_cents=1) for unit in run.units))
    while any(sent.error for sent in run.review.send()):
        """What stays staged is sent again."""
    assert ledger_of(home).paid_cents() == 88
    assert set(_intents(db).values()) == {IntentStatus.CONFIRMED}


def test_a_bonus_that_no_budget_covers_is_not_sent(db: MephistoDB, home: Path) -> None:
    run = ReviewedRun(db, home, "alice", budget_cents=12)
    run.review.stage(NewDecision(run.units[0], "accepted"))
    run.review.stage(NewDecision(run.units[0], "accepted", bonus_cents=5))
    (sent,) = run.review.send()
    assert "budget of run" in sent.error
    assert run.status() == "completed"
    run.review.stage(NewDecision(run.units[0], "accepted", bonus_cents=2))
    assert [sent.error for sent in run.review.send()] == [""]


def test_only_one_process_sends(run: ReviewedRun) -> None:
    with sending_alone(run.db), pytest.raises(StateError, match="another process"):
        run.review.send()


def test_only_the_named_run_is_sent(db: MephistoDB, home: Path) -> None:
    one, two = ReviewedRun(db, home, "a"), ReviewedRun(db, home, "b")
    for run in (one, two):
        run.review.stage(NewDecision(run.units[0], "accepted"))
    one.review.send(one.stored.id)
    assert (one.status(), two.status()) == ("accepted", "completed")


def test_a_provider_that_is_not_installed_is_said_at_each_decision(run: ReviewedRun) -> None:
    from mephisto_engine.data_model import TaskRun

    change = TaskRun.update(provider_type="gone")
    run.db.write_now(lambda tx: tx.select(change))
    run.review.stage(NewDecision(run.units[0], "accepted"))
    (sent,) = run.review.send()
    assert "gone" in sent.error
    assert run.review.staged()[0].error == sent.error


def test_what_nobody_can_tell_is_shown_until_an_operator_settles_it(
    db: MephistoDB, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mephisto_engine.abstractions.crowd_provider import Outcome
    from mephisto_providers.mock import MockProvider

    async def unknown(self: Any, call: Any) -> Outcome:
        return Outcome.UNKNOWN

    monkeypatch.setattr(MockProvider, "outcome", unknown)
    run = ReviewedRun(db, home, "alice", "bob", provider={"drop": 1.0})
    run.review.stage(*(NewDecision(unit, "accepted") for unit in run.units))
    assert all("ConnectionResetError" in sent.error for sent in run.review.send())
    one, two = sorted(call.key for call in run.review.unsettled())
    before = len(ledger_of(home).entries)
    run.review.send()
    assert len(ledger_of(home).entries) == before
    with pytest.raises(StateError, match="not known"):
        run.review.undo()
    run.review.settle(one, True)
    assert run.status(0) == "accepted"
    run.change_provider(drop=0.0)
    run.review.settle(two, False)
    run.review.send()
    assert run.status(1) == "accepted"
    with pytest.raises(StateError, match="confirmed"):
        run.review.settle(two, True)


def _worker(db: MephistoDB, name: str = "alice") -> int:
    return int(db.read(Worker.get, Worker.name == name).id)


def test_a_compensation_is_paid_once_however_often_it_is_asked_for(
    run: ReviewedRun, home: Path
) -> None:
    worker = _worker(run.db)
    first = run.review.compensate(worker, 150, "the page broke")
    second = run.review.compensate(worker, 150, "the page broke")
    assert not first.was_paid_before
    assert second.was_paid_before
    assert (second.unit_id, second.run_id) == (first.unit_id, run.stored.id)
    assert ledger_of(home).paid_cents() == 150
    again = run.review.compensate(worker, 150, "the page broke", again=True)
    assert again.unit_id != first.unit_id
    assert ledger_of(home).paid_cents() == 300
    run.review.compensate(worker, 150, "something else")
    assert ledger_of(home).paid_cents() == 450


def test_a_compensation_is_a_unit_of_its_own_kind(run: ReviewedRun) -> None:
    paid = run.review.compensate(_worker(run.db), 150, "the page broke")
    unit = run.db.read(Unit.get_by_id, paid.unit_id)
    assert (unit.unit_index, unit.pay_cents, unit.status) == (-3, 150, "accepted")
    assert money_of_run(run.db, Registry(), run.stored.id).compensations == 150
    assert len(run.review.queue()) == 3


def test_a_compensation_that_was_refused_can_be_tried_again(db: MephistoDB, home: Path) -> None:
    run = ReviewedRun(db, home, "alice", provider={"refuse": 1.0})
    with pytest.raises(ProviderError, match="refuses"):
        run.review.compensate(_worker(db), 150, "the page broke")
    run.change_provider(refuse=0.0)
    run.review.compensate(_worker(db), 150, "the page broke")
    assert ledger_of(home).paid_cents() == 150


@pytest.mark.parametrize(("cents", "reason"), [(0, "x"), (-5, "x"), (10**9, "x"), (5, " ")])
def test_a_compensation_that_makes_no_sense_is_refused(
    run: ReviewedRun, cents: int, reason: str
) -> None:
    with pytest.raises(StateError):
        run.review.compensate(_worker(run.db), cents, reason)


def test_a_compensation_that_no_budget_covers_is_not_paid(db: MephistoDB, home: Path) -> None:
    run = ReviewedRun(db, home, "alice", budget_cents=12)
    with pytest.raises(StateError, match="budget of run"):
        run.review.compensate(_worker(db), 3, "the page broke")
    run.review.compensate(_worker(db), 2, "the page broke")
    assert ledger_of(home).paid_cents() == 2


def test_the_money_of_a_run_adds_up(db: MephistoDB, home: Path) -> None:
    run = ReviewedRun(db, home, "alice", "bob", "carol", unit_cost_cents=12, project_name="p")
    run.review.stage(
        NewDecision(run.units[0], "accepted", bonus_cents=5),
        NewDecision(run.units[1], "rejected", "empty"),
    )
    run.review.send()
    run.review.stage(NewDecision(run.units[2], "accepted", bonus_cents=7))
    money = money_of_run(db, Registry(), run.stored.id)
    assert (money.paid, money.fees, money.bonuses) == (15, 2, 5)
    assert (money.committed, money.reserved, money.staged) == (12, 0, 7)
    assert (money.worst, money.forecast) == (29, 36)
    assert money_of_project(db, Registry(), "p") == money


def test_decisions_from_a_file_are_staged_each_by_itself(run: ReviewedRun) -> None:
    decisions = [
        NewDecision(run.units[0], "accepted"),
        NewDecision(run.units[1], "rejected"),
        NewDecision(4711, "accepted"),
        NewDecision(run.units[2], "soft_rejected"),
    ]
    faults = run.review.apply(decisions, is_rehearsal=True)
    assert [bool(fault) for fault in faults] == [False, True, True, False]
    assert run.review.history() == []
    assert run.review.apply(decisions) == faults
    assert [row.unit_id for row in run.review.staged()] == [run.units[0], run.units[2]]
