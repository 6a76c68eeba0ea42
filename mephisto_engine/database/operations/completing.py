"""What an earlier import could not bring because its files were missing, brought by a later one.

Nothing that is here is replaced: only what is empty is filled. Each change is in the journal of its
run, so that an export which was interrupted before it does not go on after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from peewee import JOIN

from mephisto_engine.data_model import (
    Agent,
    AgentMetadata,
    Assignment,
    LiveUpdate,
    OnboardingAgent,
    Submission,
    Unit,
    Upload,
)
from mephisto_engine.data_model.foreign import (
    Brought,
    ForeignAgent,
    ForeignAssignment,
    ForeignOnboarding,
)
from mephisto_engine.data_model.status import LOST_AGENT
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.operations.imported import ACTOR
from mephisto_engine.database.operations.submissions import add_submission, add_uploads
from mephisto_engine.database.transaction import Transaction

NO_ANSWER = "null"
"""The stored answer of an agent that is done and has no file."""
_NO_DATA = "{}"

_FILL_ANSWER = Compiled(
    lambda: Submission.update(
        {
            Submission.body: param("body"),
            Submission.sha256: param("sha256"),
            Submission.received_at: param("at"),
        }
    ).where((Submission.agent == param("agent")) & (Submission.body == param("empty")))
)
_FILL_TIMES = Compiled(
    lambda: Agent.update(
        {Agent.created_at: param("began"), Agent.submitted_at: param("ended")}
    ).where(Agent.id == param("agent"))
)
_FILL_ITEM = Compiled(
    lambda: Assignment.update({Assignment.data: param("data")}).where(
        (Assignment.id == param("id")) & (Assignment.data == param("empty"))
    )
)
_FILL_UNIT = Compiled(
    lambda: Unit.update({Unit.data: param("data")}).where(
        (Unit.id == param("id")) & (Unit.data == param("empty"))
    )
)
_FILL_ONBOARDING = Compiled(
    lambda: OnboardingAgent.update({OnboardingAgent.answer: param("answer")}).where(
        (OnboardingAgent.id == param("id")) & OnboardingAgent.answer.is_null()
    )
)


def complete_item(
    tx: Transaction,
    run_id: int,
    assignment_id: int,
    item: ForeignAssignment,
    units: Mapping[int, int],
    done: Brought,
) -> None:
    """Fill in the task data of an assignment and its units (foreign id → id here)."""
    changed = 0
    if item.shared != _NO_DATA:
        changed += tx.run(_FILL_ITEM, id=assignment_id, data=item.shared, empty=_NO_DATA).rowcount
    for unit in item.units:
        if unit.foreign_id in units and unit.data != _NO_DATA:
            local = units[unit.foreign_id]
            changed += tx.run(_FILL_UNIT, id=local, data=unit.data, empty=_NO_DATA).rowcount
    if changed:
        tx.record("assignment.completed", "assignment", assignment_id, run=run_id, actor=ACTOR)
        done.count("completed items")


def complete_agents(
    tx: Transaction,
    run_id: int,
    agents: Sequence[tuple[int, ForeignAgent]],
    done: Brought,
) -> None:
    """Fill in what agents (id here, and what is there) handed in, said and sent."""
    ids = [local for local, _ in agents]
    query: Any = (
        Agent.select(Agent.id, Agent.status, Submission.id, Submission.body == NO_ANSWER)
        .join(Submission, JOIN.LEFT_OUTER, on=(Submission.agent == Agent.id))
        .where(Agent.id.in_(ids))
    )
    stored = {row[0]: row[1:] for row in tx.select(query.tuples())}
    talked = _having(tx, LiveUpdate, [local for local, agent in agents if agent.history])
    told = _having(tx, AgentMetadata, [local for local, agent in agents if agent.metadata])
    for local, agent in agents:
        counts = Brought()
        _complete_answer(tx, local, agent, stored[local], counts)
        _complete_uploads(tx, local, agent, counts)
        if agent.history and local not in talked:
            add_history(tx, local, agent, counts)
        if agent.metadata is not None and local not in told:
            add_metadata(tx, local, agent, counts)
        if counts.counts:
            data = dict(counts.counts)
            tx.record("agent.filled_in", "agent", local, run=run_id, actor=ACTOR, data=data)
            done.add(counts)


def complete_onboarding(
    tx: Transaction, run_id: int, row_id: int, item: ForeignOnboarding, done: Brought
) -> None:
    """Fill in the answer to a qualifying task."""
    if item.answer is None or not tx.run(_FILL_ONBOARDING, id=row_id, answer=item.answer).rowcount:
        return
    tx.record("onboarding_agent.filled_in", "onboarding_agent", row_id, run=run_id, actor=ACTOR)
    done.count("completed onboarding answers")


def add_history(tx: Transaction, agent_id: int, agent: ForeignAgent, done: Brought) -> None:
    """Store what was said."""
    if agent.history:
        tx.insert_many(
            "live_update",
            ("agent_id", "is_from_worker", "body", "at"),
            [(agent_id, 0, body, moment) for body, moment in agent.history],
        )
        done.count("live updates", len(agent.history))


def add_metadata(tx: Transaction, agent_id: int, agent: ForeignAgent, done: Brought) -> None:
    """Store what was sent beside the answer."""
    if agent.metadata is not None:
        received = agent.ended_ms or agent.created_ms
        row = {"body": agent.metadata, "received_at": received}
        tx.insert("agent_metadata", agent=agent_id, **row)
        done.count("metadata")


def _complete_answer(
    tx: Transaction,
    agent_id: int,
    agent: ForeignAgent,
    stored: tuple[str, int | None, int | None],
    done: Brought,
) -> None:
    status, submission, is_empty = stored
    if agent.body is None or agent.body == NO_ANSWER:
        return
    ended = agent.ended_ms or agent.created_ms
    if submission is None:
        is_late = status in LOST_AGENT
        add_submission(tx, agent_id, agent.body, (), is_late, ended)
        done.count("late answers" if is_late else "answers")
    elif is_empty:
        digest = hashlib.sha256(agent.body.encode()).hexdigest()
        new = {"body": agent.body, "sha256": digest, "at": ended}
        tx.run(_FILL_ANSWER, agent=agent_id, empty=NO_ANSWER, **new)
        done.count("completed answers")
        if status not in LOST_AGENT:
            tx.run(_FILL_TIMES, agent=agent_id, began=agent.created_ms, ended=ended)


def _complete_uploads(tx: Transaction, agent_id: int, agent: ForeignAgent, done: Brought) -> None:
    if not agent.uploads:
        return
    query: Any = Upload.select(Upload.stored_name).where(Upload.agent == agent_id)
    here = {name for (name,) in tx.select(query.tuples())}
    new = [upload for upload in agent.uploads if upload.stored_name not in here]
    add_uploads(tx, agent_id, new)
    done.count("files", len(new))


def _having(tx: Transaction, model: Any, ids: Sequence[int]) -> set[int]:
    """Those of some agents that have rows of a model."""
    if not ids:
        return set()
    query = model.select(model.agent).where(model.agent.in_(ids)).distinct()
    return {agent for (agent,) in tx.select(query.tuples())}
