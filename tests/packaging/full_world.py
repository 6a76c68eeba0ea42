"""A run with everything that an export has tables for, and a name in every place that takes one."""

from __future__ import annotations

import json
from dataclasses import dataclass

from stored_world import StoredWorld

from mephisto_engine.data_model.records import GOLD_INDEX
from mephisto_engine.database.operations import (
    agents,
    judging,
    money,
    onboarding,
    review,
    runs,
    submissions,
    workers,
)
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.database.transaction import Transaction

ANN = "A2ANNSECRET01"
BOB = "B7BOBSECRET02"
LATE = "C9LATE88"
NEW = "D4NEWSECRET44"
NAMES = (ANN, BOB, LATE, NEW)
OPERATOR = "operator:tester"


@dataclass
class FullWorld:
    """The run, and what is in it."""

    run_id: int
    unit: int
    """Accepted, by ANN, with a bonus; her partner on the item is BOB."""
    expired_unit: int
    """Withdrawn; LATE answered afterwards."""
    gold_unit: int
    """Done wrong by BOB."""


def fill(world: StoredWorld) -> FullWorld:
    config = {"task": {"task_title": "t", "only_for": [ANN, "someone else"]}}
    run_id = world.add_run([{"text": "pair"}], each=2, config=config)
    (unit, _), (other, _) = world.units_of[run_id]
    agent_id, ann = world.come(run_id, unit, ANN)
    world.submit(
        run_id, unit, agent_id, ann, {"said": f"{BOB} told me: hi {ANN}"}, {f"{ANN}.png": b"png"}
    )
    world.tell(run_id, agent_id, {"tips": {"header": "A tip", "text": f"ask {ANN}"}})
    world.tell(run_id, agent_id, {"feedback": {"data": [{"question": "q", "text": "too long"}]}})
    world.tell(
        run_id, agent_id, {"worker_opinion": {"questions": [{"question": "q2", "answer": "fine"}]}}
    )
    world.answer(run_id, other, BOB, {"said": f"{ANN} was nice"})
    decision = NewDecision(unit, "accepted", note=f"well done {ANN}", bonus_cents=50)
    _send(world, decision, f"no such worker: {ANN}")
    _people(world, run_id, ann)
    expired = _late(world, run_id)
    gold = _gold(world, run_id)
    return FullWorld(run_id, unit, expired, gold)


def _send(world: StoredWorld, decision: NewDecision, error: str) -> None:
    decision_id = world.db.write_now(review.stage, decision, OPERATOR)
    pay, bonus = world.db.write_now(money.plan_decision, decision_id, lambda cents: 5)
    for intent in (pay, bonus):
        world.db.write_now(money.begin, intent.id)
    world.db.write_now(money.confirm, pay.id)
    world.db.write_now(money.refuse, bonus.id, error)
    world.db.write_now(_give_reference, pay.id)


def _give_reference(tx: Transaction, intent_id: int) -> None:
    sql = "UPDATE intent SET provider_ref = ? WHERE id = ?"
    tx.database.execute_sql(sql, (f"assignment-of-{ANN}", intent_id))


def _people(world: StoredWorld, run_id: int, ann: int) -> None:
    db = world.db
    db.write_now(workers.create_qualification, "fluent", f"like {ANN}", OPERATOR)
    db.write_now(workers.grant_qualification, ann, "fluent", 3, OPERATOR)
    db.write_now(workers.note_worker, ann, f"{ANN} is careful", OPERATOR)
    new = db.write_now(agents.meet, run_id, "mock", NEW)
    begun = db.write_now(onboarding.begin, run_id, new.id, "tab", "f" * 32)
    answer = {"name": NEW, "agrees": True}
    db.write_now(onboarding.hand_in, run_id, begun.id, new.id, answer)
    db.write_now(onboarding.judge, run_id, begun.id, new.id, "read-the-rules", False)


def _late(world: StoredWorld, run_id: int) -> int:
    unit = _one_more(world, run_id, 1, 0)
    agent_id, worker_id = world.come(run_id, unit, LATE)
    lost = ("timeout", "expired", "engine", "too slow")
    world.db.write_now(agents.end_agent, agent_id, unit, run_id, *lost)
    files = [world._file(run_id, f"x.{LATE}", b"late file")]
    body = json.dumps({"said": f"sorry, {LATE}"})
    new = submissions.NewSubmission(agent_id, unit, run_id, worker_id, body, files, None)
    assert world.db.write_now(submissions.submit, new) == "late"
    return unit


def _gold(world: StoredWorld, run_id: int) -> int:
    unit = _one_more(world, run_id, 2, GOLD_INDEX)
    agent_id, worker_id = world.come(run_id, unit, BOB)
    world.submit(run_id, unit, agent_id, worker_id, {"label": 1})
    judged = judging.NewJudgement(run_id, unit, worker_id, False, expected=json.dumps({"label": 2}))
    world.db.write_now(judging.judge_unit, judged)
    return unit


def _one_more(world: StoredWorld, run_id: int, item: int, index: int) -> int:
    """One more unit on offer, at a place of its item."""
    new = [runs.NewAssignment(item, json.dumps({"text": f"item {item}"}), ("{}",))]
    added = world.db.write_now(runs.add_assignments, run_id, new, 25, True)
    world.units_of[run_id] += added
    unit = added[0][0]
    world.db.write_now(runs.launch_units, run_id, [unit])

    def put(tx: Transaction) -> None:
        tx.database.execute_sql("UPDATE unit SET unit_index = ? WHERE id = ?", (index, unit))

    world.db.write_now(put)
    return int(unit)
