"""Which of several foreign agents holds a unit: what was never enforced there must hold here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mephisto_engine.data_model.foreign import ForeignAgent, ForeignUnit
from mephisto_engine.data_model.status import DONE_UNIT, LOST_AGENT, AgentStatus, UnitStatus

DONE_AGENT: Final = frozenset({"completed", "approved", "soft_rejected", "rejected"})
_UNIT_OF: Final = {
    "completed": "completed",
    "approved": "accepted",
    "soft_rejected": "soft_rejected",
    "rejected": "rejected",
}


def settle(unit: ForeignUnit, taken_workers: set[int]) -> list[str]:
    """Make a unit and its agents agree; they are changed in place.

    At most one agent that is done holds the unit, no worker holds two units of an assignment, and
    nobody is at work any more.

    Args:
        unit: the unit with all its agents.
        taken_workers: workers who hold a unit of the assignment; the holder is added.

    Returns:
        What had to be changed, in sentences.
    """
    notes = list(_end_those_at_work(unit))
    holder = _holder(unit, taken_workers)
    for agent in unit.agents:
        if agent.status in DONE_AGENT and agent is not holder:
            notes.append(
                f"agent {agent.foreign_id} was {agent.status} on unit {unit.foreign_id}, which "
                "another agent holds or which its worker may not hold; its answer is kept as late"
            )
            agent.status = AgentStatus.RETURNED.value
    notes += _agree(unit, holder)
    if holder is not None:
        taken_workers.add(holder.worker_id)
        if holder.body is None:
            notes.append(f"agent {holder.foreign_id} is {holder.status}, but has no stored answer")
            holder.body = "null"
    return notes


def _end_those_at_work(unit: ForeignUnit) -> Iterable[str]:
    """Who has not handed in yet may do so later: they come with a later import."""
    for agent in list(unit.agents):
        if agent.status in DONE_AGENT | LOST_AGENT:
            continue
        if agent.body is None:
            unit.agents.remove(agent)
            yield f"agent {agent.foreign_id} is still {agent.status!r} there; it was left out"
        else:
            yield f"agent {agent.foreign_id} was still {agent.status!r}; its answer is kept as late"
            agent.status = AgentStatus.EXPIRED.value


def _holder(unit: ForeignUnit, taken_workers: set[int]) -> ForeignAgent | None:
    """The agent that the unit names if it is done, else the last one that is."""
    done = [
        agent
        for agent in unit.agents
        if agent.status in DONE_AGENT and agent.worker_id not in taken_workers
    ]
    named = [agent for agent in done if agent.foreign_id == unit.current_agent]
    found = named or done[-1:]
    return found[0] if found else None


def _agree(unit: ForeignUnit, holder: ForeignAgent | None) -> Iterable[str]:
    before = unit.status
    if holder is None:
        if unit.status in DONE_UNIT:
            unit.status = UnitStatus.EXPIRED.value
            yield f"unit {unit.foreign_id} was {before}, but nobody who did it is stored"
        elif unit.status != UnitStatus.EXPIRED:
            unit.status = UnitStatus.EXPIRED.value
            yield f"unit {unit.foreign_id} was still {before}; it is expired here"
    elif unit.status not in DONE_UNIT:
        unit.status = _UNIT_OF[holder.status]
        yield (
            f"unit {unit.foreign_id} was {before}, but agent {holder.foreign_id} had done it: it "
            f"is {unit.status} here"
        )
