"""What agents hand in: answers, files, and what comes beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from peewee import JOIN

from mephisto_engine.data_model import Agent, Submission
from mephisto_engine.data_model.records import UploadRecord
from mephisto_engine.data_model.status import LOST_AGENT, AgentStatus, UnitStatus
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.transaction import Transaction


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """An answer about to be stored."""

    agent_id: int
    unit_id: int
    run_id: int
    worker_id: int
    body: str
    uploads: Sequence[UploadRecord]
    client_ms: int | None


_SUBMITTED = Compiled(
    lambda: (
        Agent.select(Agent.status, Submission.sha256)
        .join(Submission, JOIN.LEFT_OUTER, on=(Submission.agent == Agent.id))
        .where(Agent.id == param("agent"))
    )
)


def submit(tx: Transaction, new: NewSubmission) -> str:
    """Store an answer and complete its agent and unit, together.

    Returns:
        `stored`; `repeated` if the agent had submitted before (the first answer stands); or `late`
        if the agent had been ended (the answer is kept, the unit is not completed by it).
    """
    actor = f"worker:{new.worker_id}"
    status, stored = tx.all(_SUBMITTED, agent=new.agent_id)[0]
    if stored is not None:
        digest = hashlib.sha256(new.body.encode()).hexdigest()
        if stored != digest:
            tx.record(
                "agent.submitted_otherwise",
                "agent",
                new.agent_id,
                run=new.run_id,
                actor=actor,
                data={"sha256": digest},
            )
        return "repeated"
    is_late = status in LOST_AGENT
    add_submission(tx, new.agent_id, new.body, new.uploads, is_late, tx.now_ms, new.client_ms)
    if is_late:
        tx.record("agent.submitted_late", "agent", new.agent_id, run=new.run_id, actor=actor)
        return "late"
    tx.move(
        "agent",
        new.agent_id,
        AgentStatus.COMPLETED,
        source=status,
        run=new.run_id,
        actor=actor,
        data={"unit": new.unit_id},
        submitted_at=tx.now_ms,
    )
    tx.move(
        "unit",
        new.unit_id,
        UnitStatus.COMPLETED,
        source=UnitStatus.ASSIGNED,
        run=new.run_id,
        actor=actor,
        data={"agent": new.agent_id},
    )
    return "stored"


def store_metadata(
    tx: Transaction, agent_id: int, run_id: int, body: str, uploads: Sequence[UploadRecord]
) -> None:
    """Keep what a page sent beside its answer."""
    tx.insert("agent_metadata", agent=agent_id, body=body, received_at=tx.now_ms)
    add_uploads(tx, agent_id, uploads)
    tx.record("agent.metadata", "agent", agent_id, run=run_id)


def add_submission(
    tx: Transaction,
    agent_id: int,
    body: str,
    uploads: Sequence[UploadRecord],
    is_late: bool,
    received_ms: int,
    client_ms: int | None = None,
) -> None:
    """Store an answer and its files; no status changes."""
    tx.insert(
        "submission",
        agent=agent_id,
        body=body,
        sha256=hashlib.sha256(body.encode()).hexdigest(),
        is_late=int(is_late),
        client_at=client_ms,
        received_at=received_ms,
    )
    add_uploads(tx, agent_id, uploads)


def add_uploads(tx: Transaction, agent_id: int, uploads: Sequence[UploadRecord]) -> None:
    """Tie files that are stored already to an agent."""
    for upload in uploads:
        tx.insert(
            "upload",
            agent=agent_id,
            field_name=upload.field_name,
            original_name=upload.original_name,
            stored_name=upload.stored_name,
            mime_type=upload.mime_type,
            size=upload.size,
            sha256=upload.sha256,
            created_at=tx.now_ms,
        )
