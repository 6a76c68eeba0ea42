from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mephisto_engine.data_model import Command, Intent, TaskRun, Unit
from mephisto_engine.data_model import status as tables
from mephisto_engine.data_model.status import MOVES, START, is_allowed
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import commands
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import NotFoundError, StateError
from mephisto_engine.operations.checks.doctor import check_invariants
from mephisto_engine.operations.checks.replay import Replay
from mephisto_engine.testing.conformance.database import StoredRun

MODELS: dict[str, Any] = {"task_run": TaskRun, "unit": Unit, "intent": Intent, "command": Command}


def test_every_move_leads_to_a_status_of_the_same_table() -> None:
    for table, moves in MOVES.items():
        targets = frozenset().union(*moves.values())
        assert targets <= set(moves), table
        assert START not in targets, table


@pytest.mark.parametrize("table", MOVES)
def test_every_status_can_be_reached(table: str) -> None:
    reached, edge = {START}, {START}
    while edge:
        edge = set().union(*(MOVES[table][source] for source in edge)) - reached
        reached |= edge
    assert reached == set(MOVES[table])


@pytest.mark.parametrize(
    ("table", "final"),
    [
        ("task_run", {"completed"}),
        ("unit", {"accepted", "soft_rejected"}),
        ("agent", {*tables.LOST_AGENT, "approved", "soft_rejected"}),
        ("onboarding_agent", {"approved", "rejected", "disconnect", "expired"}),
        ("intent", {"confirmed"}),
        ("command", {"done", "failed"}),
    ],
)
def test_only_these_statuses_are_final(table: str, final: set[str]) -> None:
    assert {name for name, targets in MOVES[table].items() if not targets} == final


def test_the_groups_of_agents_share_out_all_statuses() -> None:
    everything = set(MOVES["agent"]) - {START}
    assert everything == tables.HOLDING_AGENT | tables.LOST_AGENT
    assert not tables.HOLDING_AGENT & tables.LOST_AGENT
    assert tables.LIVE_AGENT < tables.HOLDING_AGENT


def test_the_groups_of_units_share_out_all_statuses() -> None:
    everything = set(MOVES["unit"]) - {START}
    assert tables.OPEN_UNIT | tables.DONE_UNIT | {"expired"} == everything
    assert not tables.OPEN_UNIT & tables.DONE_UNIT


@pytest.mark.parametrize(
    ("units", "status"),
    [
        ([], "created"),
        (["created", "completed"], "created"),
        (["completed", "completed"], "completed"),
        (["launched", "assigned", "completed"], "launched"),
        (["assigned", "completed"], "assigned"),
        (["accepted", "rejected"], "mixed"),
        (["accepted", "completed"], "completed"),
    ],
)
def test_an_assignment_is_where_its_units_are(units: list[str], status: str) -> None:
    assert tables.assignment_status(units) == status


def test_a_row_that_is_not_there_cannot_move(db: MephistoDB) -> None:
    def move(tx: Transaction) -> None:
        tx.move("unit", 7, "launched")

    with pytest.raises(NotFoundError):
        db.write_now(move)


def test_a_move_from_another_status_than_the_caller_knows_is_refused(db: MephistoDB) -> None:
    run = StoredRun.create(db)

    def move(tx: Transaction) -> None:
        tx.move("unit", run.units[0][0], "launched", source="created")

    with pytest.raises(StateError, match="'launched', not 'created'"):
        db.write_now(move)


class Moves(RuleBasedStateMachine):
    """Tries any move of any row: exactly the legal ones happen, and the journal tells them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name)
        self.db = MephistoDB.open(str(path / "data.db"), home=path)
        run = StoredRun.create(self.db, assignments=2)
        self.state = {("task_run", run.id): "live"}
        self.state |= {("unit", unit): "launched" for unit, _ in run.units}
        self.run_id = run.id

    def teardown(self) -> None:
        replay = Replay()
        self.db.read(replay.run, self.db.stream)
        assert (str(replay.moves), str(replay.chain)) == ("", "")
        self.db.close()
        self.folder.cleanup()

    @precondition(lambda self: len(self.state) < 10)
    @rule()
    def ask(self) -> None:
        row = self.db.write_now(commands.issue, "stop", self.run_id, {}, "operator:test")
        self.state["command", row] = "issued"

    @precondition(lambda self: len(self.state) < 10)
    @rule()
    def plan(self) -> None:
        self.state["intent", self.db.write_now(_add_intent, len(self.state))] = "planned"

    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        table, row = data.draw(st.sampled_from(sorted(self.state)))
        to = data.draw(st.sampled_from(sorted(MOVES[table])))
        before = self.state[table, row]
        if is_allowed(table, before, to):
            assert self.db.write_now(_move, table, row, to) == before
            self.state[table, row] = to
        else:
            with pytest.raises(StateError):
                self.db.write_now(_move, table, row, to)

    @invariant()
    def stored_is_what_legal_moves_made(self) -> None:
        stored = {
            (table, row): status
            for table, model in MODELS.items()
            for row, status in self.db.stream(model.select(model.id, model.status))
        }
        assert stored == self.state


def _move(tx: Transaction, table: str, row: int, to: str) -> str:
    return tx.move(table, row, to)


def _add_intent(tx: Transaction, number: int) -> int:
    row = tx.insert(
        "intent",
        key=f"key-{number}",
        kind="bonus",
        amount_cents=1,
        status="planned",
        status_at=tx.now_ms,
        attempts=0,
        created_at=tx.now_ms,
    )
    tx.begin("intent", row, "planned")
    return row


TestMoves = Moves.TestCase
TestMoves.settings = settings(
    max_examples=15,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_a_row_cannot_begin_where_its_table_does_not(db: MephistoDB) -> None:
    run = StoredRun.create(db)

    def begin(tx: Transaction) -> None:
        tx.begin("unit", run.units[0][0], "completed")

    with pytest.raises(StateError):
        db.write_now(begin)
    assert all(item.level == "ok" for item in check_invariants(db))
