"""What the journal tells of one worker or agent is found without reading the journal."""

from __future__ import annotations

from typing import Any

import pytest

from mephisto_engine.data_model.status import AgentStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import agents, workers
from mephisto_engine.database.queries import journal
from mephisto_engine.database.schema import TrackedSqlite
from mephisto_engine.testing.conformance.database import StoredRun


@pytest.fixture
def run(db: MephistoDB) -> StoredRun:
    return StoredRun.create(db, assignments=3)


def refuse(run: StoredRun, worker_id: int, reason: str) -> None:
    run.db.write_now(agents.record_refusal, run.id, worker_id, reason, "")


def test_blocks_and_refusals_of_one_worker_are_told_newest_first(run: StoredRun) -> None:
    ann, bob = (run.arrive(name, place).worker.id for place, name in enumerate(("ann", "bob")))
    for worker_id, reason in ((ann, "blocked"), (bob, "paused"), (ann, "closed")):
        refuse(run, worker_id, reason)
    run.db.write_now(workers.block_worker, ann, "spam", "operator:eve")
    run.db.write_now(workers.unblock_worker, ann, "operator:eve")

    def reasons(run_id: int | None) -> list[str]:
        found = run.db.read(journal.last_refusals, run_id, ann, 5)
        return [row.reason for row in found]

    assert reasons(None) == reasons(run.id) == ["closed", "blocked"]
    assert reasons(run.id + 1) == []
    blocks = run.db.read(journal.worker_blocks, ann)
    assert [(row.is_block, row.reason, row.by) for row in blocks] == [
        (False, "", "operator:eve"),
        (True, "spam", "operator:eve"),
    ]


def test_why_agents_left_is_told_of_those_who_left(run: StoredRun) -> None:
    gone, done = run.arrive("ann", 0), run.arrive("bob", 1)
    run.end(gone, AgentStatus.RETURNED)
    run.submit(done)
    ids = [gone.agent_id, done.agent_id]
    assert run.db.read(journal.reasons_of_leaving, ids) == {gone.agent_id: "test"}


@pytest.mark.parametrize(
    ("query", "arguments", "index"),
    [
        (journal.last_refusals, (None, 1, 5), "event_of_worker"),
        (journal.last_refusals, (1, 1, 5), "event_of_worker"),
        (journal.worker_blocks, (1,), "event_of_worker"),
        (journal.reasons_of_leaving, ([1],), "event_of_agent"),
    ],
)
def test_the_journal_is_not_gone_through(
    db: MephistoDB, monkeypatch: pytest.MonkeyPatch, query: Any, arguments: Any, index: str
) -> None:
    plans: list[str] = []
    execute = TrackedSqlite.execute_sql

    def explained(database: TrackedSqlite, sql: str, params: Any = None) -> Any:
        if sql.startswith("SELECT"):
            plan = execute(database, f"EXPLAIN QUERY PLAN {sql}", params)
            plans.extend(row[3] for row in plan.fetchall())
        return execute(database, sql, params)

    monkeypatch.setattr(TrackedSqlite, "execute_sql", explained)
    db.read(query, *arguments)
    assert len(plans) == 1
    assert f"USING INDEX {index} (subject_id=?)" in plans[0]
