"""What workers handed in at qualifying tasks, and what it was judged to be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mephisto_engine.data_model import OnboardingAgent, Task, TaskRun
from mephisto_engine.data_model.status import AgentStatus

OPEN = (AgentStatus.ONBOARDING, AgentStatus.WAITING)
"""The worker is at it, or is just being judged."""


@dataclass(frozen=True, slots=True)
class OnboardingRow:
    """One time that a worker did a qualifying task."""

    id: int
    run_id: int
    task_name: str
    qualification_name: str
    """What it decides on; empty if the run's config does not say any more."""
    status: str
    """`approved`, `rejected`, `disconnect`; or how far it has come."""
    begun_at: datetime
    status_at: datetime
    answer: Any

    @property
    def is_open(self) -> bool:
        """Whether there is no verdict yet, and there may be one."""
        return self.status in OPEN


def onboardings(worker_id: int, run_id: int | None = None) -> list[OnboardingRow]:
    """All that a worker has done at qualifying tasks, of one run or of all, newest first."""
    query: Any = (
        OnboardingAgent.select(OnboardingAgent, TaskRun, Task)
        .join(TaskRun)
        .join(Task)
        .where(OnboardingAgent.worker == worker_id)
        .order_by(OnboardingAgent.id.desc())
    )
    if run_id is not None:
        query = query.where(OnboardingAgent.task_run == run_id)
    return [_row(agent) for agent in query]


def _row(agent: Any) -> OnboardingRow:
    run = agent.task_run
    blueprint = (run.config or {}).get("mephisto", {}).get("blueprint", {})
    return OnboardingRow(
        agent.id,
        run.id,
        run.task.name,
        str(blueprint.get("onboarding_qualification") or ""),
        agent.status,
        agent.created_at,
        agent.status_at,
        agent.answer,
    )
