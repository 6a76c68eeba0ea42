from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mephisto_engine.data_model import Event, GrantedQualification, Qualification, Worker
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import workers as operations
from mephisto_engine.database.operations.workers import Grant, Imported, RehearsedError
from mephisto_engine.database.queries import workers as queries
from mephisto_engine.errors import NotFoundError, StateError
from mephisto_engine.testing.clock import FakeClock

ACTOR = "operator:ada"


def add_worker(db: MephistoDB, name: str, provider_type: str = "mock") -> int:
    def add(tx: Any) -> int:
        return int(tx.insert("worker", provider_type=provider_type, name=name, created_at=0))

    return db.write_now(add)


def create(db: MephistoDB, name: str = "good", description: str = "") -> int:
    return db.write_now(operations.create_qualification, name, description, ACTOR)


def grant(db: MephistoDB, worker: int, value: int, name: str = "good") -> int | None:
    return db.write_now(operations.grant_qualification, worker, name, value, ACTOR)


def journal(db: MephistoDB) -> list[tuple[str, str, Any]]:
    def read() -> list[tuple[str, str, Any]]:
        query: Any = Event.select(Event.kind, Event.subject_id, Event.actor, Event.data)
        rows = list(query.order_by(Event.id).tuples())
        assert {actor for _, _, actor, _ in rows} <= {ACTOR}
        return [(kind, subject, data) for kind, subject, _, data in rows]

    return db.read(read)


def test_a_second_grant_changes_the_value_and_the_time_of_change(
    db: MephistoDB, clock: FakeClock
) -> None:
    alice = add_worker(db, "alice")
    create(db)
    assert grant(db, alice, 1) is None
    granted = clock.now()
    clock.advance(60)
    assert grant(db, alice, 5) == 1

    (row,) = db.read(queries.grants)
    assert (row.value, row.granted_at) == (5, granted)
    assert row.updated_at == granted + timedelta(seconds=60)


def test_the_journal_says_who_changed_what(db: MephistoDB) -> None:
    alice = add_worker(db, "alice")
    label = create(db, "good", "knows cats")
    grant(db, alice, 1)
    grant(db, alice, -2)
    db.write_now(operations.describe_qualification, "good", "knows dogs", ACTOR)
    db.write_now(operations.rename_qualification, "good", "better", ACTOR)
    db.write_now(operations.revoke_qualification, alice, "better", ACTOR)
    db.write_now(operations.delete_qualification, "better", False, ACTOR)
    db.write_now(operations.block_worker, alice, "spam", ACTOR)
    db.write_now(operations.unblock_worker, alice, ACTOR)

    assert journal(db) == [
        ("qualification.created", label, {"name": "good", "description": "knows cats"}),
        ("worker.granted", alice, {"qualification": "good", "value": 1, "before": None}),
        ("worker.granted", alice, {"qualification": "good", "value": -2, "before": 1}),
        ("qualification.described", label, {"name": "good", "description": "knows dogs"}),
        ("qualification.renamed", label, {"name": "good", "new_name": "better"}),
        ("worker.revoked", alice, {"qualification": "better", "value": -2}),
        ("qualification.deleted", label, {"name": "better", "holders": 0}),
        ("worker.blocked", alice, {"reason": "spam"}),
        ("worker.unblocked", alice, None),
    ]


def test_revoking_what_is_not_held_is_an_error_that_says_so(db: MephistoDB) -> None:
    alice = add_worker(db, "alice")
    create(db)
    with pytest.raises(StateError, match="alice.*does not hold 'good'"):
        db.write_now(operations.revoke_qualification, alice, "good", ACTOR)
    grant(db, alice, 0)
    assert db.write_now(operations.revoke_qualification, alice, "good", ACTOR) == 0
    with pytest.raises(StateError):
        db.write_now(operations.revoke_qualification, alice, "good", ACTOR)


def test_a_label_that_is_held_is_deleted_by_force_alone(db: MephistoDB) -> None:
    workers = [add_worker(db, name) for name in ("alice", "bob")]
    create(db)
    for worker in workers:
        grant(db, worker, 3)
    with pytest.raises(StateError, match="2 workers hold") as caught:
        db.write_now(operations.delete_qualification, "good", False, ACTOR)
    assert "--force" in caught.value.hint
    assert db.read(GrantedQualification.select().count) == 2

    assert db.write_now(operations.delete_qualification, "good", True, ACTOR) == 2
    assert db.read(GrantedQualification.select().count) == 0
    assert db.read(Qualification.select().count) == 0
    kinds = [kind for kind, _, _ in journal(db)]
    assert kinds[-3:] == ["worker.revoked", "worker.revoked", "qualification.deleted"]


def test_a_renamed_label_keeps_its_holders(db: MephistoDB) -> None:
    alice = add_worker(db, "alice")
    create(db)
    grant(db, alice, 3)
    db.write_now(operations.rename_qualification, "good", "better", ACTOR)
    assert db.read(queries.worker_record, alice).qualifications == {"better": 3}


def test_two_labels_cannot_have_one_name(db: MephistoDB) -> None:
    create(db, "good")
    create(db, "better")
    with pytest.raises(StateError, match="'good' already"):
        create(db, "good")
    with pytest.raises(StateError, match="'good' already"):
        db.write_now(operations.rename_qualification, "better", "good", ACTOR)


@pytest.mark.parametrize("name", ["", " ", "good ", " good", "go\nod", "go\x1bod"])
def test_a_name_that_nobody_could_type_is_refused(db: MephistoDB, name: str) -> None:
    with pytest.raises(StateError, match="cannot be the name"):
        create(db, name)


def test_what_is_not_there_is_not_found(db: MephistoDB) -> None:
    alice = add_worker(db, "alice")
    create(db)
    for call in (
        (operations.grant_qualification, 99, "good", 1),
        (operations.grant_qualification, alice, "bad", 1),
        (operations.revoke_qualification, alice, "bad"),
        (operations.delete_qualification, "bad", True),
        (operations.rename_qualification, "bad", "worse"),
        (operations.describe_qualification, "bad", "text"),
        (operations.block_worker, 99, "spam"),
        (operations.unblock_worker, 99),
    ):
        with pytest.raises(NotFoundError):
            db.write_now(*call, ACTOR)  # type: ignore[arg-type]


def test_a_value_too_large_to_be_stored_is_refused(db: MephistoDB) -> None:
    alice = add_worker(db, "alice")
    create(db)
    for value in (2**63 - 1, -(2**63) + 1):
        grant(db, alice, value)
        assert db.read(queries.worker_record, alice).qualifications == {"good": value}
    for value in (2**63, -(2**63)):
        with pytest.raises(StateError, match="cannot be stored"):
            grant(db, alice, value)


def test_a_block_is_kept_with_its_reason_until_it_is_lifted(
    db: MephistoDB, clock: FakeClock
) -> None:
    alice = add_worker(db, "alice")
    with pytest.raises(StateError, match="is not blocked"):
        db.write_now(operations.unblock_worker, alice, ACTOR)
    db.write_now(operations.block_worker, alice, "spam", ACTOR)
    assert db.read(queries.block_of, alice) == (clock.now(), "spam")
    assert db.read(queries.worker_record, alice).is_blocked
    db.write_now(operations.unblock_worker, alice, ACTOR)
    assert db.read(queries.block_of, alice) is None


def test_a_worker_is_found_by_name_by_provider_and_by_id(db: MephistoDB) -> None:
    alice = add_worker(db, "alice")
    odd = add_worker(db, "a/b")
    for text in ("alice", "mock/alice", str(alice)):
        assert db.read(queries.find_worker, text).id == alice
    for text in ("a/b", "mock/a/b"):
        assert db.read(queries.find_worker, text).id == odd
    for text in ("Alice", "mturk/alice", "99", "٣", "9" * 30, ""):
        with pytest.raises(NotFoundError):
            db.read(queries.find_worker, text)


def test_a_name_that_may_mean_several_is_refused_with_all_of_them(db: MephistoDB) -> None:
    first, second = add_worker(db, "bob"), add_worker(db, "bob", "mturk")
    with pytest.raises(StateError) as caught:
        db.read(queries.find_worker, "bob")
    assert caught.value.message.splitlines()[1:] == [f"{first}  mock/bob", f"{second}  mturk/bob"]
    assert "PROVIDER/NAME" in caught.value.hint
    assert db.read(queries.find_worker, "mturk/bob").id == second

    add_worker(db, str(first))
    with pytest.raises(StateError):
        db.read(queries.find_worker, str(first))
    assert db.read(queries.find_worker, "mock/bob").id == first


def test_a_list_of_candidates_has_an_end(db: MephistoDB) -> None:
    for number in range(30):
        add_worker(db, "bob", f"provider-{number}")
    with pytest.raises(StateError, match="and more"):
        db.read(queries.find_worker, "bob")


def test_an_import_adds_who_has_not_come_and_is_repeatable(db: MephistoDB) -> None:
    alice = add_worker(db, "alice")
    create(db)
    grant(db, alice, 1)
    grants = [Grant("mock", "alice", "good", 2), Grant("mturk", "alice", "good", 3)]

    done = db.write_now(operations.import_grants, grants, ACTOR)
    assert done == Imported(granted=1, changed=1, unchanged=0, workers_added=1)
    before = journal(db)
    assert db.write_now(operations.import_grants, grants, ACTOR) == Imported(unchanged=2)
    assert journal(db) == before
    assert [(row.provider_type, row.value) for row in db.read(queries.grants)] == [
        ("mock", 2),
        ("mturk", 3),
    ]


def test_an_import_is_whole_or_nothing(db: MephistoDB) -> None:
    create(db)
    before = journal(db)
    grants = [Grant("mock", "alice", "good", 2), Grant("mock", "alice", "bad", 2)]
    with pytest.raises(NotFoundError):
        db.write_now(operations.import_grants, grants, ACTOR)
    assert db.read(Worker.select().count) == 0
    assert journal(db) == before


def test_a_rehearsal_says_what_an_import_would_do_and_stores_nothing(db: MephistoDB) -> None:
    create(db)
    before = journal(db)
    with pytest.raises(RehearsedError) as caught:
        db.write_now(operations.rehearse_import, [Grant("mock", "alice", "good", 2)], ACTOR)
    assert caught.value.imported == Imported(granted=1, workers_added=1)
    assert db.read(Worker.select().count) == 0
    assert journal(db) == before


def test_labels_are_counted_by_holders(db: MephistoDB) -> None:
    alice = add_worker(db, "alice")
    create(db, "good", "knows cats")
    create(db, "unused")
    grant(db, alice, 1)
    found = {row.name: (row.holders, row.description) for row in db.read(queries.qualifications)}
    assert found == {"good": (1, "knows cats"), "unused": (0, "")}
    assert db.read(queries.qualification, "good").holders == 1
    with pytest.raises(NotFoundError):
        db.read(queries.qualification, "bad")
