"""Rows of lists: what the database gives, as the records of a snapshot."""

from __future__ import annotations

from typing import Any

import orjson

from mephisto_engine.clock import from_ms
from mephisto_engine.operations.watching.snapshot import AgentRow, UnitRow, WorkerRow

PREVIEW_WIDTH = 200


def unit_row_of(row: tuple[Any, ...]) -> UnitRow:
    """A row of `browse.units`."""
    number, assignment, index, status, worker, name, pay, status_at, begun, submitted, text = row
    return UnitRow(
        id=number,
        assignment_id=assignment,
        unit_index=index,
        status=status,
        worker_id=worker,
        worker_name=name or "",
        pay_cents=pay,
        status_at=from_ms(status_at),
        seconds_worked=None if submitted is None else (submitted - begun) / 1000,
        preview=_preview(text or ""),
    )


def agent_row_of(row: tuple[Any, ...]) -> AgentRow:
    """A row of `browse.agents`."""
    number, worker, name, unit, status, created_at, status_at, deadline_at, last_seen_at = row
    return AgentRow(
        id=number,
        worker_id=worker,
        worker_name=name,
        unit_id=unit,
        status=status,
        created_at=from_ms(created_at),
        status_at=from_ms(status_at),
        deadline_at=None if deadline_at is None else from_ms(deadline_at),
        last_seen_at=None if last_seen_at is None else from_ms(last_seen_at),
    )


def _preview(text: str) -> str:
    """An answer in a few words: its values, or the beginning of its text if that is cut off."""
    try:
        answer = orjson.loads(text) if text else ""
    except orjson.JSONDecodeError:
        return text[:PREVIEW_WIDTH]
    values = answer.values() if isinstance(answer, dict) else [answer]
    shown = (str(value) for value in values if value not in ("", None, [], {}))
    return " · ".join(shown)[:PREVIEW_WIDTH]


def worker_row_of(row: Any) -> WorkerRow:
    """A row of `browse.workers`."""
    return WorkerRow(
        id=row.id,
        name=row.name,
        live=row.live,
        done=row.done,
        lost=row.lost,
        accepted=row.accepted,
        rejected=row.rejected,
        paid_cents=row.paid_cents,
        is_blocked=row.blocked_at is not None,
    )
