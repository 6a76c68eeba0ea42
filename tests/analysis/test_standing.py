from __future__ import annotations

import pytest

from mephisto_engine.data_model import Unit
from mephisto_engine.data_model.status import AgentStatus, UnitStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations.workers import block_worker, unblock_worker
from mephisto_engine.database.queries import standing
from mephisto_engine.database.queries.standing import Within
from mephisto_engine.database.queries.worker_history import worker_history
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import NotFoundError
from mephisto_engine.testing.clock import FakeClock
from mephisto_engine.testing.conformance.database import StoredRun


def decide(tx: Transaction, run: StoredRun, place: int, verdict: UnitStatus) -> None:
    unit, _ = run.units[place]
    tx.move("unit", unit, verdict, run=run.id, actor="operator:me")


def work(run: StoredRun, clock: FakeClock, worker: str, place: int, seconds: float) -> int:
    arrived = run.arrive(worker, place)
    clock.advance(seconds)
    run.submit(arrived)
    return arrived.worker.id


@pytest.fixture
def run(db: MephistoDB) -> StoredRun:
    return StoredRun.create(db, assignments=6, pay_cents=30)


def test_a_workers_figures_follow_what_became_of_each_unit(
    db: MephistoDB, run: StoredRun, clock: FakeClock
) -> None:
    for place, seconds in enumerate((60, 120, 180, 240)):
        ada = work(run, clock, "ada", place, seconds)
    verdicts = (UnitStatus.ACCEPTED, UnitStatus.SOFT_REJECTED, UnitStatus.REJECTED)
    for place, verdict in enumerate(verdicts):
        db.write_now(decide, run, place, verdict)
    lost = run.arrive("ada", 4)
    run.end(lost, AgentStatus.RETURNED)
    run.arrive("ada", 5)

    history = db.read(worker_history, ada)

    found = history.overall
    assert (found.completed, found.accepted, found.soft_rejected, found.rejected) == (1, 1, 1, 1)
    assert (found.lost, found.live, found.done) == (1, 1, 4)
    assert found.accept_rate == pytest.approx(1 / 3)
    assert found.median_seconds == 150
    assert found.earned_cents == 2 * pay_of(db, run)
    assert history.by_task == {"sample-task": found}
    assert history.by_project == {"": found}


def pay_of(db: MephistoDB, run: StoredRun) -> int:
    return int(db.read(Unit.get_by_id, run.units[0][0]).pay_cents)


def test_hourly_pay_is_the_middle_of_the_units(
    db: MephistoDB, run: StoredRun, clock: FakeClock
) -> None:
    for place, seconds in enumerate((36, 72, 360)):
        work(run, clock, "ada", place, seconds)

    found = db.read(standing.figures, Within(run_id=run.id))

    # 72 seconds are a fiftieth of an hour.
    assert found.hourly_cents == 50 * pay_of(db, run)


def test_the_busiest_stand_first_and_only_those_who_were_there(
    db: MephistoDB, run: StoredRun, clock: FakeClock
) -> None:
    work(run, clock, "ada", 0, 1)
    work(run, clock, "bea", 1, 1)
    work(run, clock, "bea", 2, 1)
    other = StoredRun.create(db, task_name="other", provider_type="inhouse")
    work(other, clock, "cyd", 0, 1)

    names = [row.worker_name for row in db.read(standing.standings, Within(run_id=run.id))]

    assert names == ["bea", "ada"]
    assert len(db.read(standing.standings)) == 3
    assert [row.figures.done for row in db.read(standing.standings, Within(task_name="other"))] == [
        1
    ]


def test_figures_are_kept_apart_by_provider_and_project(
    db: MephistoDB, run: StoredRun, clock: FakeClock
) -> None:
    work(run, clock, "ada", 0, 1)
    other = StoredRun.create(db, task_name="other", project_name="chat")
    work(other, clock, "ada", 0, 1)

    projects = db.read(standing.project_figures)

    assert {name: found.done for name, found in projects.items()} == {"": 1, "chat": 1}
    assert {name: found.done for name, found in db.read(standing.provider_figures).items()} == {
        "mock": 2
    }
    assert db.read(standing.figures, Within(project_name="chat")).done == 1


def test_blocks_keep_their_reasons_and_notes_their_writers(
    db: MephistoDB, run: StoredRun, clock: FakeClock
) -> None:
    ada = work(run, clock, "ada", 0, 1)
    db.write_now(block_worker, ada, "answers at random", "operator:me")
    db.write_now(unblock_worker, ada, "operator:you")
    db.write_now(
        lambda tx: tx.insert(
            "worker_note", worker=ada, text="kind", written_by="operator:me", created_at=tx.now_ms
        )
    )

    history = db.read(worker_history, ada)

    assert [(row.is_block, row.reason, row.by) for row in history.blocks] == [
        (False, "", "operator:you"),
        (True, "answers at random", "operator:me"),
    ]
    assert [row.text for row in history.notes] == ["kind"]
    assert not history.worker.is_blocked


def test_nobody_has_no_history(db: MephistoDB) -> None:
    with pytest.raises(NotFoundError):
        db.read(worker_history, 7)


def test_no_work_has_no_middle(db: MephistoDB) -> None:
    found = db.read(standing.figures)

    assert (found.done, found.median_seconds, found.hourly_cents, found.accept_rate) == (
        *(0, None, None, None),
    )
