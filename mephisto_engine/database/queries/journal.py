"""What the journal tells of one worker or agent: blocks, refusals, why somebody left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import SQL

from mephisto_engine.data_model import Event
from mephisto_engine.data_model.journal import OF_AGENT, OF_WORKER
from mephisto_engine.database.compiled import Compiled, param


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """A time when a worker was turned away."""

    at: datetime
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A worker was blocked, or let in again."""

    at: datetime
    by: str
    is_block: bool
    reason: str


def last_refusals(run_id: int | None, worker_id: int, limit: int) -> list[RefusalRow]:
    """The newest times when the worker was turned away from a run, or from any; newest first."""
    where = (Event.kind == "worker.refused") & (Event.subject_id == worker_id)
    if run_id is not None:
        # The plus keeps SQLite from going through all that has happened in the run instead.
        where &= SQL("+task_run = ?", (run_id,))
    query: Any = Event.select(Event.at, Event.data).where(OF_WORKER & where)
    newest = query.order_by(Event.id.desc()).limit(limit)
    return [
        RefusalRow(at, data.get("reason", ""), data.get("detail", ""))
        for at, data in newest.tuples()
    ]


def worker_blocks(worker_id: int) -> list[BlockRow]:
    """When a worker was blocked and let in again, by whom and why, newest first."""
    kinds = Event.kind.in_(["worker.blocked", "worker.unblocked"])
    query: Any = (
        Event.select(Event.at, Event.actor, Event.kind, Event.data)
        .where(OF_WORKER & kinds & (Event.subject_id == worker_id))
        .order_by(Event.id.desc())
    )
    return [
        BlockRow(at, actor, kind == "worker.blocked", (data or {}).get("reason", ""))
        for at, actor, kind, data in query.tuples()
    ]


def reasons_of_leaving(agent_ids: Sequence[int]) -> dict[int, str]:
    """Agent → why they left their unit, in words; without those of whom none is known."""
    found: dict[int, str] = {}
    for agent_id in agent_ids:
        for (reason,) in _LEFT.fetch(agent=agent_id):
            found[agent_id] = reason or found.get(agent_id, "")
    return {agent_id: reason for agent_id, reason in found.items() if reason}


_LEFT = Compiled(
    lambda: (
        Event.select(SQL("json_extract(data, '$.reason')"))
        .where(OF_AGENT & (Event.subject_id == param("agent")))
        .order_by(Event.id)
    )
)
