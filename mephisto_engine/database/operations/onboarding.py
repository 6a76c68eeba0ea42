"""The qualifying task: beginning it, handing it in, and being judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from mephisto_engine.data_model import OnboardingAgent, Worker
from mephisto_engine.data_model.status import AgentStatus
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.operations.runs import ensure_qualifications
from mephisto_engine.database.operations.workers import (
    grant_qualification,
    held_value,
    revoke_qualification,
)
from mephisto_engine.database.transaction import Transaction

PREFIX = "onboarding_"
"""Tokens of onboarding agents begin so: task pages tell by it that a worker is onboarding."""

TABLE = "onboarding_agent"


@dataclass(frozen=True, slots=True)
class StoredOnboarding:
    """An onboarding agent as it is stored."""

    id: int
    token: str
    worker_id: int
    registration_id: str
    status: str


_COLUMNS = (
    OnboardingAgent.id,
    OnboardingAgent.token,
    OnboardingAgent.worker,
    OnboardingAgent.registration_id,
    OnboardingAgent.status,
)
_BY_REGISTRATION = Compiled(
    lambda: OnboardingAgent.select(*_COLUMNS).where(
        (OnboardingAgent.task_run == param("run"))
        & (OnboardingAgent.registration_id == param("registration"))
        & (OnboardingAgent.worker == param("worker"))
    )
)
BY_TOKEN = Compiled(
    lambda: (
        OnboardingAgent.select(*_COLUMNS, Worker.name, Worker.provider_type)
        .join(Worker)
        .where(
            (OnboardingAgent.task_run == param("run")) & (OnboardingAgent.token == param("token"))
        )
    )
)
_FREE_REGISTRATION = Compiled(
    lambda: OnboardingAgent.update(
        {OnboardingAgent.registration_id: OnboardingAgent.registration_id.concat(param("mark"))}
    ).where(OnboardingAgent.id == param("id"))
)


def begin(
    tx: Transaction, run_id: int, worker_id: int, registration_id: str, token: str
) -> StoredOnboarding:
    """Put a worker on the qualifying task; a known registration gets its onboarding agent again."""
    known = tx.one(_BY_REGISTRATION, run=run_id, registration=registration_id, worker=worker_id)
    if known is not None:
        return StoredOnboarding(*known)
    row_id = tx.insert(
        TABLE,
        token=PREFIX + token,
        registration_id=registration_id,
        worker=worker_id,
        task_run=run_id,
        status=AgentStatus.ONBOARDING,
        status_at=tx.now_ms,
        created_at=tx.now_ms,
    )
    actor = f"worker:{worker_id}"
    tx.begin(TABLE, row_id, AgentStatus.ONBOARDING, run=run_id, actor=actor)
    return StoredOnboarding(
        row_id, PREFIX + token, worker_id, registration_id, AgentStatus.ONBOARDING
    )


def hand_in(tx: Transaction, run_id: int, onboarding_id: int, worker_id: int, answer: Any) -> str:
    """Keep what the worker handed in; the status afterwards. A repeat changes nothing."""
    status = tx.status(TABLE, onboarding_id)
    if status != AgentStatus.ONBOARDING:
        return status
    tx.move(
        TABLE,
        onboarding_id,
        AgentStatus.WAITING,
        source=status,
        run=run_id,
        actor=f"worker:{worker_id}",
        answer=orjson.dumps(answer).decode(),
    )
    return AgentStatus.WAITING


def judge(
    tx: Transaction,
    run_id: int,
    onboarding_id: int,
    worker_id: int,
    qualification: str,
    has_passed: bool,
) -> None:
    """Close an onboarding: the worker holds the qualification with 1, or with 0 and is kept out."""
    to = AgentStatus.APPROVED if has_passed else AgentStatus.REJECTED
    tx.move(TABLE, onboarding_id, to, source=AgentStatus.WAITING, run=run_id)
    ensure_qualifications(tx, [qualification])
    grant_qualification(tx, worker_id, qualification, int(has_passed), "engine")


def end(tx: Transaction, run_id: int, onboarding_id: int, status: str, reason: str) -> bool:
    """The worker left the qualifying task; False if it was over already."""
    if tx.status(TABLE, onboarding_id) not in (AgentStatus.ONBOARDING, AgentStatus.WAITING):
        return False
    tx.move(TABLE, onboarding_id, status, run=run_id, data={"reason": reason})
    return True


def reset(
    tx: Transaction, worker_id: int, onboarding_ids: Sequence[int], qualification: str, actor: str
) -> int | None:
    """Let a worker do a qualifying task again: its verdict is taken back, what they did is kept.

    Args:
        tx: the transaction.
        worker_id: who.
        onboarding_ids: the times that they did it; their registrations stand for a new one then.
        qualification: what it decides on.
        actor: who resets it.

    Returns:
        The value that they held; None if they held none.
    """
    ensure_qualifications(tx, [qualification])
    held = held_value(tx, worker_id, qualification)
    if held is not None:
        revoke_qualification(tx, worker_id, qualification, actor)
    for row_id in onboarding_ids:
        # The same link gives the same registration, and that is to lead to a new onboarding.
        tx.run(_FREE_REGISTRATION, id=row_id, mark=f"#{row_id}")
    data = {"qualification": qualification, "value": held}
    tx.record("worker.onboarding_reset", "worker", worker_id, actor=actor, data=data)
    return held
