"""All that is known of one worker over all runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mephisto_engine.data_model import Worker, WorkerNote
from mephisto_engine.data_model.records import WorkerRecord
from mephisto_engine.database.queries.journal import BlockRow, worker_blocks
from mephisto_engine.database.queries.standing import Figures, Within, figures_by, work_within
from mephisto_engine.database.queries.workers import GrantRow, grants, worker_record


@dataclass(frozen=True, slots=True)
class NoteRow:
    """Something that an operator wanted to remember of a worker."""

    at: datetime
    written_by: str
    text: str


@dataclass(frozen=True, slots=True)
class WorkerHistory:
    """All that is known of a worker."""

    worker: WorkerRecord
    first_seen_at: datetime
    overall: Figures
    by_project: Mapping[str, Figures]
    """Project name → figures; work on tasks without a project is under an empty name."""
    by_task: Mapping[str, Figures]
    qualifications: tuple[GrantRow, ...]
    notes: tuple[NoteRow, ...]
    """Newest first."""
    blocks: tuple[BlockRow, ...]
    """Newest first; whether the worker is blocked now is in ``worker``."""


def worker_history(worker_id: int) -> WorkerHistory:
    """All that is known of a worker.

    Raises:
        NotFoundError: there is no such worker.
    """
    record = worker_record(worker_id)
    worked = work_within(Within(worker_id=worker_id))
    return WorkerHistory(
        worker=record,
        first_seen_at=Worker.get_by_id(worker_id).created_at,
        overall=figures_by(worked, lambda row: None).get(None, Figures()),
        by_project=figures_by(worked, lambda row: row.project_name),
        by_task=figures_by(worked, lambda row: row.task_name),
        qualifications=tuple(grants(worker_id=worker_id)),
        notes=tuple(worker_notes(worker_id)),
        blocks=tuple(worker_blocks(worker_id)),
    )


def worker_notes(worker_id: int) -> list[NoteRow]:
    """What operators have noted about a worker, newest first."""
    query: Any = (
        WorkerNote.select(WorkerNote.created_at, WorkerNote.written_by, WorkerNote.text)
        .where(WorkerNote.worker == worker_id)
        .order_by(WorkerNote.id.desc())
    )
    return [NoteRow(*row) for row in query.tuples()]
