"""Who waits, who qualifies, and how long units take: figures of a run beside its counts."""

from __future__ import annotations

from peewee import fn

from mephisto_engine.data_model import Agent, Judgement, OnboardingAgent, Unit
from mephisto_engine.data_model.records import GOLD_INDEX, SCREENING_INDEX
from mephisto_engine.data_model.status import HOLDING_AGENT, LIVE_AGENT, AgentStatus, UnitStatus
from mephisto_engine.database.compiled import Compiled, param

LATEST = 500
"""Submitted units whose times are looked at, for each status that they can be in."""

_SUBMITTED = sorted(HOLDING_AGENT - LIVE_AGENT)

_WAITING_SINCE = Compiled(
    lambda: Agent.select(fn.MIN(Agent.status_at)).where(
        (Agent.task_run == param("run")) & (Agent.status == AgentStatus.WAITING)
    )
)
_SIZE = Unit.select(fn.COUNT(Unit.id)).where(
    (Unit.assignment == Agent.assignment)
    & (Unit.unit_index >= 0)
    & (Unit.status != UnitStatus.EXPIRED)
)
_ROOMS = Compiled(
    lambda: (
        Agent.select(_SIZE, fn.COUNT(Agent.id), fn.MIN(Agent.deadline_at))
        .where((Agent.task_run == param("run")) & (Agent.status == AgentStatus.WAITING))
        .group_by(Agent.assignment)
        .order_by(fn.MIN(Agent.deadline_at))
    )
)
_TIMES = Compiled(
    lambda: (
        Agent.select(Agent.submitted_at - Agent.created_at)
        .where((Agent.task_run == param("run")) & (Agent.status == param("status")))
        .order_by(Agent.status_at.desc())
        .limit(LATEST)
    )
)
_ONBOARDINGS = Compiled(
    lambda: (
        OnboardingAgent.select(OnboardingAgent.status, fn.COUNT(OnboardingAgent.id))
        .where(OnboardingAgent.task_run == param("run"))
        .group_by(OnboardingAgent.status)
    )
)
_JUDGED = Compiled(
    lambda: (
        Judgement.select(Unit.unit_index, Judgement.is_right, fn.COUNT(Judgement.id))
        .join(Unit)
        .where((Unit.task_run == param("run")) & Unit.unit_index.in_((GOLD_INDEX, SCREENING_INDEX)))
        .group_by(Unit.unit_index, Judgement.is_right)
    )
)


def waiting_since_ms(run_id: int) -> int | None:
    """Since when the worker waits for partners who has waited longest; None if nobody does."""
    since = _WAITING_SINCE.fetch(run=run_id)[0][0]
    return None if since is None else int(since)


def rooms(run_id: int) -> list[tuple[int, int, int | None]]:
    """``(size, present, first deadline in ms)`` of assignments whose workers wait for partners.

    The one that has waited longest comes first.
    """
    return [(size, present, until) for size, present, until in _ROOMS.fetch(run=run_id)]


def latest_times_ms(run_id: int) -> list[int]:
    """How long the latest submitted units took, shortest first; in milliseconds."""
    rows = [row for status in _SUBMITTED for row in _TIMES.fetch(run=run_id, status=status)]
    return sorted(worked for (worked,) in rows if worked is not None)


def onboarding_counts(run_id: int) -> dict[str, int]:
    """Status → how many did the qualifying task of the run."""
    return dict(_ONBOARDINGS.fetch(run=run_id))


def judged(run_id: int, unit_index: int) -> tuple[int, int]:
    """How many gold (or screening) units were answered rightly, and how many wrongly."""
    found = {
        bool(is_right): number
        for index, is_right, number in _JUDGED.fetch(run=run_id)
        if index == unit_index and is_right is not None
    }
    return found.get(True, 0), found.get(False, 0)
