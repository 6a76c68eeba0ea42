from __future__ import annotations

from pathlib import Path

import pytest
from review_world import ReviewedRun

from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.errors import NotFoundError, StateError
from mephisto_engine.operations.reviewing.review import Review
from mephisto_engine.testing.conformance.database import StoredRun


def test_the_queue_goes_by_worker_and_then_by_age(run: ReviewedRun) -> None:
    one, two, three = run.units
    queued = run.review.queue(run.stored.id)
    assert [(item.unit_id, item.worker_name) for item in queued] == [
        (one, "alice"),
        (three, "alice"),
        (two, "bob"),
    ]
    assert {(item.task_name, item.status, item.staged) for item in queued} == {
        ("sample-task", "completed", "")
    }
    assert run.review.queue() == run.review.queue(task_name="sample-task") == queued
    assert run.review.queue(run.stored.id + 1) == run.review.queue(task_name="other") == []


def test_a_decision_is_staged_and_nothing_else_changes(run: ReviewedRun) -> None:
    (decision_id,) = run.review.stage(NewDecision(run.units[0], "accepted", "fine", bonus_cents=5))
    (row,) = run.review.staged()
    assert (row.id, row.unit_id, row.verdict, row.note) == (
        decision_id,
        run.units[0],
        "accepted",
        "fine",
    )
    assert (row.worker_name, row.pay_cents, row.bonus_cents) == ("alice", 10, 5)
    assert (row.decided_by, row.is_note_sent, row.error) == ("operator:me", False, None)
    assert run.status() == "completed"
    assert [item.staged for item in run.review.queue()] == ["accepted", "", ""]


def test_a_second_decision_takes_the_place_of_the_first(run: ReviewedRun) -> None:
    (first,) = run.review.stage(NewDecision(run.units[0], "accepted"))
    (second,) = run.review.stage(NewDecision(run.units[0], "rejected", "empty"))
    assert [(row.id, row.verdict) for row in run.review.staged()] == [(second, "rejected")]
    assert [(row.id, row.status) for row in run.review.history()] == [
        (second, "staged"),
        (first, "withdrawn"),
    ]


def test_whoever_is_rejected_is_told_why(run: ReviewedRun) -> None:
    run.review.stage(NewDecision(run.units[0], "rejected", "empty"))
    assert run.review.staged()[0].is_note_sent


def test_undo_takes_back_the_last_and_then_the_one_before(run: ReviewedRun) -> None:
    first, second = run.review.stage(*(NewDecision(unit, "accepted") for unit in run.units[:2]))
    assert run.review.undo() == second
    assert [row.id for row in run.review.staged()] == [first]
    assert run.review.undo() == first
    with pytest.raises(StateError, match="Nothing that you decided"):
        run.review.undo()


def test_nobody_undoes_what_another_operator_decided(
    run: ReviewedRun, db: MephistoDB, home: Path
) -> None:
    run.review.stage(NewDecision(run.units[0], "accepted"))
    with pytest.raises(StateError):
        Review(db, home, "operator:you").undo()


def test_several_decisions_are_staged_all_or_none(run: ReviewedRun) -> None:
    good, bad = NewDecision(run.units[0], "accepted"), NewDecision(run.units[1], "rejected")
    with pytest.raises(StateError, match="reason"):
        run.review.stage(good, bad)
    assert run.review.staged() == []


def test_withdrawing_twice_is_refused(run: ReviewedRun) -> None:
    ids = run.review.stage(NewDecision(run.units[0], "accepted"))
    run.review.withdraw(ids)
    with pytest.raises(StateError, match="withdrawn"):
        run.review.withdraw(ids)
    with pytest.raises(NotFoundError):
        run.review.withdraw([99])


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"verdict": "approved"}, "no verdict"),
        ({"verdict": "rejected"}, "reason"),
        ({"verdict": "rejected", "note": " \n"}, "reason"),
        ({"verdict": "rejected", "note": "bad", "bonus_cents": 1}, "no bonus"),
        ({"verdict": "accepted", "bonus_cents": -1}, "bonus"),
        ({"verdict": "accepted", "bonus_cents": 10**9}, "bonus"),
        ({"verdict": "accepted", "block_reason": ""}, "block"),
    ],
)
def test_a_decision_that_is_wrong_is_refused(
    run: ReviewedRun, changes: dict[str, object], fault: str
) -> None:
    with pytest.raises(StateError, match=fault):
        run.review.stage(NewDecision(run.units[0], **changes))  # type: ignore[arg-type]
    assert run.review.history() == []


def test_only_what_was_submitted_can_be_decided_on(db: MephistoDB, home: Path) -> None:
    run = ReviewedRun(db, home)
    with pytest.raises(NotFoundError):
        run.review.stage(NewDecision(4711, "accepted"))


def test_open_units_are_not_decided_on(db: MephistoDB, home: Path, run: ReviewedRun) -> None:
    from mephisto_engine.testing.conformance.database import StoredRun

    unit = StoredRun.create(db).units[0][0]
    with pytest.raises(StateError, match="launched"):
        run.review.stage(NewDecision(unit, "accepted"))


def test_an_items_units_are_read_together_whatever_was_decided(
    run: ReviewedRun, db: MephistoDB
) -> None:
    stored = StoredRun.create(db, units_each=3)
    for place, worker in enumerate(("alice", "bob")):
        stored.submit(stored.arrive(worker, place), f'{{"answer": {place}}}')
    (first, item), (second, _), _unanswered = stored.units
    run.review.stage(NewDecision(first, "accepted"))
    read = run.review.item(item)
    assert [unit.record.unit.id for unit in read] == [first, second]
    assert [unit.record.worker_name for unit in read] == ["alice", "bob"]
    assert all(unit.sections and not unit.record.files for unit in read)
    assert run.review.item(item + 1) == ()
