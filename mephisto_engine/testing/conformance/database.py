"""Whether a database keeps what the engine relies on, whatever its kind."""

# ruff: noqa: D102 - the name of a test says what is true

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from peewee import IntegrityError, PeeweeException

from mephisto_engine.data_model import Agent, Event, Submission, TaskRun, Unit, Worker
from mephisto_engine.data_model.base import database as in_use
from mephisto_engine.data_model.status import AgentStatus, RunStatus, UnitStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.compiled import Compiled
from mephisto_engine.database.lease_watch import LEASE_SECONDS
from mephisto_engine.database.operations import agents, lease, runs, submissions, workers
from mephisto_engine.database.operations.agents import Arrived
from mephisto_engine.database.operations.lease import Holder
from mephisto_engine.database.operations.reopening import reopen_units
from mephisto_engine.database.operations.runs import NewAssignment, NewRun
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import LeaseHeldError, StateError, StorageError
from mephisto_engine.operations.checks.invariants import check_invariants
from mephisto_engine.testing.clock import FakeClock
from mephisto_engine.tokens import new_token

_ODD_TEXTS = (
    '{"text": "plain"}',
    '{"text": "Größe 你好 🙂 \\u0000 \\ud83d"}',
    '{"a":1,  "a" : 2}\n',
    "[" * 50 + "]" * 50,
    '{"long": "' + "x" * 100_000 + '"}',
)


@dataclass
class StoredRun:
    """A run in a database without an engine; operations stand in for what an engine does."""

    db: MephistoDB
    id: int
    units: list[tuple[int, int]] = field(default_factory=list)
    """``(unit id, assignment id)``"""

    @classmethod
    def create(
        cls, db: MephistoDB, *, assignments: int = 1, units_each: int = 1, **changes: Any
    ) -> StoredRun:
        """A new live run whose units are on offer."""
        run = cls(db, db.write_now(runs.create_run, make_new_run(**changes)))
        for status in (RunStatus.LAUNCHING, RunStatus.LIVE):
            db.write_now(runs.move_run, run.id, status, "engine")
        items = [NewAssignment(index, "{}", ("{}",) * units_each) for index in range(assignments)]
        run.units = db.write_now(runs.add_assignments, run.id, items, 10, True)
        db.write_now(runs.launch_units, run.id, [unit for unit, _ in run.units])
        return run

    def arrival(self, worker: str, place: int, registration: str | None = None) -> agents.Arrival:
        """A worker who is to get one of the units."""
        unit, assignment = self.units[place]
        return agents.Arrival(
            run_id=self.id,
            provider_type="mock",
            worker_name=worker,
            registration_id=registration or f"{place}-{worker}",
            claim=(assignment, unit),
            token=new_token(),
            status="in task",
            deadline_ms=0,
            has_limits=False,
            judge=lambda standing: "",
        )

    def arrive(self, worker: str, place: int = 0, registration: str | None = None) -> Arrived:
        """Let a worker in."""
        return self.db.write_now(agents.arrive, self.arrival(worker, place, registration))

    def submission(self, arrived: Arrived, body: str) -> submissions.NewSubmission:
        """An answer of a worker who was let in."""
        unit_id = arrived.unit.id if arrived.unit else 0
        return submissions.NewSubmission(
            arrived.agent_id, unit_id, self.id, arrived.worker.id, body, (), None
        )

    def submit(self, arrived: Arrived, body: str = "{}") -> str:
        """Store an answer; what came of it."""
        return self.db.write_now(submissions.submit, self.submission(arrived, body))

    def end(self, arrived: Arrived, status: AgentStatus = AgentStatus.TIMEOUT) -> None:
        """A worker is gone; the unit is on offer again."""
        self.db.write_now(
            agents.end_agent,
            arrived.agent_id,
            arrived.unit.id if arrived.unit else 0,
            self.id,
            status,
            UnitStatus.LAUNCHED,
            "engine",
            "test",
        )

    def unit_status(self, place: int = 0) -> str:
        """Stored status of a unit."""
        return str(self.db.read(Unit.get_by_id, self.units[place][0]).status)


def make_new_run(**changes: Any) -> NewRun:
    """A run that does not exist yet."""
    columns: dict[str, Any] = {
        "task_name": "sample-task",
        "task_type": "mock",
        "project_name": None,
        "requester_name": "MOCK_REQUESTER",
        "blueprint_type": "mock",
        "architect_type": "mock",
        "provider_type": "mock",
        "is_sandbox": True,
        "config": {"mephisto": {"task": {}}},
        "config_path": None,
        "pay_cents": 10,
        "unit_cost_cents": 10,
        "budget_cents": None,
        "engine_version": "0",
        "actor": "operator:test",
    }
    return NewRun(**{**columns, **changes})


class DatabaseConformance:
    """Subclass it and override the fixture `url` with that of an empty database."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str | None:
        """Where the database is; None is the default one in the data folder."""
        raise NotImplementedError("override the fixture `url`")

    @pytest.fixture
    def clock(self) -> FakeClock:
        """The time by which the database stamps changes."""
        return FakeClock()

    @pytest.fixture
    def opened(
        self, url: str | None, tmp_path: Path, clock: FakeClock
    ) -> Iterator[Callable[[], MephistoDB]]:
        """Opens the database; again, after the first was closed."""
        current: list[MephistoDB] = []

        def open_it() -> MephistoDB:
            current.append(MephistoDB.open(url, home=tmp_path / "home", clock=clock))
            return current[-1]

        yield open_it
        for db in current:
            db.close()

    @pytest.fixture
    def db(self, opened: Callable[[], MephistoDB]) -> Iterator[MephistoDB]:
        """The open database; its invariants are checked at the end of each test."""
        db = opened()
        yield db
        assert [item for item in check_invariants(db) if item.level != "ok"] == []

    @pytest.fixture
    def run(self, db: MephistoDB) -> StoredRun:
        """A live run of three assignments with two units each."""
        return StoredRun.create(db, assignments=3, units_each=2)

    def test_what_was_written_is_there_after_reopening(
        self, opened: Callable[[], MephistoDB]
    ) -> None:
        db = opened()
        run = StoredRun.create(db)
        run.submit(run.arrive("alice"), '{"answer": "yes"}')
        db.close()

        db = opened()
        assert db.read(Submission.get).body == '{"answer": "yes"}'
        assert [item.level for item in check_invariants(db)] == ["ok"] * 8

    def test_two_databases_are_open_side_by_side(
        self, db: MephistoDB, tmp_path: Path, clock: FakeClock
    ) -> None:
        other = tmp_path / "other"
        with MephistoDB.open(str(other / "data.db"), home=other, clock=clock) as second:
            StoredRun.create(db).arrive("alice")
            StoredRun.create(second, assignments=2).arrive("bob", 1)

            def names() -> tuple[list[str], ...]:
                query: Any = Worker.select(Worker.name)
                compiled = Compiled(lambda: query)
                rows = compiled.fetch(), list(query.tuples()), list(in_use.stream(query))
                return tuple([name for (name,) in found] for found in rows)

            assert db.read(names) == (["alice"],) * 3
            assert second.read(names) == (["bob"],) * 3
            # Also one within the other, as when two are compared.
            assert db.read(lambda: (second.read(names), names())) == (
                (["bob"],) * 3,
                (["alice"],) * 3,
            )

    def test_a_query_that_was_told_of_no_database_is_an_error(self, run: StoredRun) -> None:
        run.arrive("alice")
        for query in (Worker.select().count, Compiled(lambda: Worker.select(Worker.id)).fetch):
            with pytest.raises(LookupError, match=r"outside of MephistoDB\.read"):
                query()

    def test_nothing_is_taken_after_closing(self, opened: Callable[[], MephistoDB]) -> None:
        db = opened()
        db.close()
        with pytest.raises(StorageError):
            db.write_now(runs.create_run, make_new_run())

    @pytest.mark.parametrize("body", _ODD_TEXTS, ids=["plain", "odd", "spaces", "deep", "long"])
    def test_an_answer_is_stored_character_for_character(self, run: StoredRun, body: str) -> None:
        assert run.submit(run.arrive("alice"), body) == "stored"
        assert run.db.read(Submission.get).body == body

    def test_the_first_answer_stands(self, run: StoredRun) -> None:
        alice = run.arrive("alice")
        assert [run.submit(alice, body) for body in ("1", "1", "2")] == [
            "stored",
            "repeated",
            "repeated",
        ]
        assert run.db.read(Submission.get).body == "1"
        assert _kinds(run.db).count("agent.submitted_otherwise") == 1

    def test_a_late_answer_is_kept_and_completes_nothing(self, run: StoredRun) -> None:
        alice = run.arrive("alice")
        run.end(alice)
        assert run.submit(alice, "1") == "late"
        assert run.db.read(Submission.get).is_late
        assert run.unit_status() == UnitStatus.LAUNCHED

    def test_a_unit_has_one_worker(self, run: StoredRun) -> None:
        run.arrive("alice")
        with pytest.raises((IntegrityError, StateError)):
            run.arrive("bob")
        assert run.db.read(Agent.select().count) == 1

    def test_nobody_gets_two_units_of_one_assignment(self, run: StoredRun) -> None:
        alice = run.arrive("alice", 0)
        with pytest.raises(IntegrityError):
            run.arrive("alice", 1)
        run.submit(alice)
        with pytest.raises(IntegrityError):
            run.arrive("alice", 1)
        assert run.unit_status(1) == UnitStatus.LAUNCHED

    def test_a_worker_who_left_may_come_back_to_the_assignment(self, run: StoredRun) -> None:
        run.end(run.arrive("alice", 0))
        assert run.arrive("alice", 1).agent_id

    def test_a_registration_stands_for_one_agent(self, run: StoredRun) -> None:
        first = run.arrive("alice", 0, "tab")
        again = run.arrive("alice", 2, "tab")
        assert again.known is not None
        assert again.known.id == first.agent_id
        assert run.unit_status(2) == UnitStatus.LAUNCHED

    def test_a_worker_is_known_by_name_and_provider(self, run: StoredRun) -> None:
        for _ in range(2):
            run.db.write_now(agents.meet, run.id, "mock", "alice")
        run.db.write_now(agents.meet, run.id, "inhouse", "alice")
        assert run.db.read(Worker.select().count) == 2

    def test_a_row_cannot_point_at_nothing(self, run: StoredRun) -> None:
        with pytest.raises(IntegrityError):
            run.db.write_now(submissions.store_metadata, 999, run.id, "{}", ())

    def test_what_is_referred_to_cannot_be_deleted(self, run: StoredRun) -> None:
        def delete_runs(tx: Transaction) -> None:
            tx.select(TaskRun.delete())

        with pytest.raises(IntegrityError):
            run.db.write_now(delete_runs)

    def test_a_failed_operation_is_undone_alone_and_leaves_no_event(self, run: StoredRun) -> None:
        events = len(_kinds(run.db))

        def half(tx: Transaction) -> None:
            agents.meet(tx, run.id, "mock", "nobody")
            raise ValueError("half way")

        with pytest.raises(ValueError, match="half way"):
            run.db.write_now(half)
        assert run.db.read(Worker.select().count) == 0
        assert len(_kinds(run.db)) == events

    def test_a_move_that_the_table_lacks_changes_nothing(self, run: StoredRun) -> None:
        unit = run.units[0][0]

        def move(tx: Transaction, to: str) -> None:
            tx.move("unit", unit, to)

        with pytest.raises(StateError):
            run.db.write_now(move, "completed")
        assert run.unit_status() == UnitStatus.LAUNCHED

    def test_moving_many_is_all_or_nothing(self, run: StoredRun) -> None:
        run.arrive("alice", 0)
        ids = [unit for unit, _ in run.units]

        def expire(tx: Transaction) -> None:
            tx.move_many("unit", ids, UnitStatus.LAUNCHED, UnitStatus.EXPIRED)

        with pytest.raises(StateError, match="1 of 6"):
            run.db.write_now(expire)
        assert run.unit_status(1) == UnitStatus.LAUNCHED

    def test_withdrawn_units_can_be_offered_again(self, run: StoredRun) -> None:
        run.arrive("alice", 0)
        assert run.db.write_now(runs.expire_units, run.id, "engine", "test") == 5
        assert run.db.write_now(self._reopen, run.id) == 5
        assert run.unit_status(0) == UnitStatus.ASSIGNED
        assert run.unit_status(1) == UnitStatus.CREATED

    @staticmethod
    def _reopen(tx: Transaction, run_id: int) -> int:
        return reopen_units(tx, run_id, "engine", is_concurrent=False, requeues=False)

    def test_what_is_read_in_one_go_is_of_one_moment(self, run: StoredRun) -> None:
        def look_twice() -> tuple[int, int]:
            before = Worker.select().count()
            thread = threading.Thread(target=run.arrive, args=("alice",))
            thread.start()
            thread.join()
            return before, Worker.select().count()

        assert run.db.read(look_twice) == (0, 0)
        assert run.db.read(Worker.select().count) == 1

    def test_a_reader_cannot_write(self, run: StoredRun) -> None:
        with pytest.raises((StorageError, PeeweeException)):
            run.db.read(Worker.delete().execute)

    def test_a_commit_is_seen_by_counter_and_listener(self, run: StoredRun) -> None:
        commits: list[None] = []
        stop = run.db.on_commit(lambda: commits.append(None))
        before = run.db.change_counter()
        run.arrive("alice")
        assert run.db.change_counter() != before
        # The listeners of a commit are called after its waiters: the next commit comes later.
        run.arrive("bob", 1)
        assert commits
        stop()

    def test_many_threads_write_at_once(self, run: StoredRun) -> None:
        def come(number: int) -> None:
            for place in range(20):
                run.db.write_now(agents.meet, run.id, "mock", f"{number}-{place}")

        threads = [threading.Thread(target=come, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert run.db.read(Worker.select().count) == 160

    def test_a_stampede_for_one_unit_has_one_winner(self, run: StoredRun) -> None:
        async def stampede() -> list[Any]:
            arrivals = (
                run.db.write(agents.arrive, run.arrival(f"worker-{number}", 0))
                for number in range(50)
            )
            return await asyncio.gather(*arrivals, return_exceptions=True)

        came = asyncio.run(stampede())
        assert sum(isinstance(item, Arrived) for item in came) == 1
        assert sum(isinstance(item, IntegrityError | StateError) for item in came) == 49

    def test_a_grant_is_one_value(self, run: StoredRun) -> None:
        worker = run.db.write_now(agents.meet, run.id, "mock", "alice").id
        run.db.write_now(workers.create_qualification, "good", "", "operator:test")
        for value in (1, 5):
            run.db.write_now(workers.grant_qualification, worker, "good", value, "operator:test")
        found = run.db.write_now(agents.meet, run.id, "mock", "alice")
        assert found.qualifications == {"good": 5}

    def test_a_lease_has_one_holder(self, run: StoredRun, clock: FakeClock) -> None:
        first, second = Holder("first", "here", 1), Holder("second", "there", 2)
        watch = run.db.leases
        fence = run.db.write_now(lease.acquire, run.id, first, watch)
        with pytest.raises(LeaseHeldError, match="process 1 on here"):
            run.db.write_now(lease.acquire, run.id, second, watch)
        clock.advance(LEASE_SECONDS - 1)
        assert run.db.write_now(lease.renew, run.id, first, fence, {})
        with pytest.raises(LeaseHeldError):
            run.db.write_now(lease.acquire, run.id, second, watch)
        clock.advance(LEASE_SECONDS - 1)
        with pytest.raises(LeaseHeldError):
            run.db.write_now(lease.acquire, run.id, second, watch)

        clock.advance(2)
        taken = run.db.write_now(lease.acquire, run.id, second, watch)
        assert taken > fence
        assert not run.db.write_now(lease.renew, run.id, first, fence, {})
        run.db.write_now(lease.release, run.id, first, fence)
        assert run.db.write_now(lease.renew, run.id, second, taken, {})


def _kinds(db: MephistoDB) -> list[str]:
    """Kinds of all events, in order."""
    return [kind for (kind,) in db.stream(Event.select(Event.kind).order_by(Event.id))]
