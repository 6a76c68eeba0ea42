"""Bringing rows of another database in: by ordinary status moves, and each of them once.

Every operation looks up what was brought before and leaves that alone, fills in what was missing
then, or takes it further along the table of moves; so an import can be repeated, and goes on where
a crash ended it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from mephisto_engine.data_model import (
    Agent,
    Decision,
    OnboardingAgent,
    TaskRun,
    Unit,
)
from mephisto_engine.data_model.foreign import (
    Brought,
    ForeignAgent,
    ForeignAssignment,
    ForeignOnboarding,
    ForeignReview,
    ForeignUnit,
)
from mephisto_engine.data_model.status import (
    DONE_UNIT,
    HOLDING_AGENT,
    LOST_AGENT,
    MOVES,
    AgentStatus,
    DecisionStatus,
    RunStatus,
    UnitStatus,
)
from mephisto_engine.database import ledger
from mephisto_engine.database.operations.budgets import check_caps
from mephisto_engine.database.operations.completing import (
    add_history,
    add_metadata,
    complete_agents,
    complete_item,
    complete_onboarding,
)
from mephisto_engine.database.operations.imported import ACTOR, known_ids, remember
from mephisto_engine.database.operations.runs import NewRun, create_run
from mephisto_engine.database.operations.settling import settle
from mephisto_engine.database.operations.submissions import add_submission, add_uploads
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import ConfigError


def bring_run(
    tx: Transaction, source: str, foreign_id: int, new: NewRun, created_ms: int
) -> tuple[int, bool]:
    """A run with its task, project and requester; its id, and whether it is new here.

    Raises:
        ConfigError: there is a task of that name that is of another type or project, or that
            belongs to a project with a budget, which this would use up.
    """
    known = known_ids(tx, source, "task_runs", [foreign_id])
    if foreign_id in known:
        return known[foreign_id], False
    run_id = create_run(tx, new)
    for cap in ledger.caps_of(tx.all, run_id):
        raise ConfigError(
            f"the task {new.task_name!r} belongs to {cap.owner} here, which has a budget; `money "
            "--project NAME --cap none` lifts it, and a repeat of the import brings the run."
        )
    tx.select(
        TaskRun.update(created_at=created_ms, started_at=created_ms, is_data_exhausted=True).where(
            TaskRun.id == run_id
        )
    )
    remember(tx, source, "task_runs", foreign_id, run_id)
    return run_id, True


def end_run(tx: Transaction, run_id: int, is_completed: bool, reason: str, ended_ms: int) -> None:
    """Move a brought run to where it ends; a run that has ended before stays as it is."""
    status = tx.status("task_run", run_id)
    if status in (RunStatus.COMPLETED, RunStatus.STOPPED, RunStatus.FAILED):
        return
    to = RunStatus.COMPLETED if is_completed else RunStatus.STOPPED
    _advance(tx, "task_run", run_id, status, to, run_id, {"reason": reason})
    tx.select(TaskRun.update(status_reason=reason, ended_at=ended_ms).where(TaskRun.id == run_id))


def bring_assignments(
    tx: Transaction, source: str, run_id: int, items: Sequence[ForeignAssignment]
) -> Brought:
    """Assignments with units, agents, answers and decisions; those that are new, or have moved.

    Raises:
        StateError: a budget that the run has come under since it was brought does not cover them.
    """
    done = Brought()
    ids = known_ids(tx, source, "assignments", [item.foreign_id for item in items])
    for item in items:
        if item.foreign_id not in ids:
            ids[item.foreign_id] = tx.insert(
                "assignment",
                task_run=run_id,
                item_index=item.item_index,
                data=item.shared,
                created_at=item.created_ms,
            )
            remember(tx, source, "assignments", item.foreign_id, ids[item.foreign_id])
            done.count("assignments")
        _bring_units(_Portion(tx, source, run_id, ids[item.foreign_id], done), item)
    check_caps(tx, run_id)
    return done


def bring_onboardings(
    tx: Transaction, source: str, run_id: int, items: Sequence[ForeignOnboarding]
) -> Brought:
    """Workers on the qualifying task of a run."""
    done = Brought()
    known = known_ids(tx, source, "onboarding_agents", [item.foreign_id for item in items])
    for item in items:
        if item.foreign_id in known:
            complete_onboarding(tx, run_id, known[item.foreign_id], item, done)
            continue
        row_id = tx.insert(
            "onboarding_agent",
            token=item.token,
            registration_id=f"{source}-{item.foreign_id}",
            worker=item.worker_id,
            task_run=run_id,
            status="onboarding",
            status_at=tx.now_ms,
            answer=item.answer,
            created_at=item.created_ms,
        )
        tx.begin("onboarding_agent", row_id, "onboarding", run=run_id, actor=ACTOR)
        _advance(tx, "onboarding_agent", row_id, "onboarding", item.status, run_id)
        where = OnboardingAgent.id == row_id
        tx.select(OnboardingAgent.update(status_at=item.created_ms).where(where))
        remember(tx, source, "onboarding_agents", item.foreign_id, row_id)
        done.count("onboarding agents")
    return done


def record_import(tx: Transaction, source: str, counts: dict[str, int]) -> None:
    """Journal that an import has come to its end."""
    tx.record("database.imported", "imported", 0, actor=ACTOR, data={"source": source, **counts})


@dataclass(slots=True)
class _Portion:
    """One assignment on its way in."""

    tx: Transaction
    source: str
    run_id: int
    assignment_id: int
    done: Brought


def _bring_units(at: _Portion, item: ForeignAssignment) -> None:
    known = known_ids(at.tx, at.source, "units", [unit.foreign_id for unit in item.units])
    agents = known_ids(
        at.tx, at.source, "agents", [one.foreign_id for unit in item.units for one in unit.agents]
    )
    complete_item(at.tx, at.run_id, at.assignment_id, item, known, at.done)
    taken: set[int] = set()
    for unit in item.units:
        at.done.notes += settle(unit, taken)
        if unit.foreign_id not in known:
            known[unit.foreign_id] = _add_unit(at, unit)
    brought = [
        (agents[agent.foreign_id], agent)
        for unit in item.units
        for agent in unit.agents
        if agent.foreign_id in agents
    ]
    if brought:
        complete_agents(at.tx, at.run_id, brought, at.done)
    for unit in item.units:
        # Those who left come first: while an agent is at work it holds its unit.
        for agent in unit.agents:
            if agent.status in LOST_AGENT and agent.foreign_id not in agents:
                _add_lost_agent(at, known[unit.foreign_id], agent)
    for unit in item.units:
        _bring_holder(at, known[unit.foreign_id], unit, agents)


def _add_lost_agent(at: _Portion, unit_id: int, agent: ForeignAgent) -> None:
    holds = Agent.status.in_(sorted(HOLDING_AGENT))
    mine = (Agent.assignment == at.assignment_id) & (Agent.worker == agent.worker_id)
    query = Agent.select(Agent.id).where(holds & ((Agent.unit == unit_id) | mine)).limit(1)
    if list(at.tx.select(query.tuples())):
        at.done.notes.append(
            f"agent {agent.foreign_id} ({agent.status}) was left out: its unit is done here already"
        )
        return
    _add_agent(at, unit_id, agent)


def _bring_holder(at: _Portion, unit_id: int, unit: ForeignUnit, agents: dict[int, int]) -> None:
    """The agent that did the unit, if there is one, and where the unit has come to."""
    before = at.tx.status("unit", unit_id)
    if before in DONE_UNIT and not _leads(before, unit.status):
        return
    holder = next((agent for agent in unit.agents if agent.status not in LOST_AGENT), None)
    if holder is not None and holder.foreign_id in agents:
        local = agents[holder.foreign_id]
        status = at.tx.status("agent", local)
        if _path("agent", status, holder.status) is None:
            at.done.notes.append(
                f"agent {holder.foreign_id} is {holder.status} there now, and stays {status}"
            )
            return
        _advance(at.tx, "agent", local, status, holder.status, at.run_id)
    elif holder is not None:
        _add_agent(at, unit_id, holder)
    _finish_unit(at, unit_id, before, unit, holder)


def _finish_unit(
    at: _Portion, unit_id: int, before: str, unit: ForeignUnit, holder: ForeignAgent | None
) -> None:
    _advance(at.tx, "unit", unit_id, before, unit.status, at.run_id)
    ended = max((agent.ended_ms or agent.created_ms for agent in unit.agents), default=None)
    changed = {
        "worker": None if holder is None else holder.worker_id,
        "status_at": ended or unit.created_ms,
    }
    at.tx.select(Unit.update(changed).where(Unit.id == unit_id))
    if unit.status in DONE_UNIT and before not in DONE_UNIT:
        # What followed from the answer followed there: a resumed run does not judge it again.
        at.tx.insert("judgement", unit=unit_id, more_units=0, judged_at=changed["status_at"])
    if unit.review is not None and unit.status in _JUDGED and before not in _JUDGED:
        _add_decision(at.tx, at.run_id, unit_id, unit.review)
        at.done.count("decisions")


_JUDGED = DONE_UNIT - {UnitStatus.COMPLETED}


def _add_unit(at: _Portion, unit: ForeignUnit) -> int:
    unit_id = at.tx.insert(
        "unit",
        assignment=at.assignment_id,
        task_run=at.run_id,
        unit_index=unit.unit_index,
        data=unit.data,
        pay_cents=unit.pay_cents,
        status=UnitStatus.CREATED,
        status_at=at.tx.now_ms,
        provider_ref=unit.provider_ref,
        created_at=unit.created_ms,
    )
    at.tx.begin("unit", unit_id, UnitStatus.CREATED, run=at.run_id, actor=ACTOR)
    remember(at.tx, at.source, "units", unit.foreign_id, unit_id)
    at.done.count("units")
    return unit_id


def _add_agent(at: _Portion, unit_id: int, agent: ForeignAgent) -> None:
    """An agent at its final status, with its answer and all that it sent."""
    tx, run_id = at.tx, at.run_id
    agent_id = tx.insert(
        "agent",
        token=agent.token,
        registration_id=f"{at.source}-{agent.foreign_id}",
        worker=agent.worker_id,
        unit=unit_id,
        assignment=at.assignment_id,
        task_run=run_id,
        status=AgentStatus.IN_TASK,
        status_at=tx.now_ms,
        created_at=agent.created_ms,
    )
    data = {"unit": unit_id, "worker": agent.worker_id}
    tx.begin("agent", agent_id, AgentStatus.IN_TASK, run=run_id, actor=ACTOR, data=data)
    _advance(tx, "agent", agent_id, AgentStatus.IN_TASK, agent.status, run_id, data)
    ended = agent.ended_ms or agent.created_ms
    has_answer = agent.body is not None and agent.status not in LOST_AGENT
    changed = {"status_at": ended, "submitted_at": ended if has_answer else None}
    tx.select(Agent.update(changed).where(Agent.id == agent_id))
    _add_contents(at, agent_id, agent, ended)
    remember(tx, at.source, "agents", agent.foreign_id, agent_id)
    at.done.count("agents")


def _add_contents(at: _Portion, agent_id: int, agent: ForeignAgent, ended: int) -> None:
    """The answer, what was said, and what was sent beside it."""
    is_late = agent.status in LOST_AGENT
    if agent.body is not None:
        add_submission(at.tx, agent_id, agent.body, agent.uploads, is_late, ended)
        at.done.count("late answers" if is_late else "answers")
    else:
        add_uploads(at.tx, agent_id, agent.uploads)
    at.done.count("files", len(agent.uploads))
    add_history(at.tx, agent_id, agent, at.done)
    add_metadata(at.tx, agent_id, agent, at.done)


def _add_decision(tx: Transaction, run_id: int, unit_id: int, review: ForeignReview) -> None:
    row_id = tx.insert(
        "decision",
        unit=unit_id,
        task_run=run_id,
        verdict=review.verdict,
        status=DecisionStatus.STAGED,
        status_at=tx.now_ms,
        note=review.note,
        is_note_sent=0,
        bonus_cents=review.bonus_cents,
        decided_by=ACTOR,
        created_at=review.at_ms,
    )
    data = {"unit": unit_id, "verdict": review.verdict, "note": review.note}
    tx.begin("decision", row_id, DecisionStatus.STAGED, run=run_id, actor=ACTOR, data=data)
    tx.move("decision", row_id, DecisionStatus.SENT, run=run_id, actor=ACTOR, data=data)
    tx.select(Decision.update(status_at=review.at_ms).where(Decision.id == row_id))


def _advance(
    tx: Transaction,
    table: str,
    row_id: int,
    source: str,
    to: str,
    run_id: int,
    data: dict[str, Any] | None = None,
) -> None:
    """Move a row to a status by the shortest legal way, each step journalled."""
    before = source
    for step in _path(table, source, to) or ():
        tx.move(table, row_id, step, source=before, run=run_id, actor=ACTOR, data=data)
        before = step


def _leads(before: str, after: str) -> bool:
    return before != after and bool(_path("unit", before, after))


@cache
def _path(table: str, source: str, to: str) -> tuple[str, ...] | None:
    """Statuses to go through, the last one being ``to``; None if no way leads there."""
    if source == to:
        return ()
    ways: deque[tuple[str, tuple[str, ...]]] = deque([(source, ())])
    seen = {source}
    while ways:
        at, way = ways.popleft()
        for step in sorted(MOVES[table].get(at, ())):
            if step == to:
                return (*way, step)
            if step not in seen:
                seen.add(step)
                ways.append((step, (*way, step)))
    return None
