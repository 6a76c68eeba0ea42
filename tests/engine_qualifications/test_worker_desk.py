"""What an operator does to several workers at once, as a console asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mephisto_engine.data_model import Event
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import workers as ops
from mephisto_engine.database.queries.worker_history import worker_history
from mephisto_engine.errors import NotFoundError
from mephisto_engine.operations.watching.selection import Selection
from mephisto_engine.operations.watching.snapshot import Window
from mephisto_engine.operations.worker_desk import WorkerDesk
from mephisto_engine.testing.conformance.database import StoredRun

NAMES = ("ann", "bob", "cid")


@pytest.fixture
def ids(db: MephistoDB) -> list[int]:
    run = StoredRun.create(db, assignments=3)
    return [run.arrive(name, place).worker.id for place, name in enumerate(NAMES)]


@pytest.fixture
def desk(db: MephistoDB, tmp_path: Path) -> WorkerDesk:
    return WorkerDesk(db, tmp_path, "operator:eve")


def actors(db: MephistoDB, kind: str) -> list[tuple[int, str]]:
    query = Event.select(Event.subject_id, Event.actor).where(Event.kind == kind)
    return list(db.stream(query.order_by(Event.id)))  # type: ignore[arg-type]


def test_who_cannot_be_changed_keeps_nobody_else_from_it(
    db: MephistoDB, desk: WorkerDesk, ids: list[int]
) -> None:
    assert desk.block(ids[:2], "spam").number == 2
    done = desk.unblock(ids)
    assert done.number == 2
    assert done.refused == ((ids[2], f"Worker {ids[2]} (cid) is not blocked."),)
    assert actors(db, "worker.unblocked") == [(row, "operator:eve") for row in ids[:2]]


def test_a_worker_who_is_not_there_is_told_of(desk: WorkerDesk, ids: list[int]) -> None:
    done = desk.note([ids[0], 99], "careful")
    assert (done.number, done.refused) == (1, ((99, "There is no worker 99."),))


def test_labels_come_and_go_for_several_at_once(
    db: MephistoDB, desk: WorkerDesk, ids: list[int]
) -> None:
    db.write_now(ops.create_qualification, "good", "", "operator:eve")
    assert desk.grant(ids, "good", 3).number == 3
    assert desk.revoke(ids[:1], "good").number == 1
    held = [db.read(worker_history, row).qualifications for row in ids]
    assert [[grant.value for grant in grants] for grants in held] == [[], [3], [3]]
    (refused,) = desk.revoke(ids[:1], "good").refused
    assert "does not hold 'good'" in refused[1]
    assert len(desk.grant(ids, "no such", 1).refused) == 3


def test_who_is_meant_is_found_by_key_or_by_filter(desk: WorkerDesk, ids: list[int]) -> None:
    desk.block([ids[1]], "spam")

    def names(selection: Selection) -> list[str]:
        return [worker.name for worker in desk.meant(selection)]

    assert names(Selection(frozenset({ids[2], ids[0], 99}))) == ["ann", "cid"]
    assert names(Selection.of_filter(Window(limit=1))) == list(NAMES)
    assert names(Selection.of_filter(Window(), frozenset({ids[0]}))) == ["bob", "cid"]
    assert names(Selection.of_filter(Window(status="blocked"))) == ["bob"]
    assert names(Selection.of_filter(Window(text="b", is_inverse=True))) == ["ann", "cid"]


def test_why_is_told_of_the_worker_with_this_number(
    db: MephistoDB, desk: WorkerDesk, ids: list[int]
) -> None:
    # A worker may be called by another worker's number.
    run = StoredRun.create(db, assignments=1)
    run.arrive(str(ids[0]))
    assert desk.why(ids[0], run.id).worker.name == "ann"
    with pytest.raises(NotFoundError):
        desk.why(99, run.id)
