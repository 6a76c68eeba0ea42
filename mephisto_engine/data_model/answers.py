"""A Unit with its answer and all that came with it, as one read-only value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mephisto_engine.data_model.records import UnitRecord


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file that a worker sent."""

    field_name: str
    original_name: str
    """As the worker's browser gave it: data, never part of a path."""
    stored_name: str
    mime_type: str
    size: int
    sha256: str
    archived_in: str | None = None
    """Folder of the export that has it, where it was removed here."""


@dataclass(frozen=True, slots=True)
class UpdateRecord:
    """One message between a worker's page and the task's code."""

    at: datetime
    is_from_worker: bool
    body: Any


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """A decision that was sent."""

    verdict: str
    note: str
    bonus_cents: int
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """What one worker handed in for one Unit."""

    unit: UnitRecord
    item_index: int
    requeued_from: int | None
    """The assignment that this one was offered again for."""
    is_right: bool | None
    """What the operator's code said of a screening or gold unit."""
    expected: Any
    """What such a unit should have been answered with; None where nobody said."""
    provider_type: str | None
    worker_name: str | None
    agent_id: int | None
    """None where nobody has the unit; what follows is empty then."""
    agent_status: str | None
    started_at: datetime | None
    submitted_at: datetime | None
    text: str | None
    """The answer as JSON text, byte for byte; None while there is none."""
    history: tuple[Any, ...] = ()
    """Live updates between page and task code, in order."""
    metadata: tuple[Any, ...] = ()
    """What the page sent beside the answer, in order."""
    files: tuple[FileRecord, ...] = ()
    people: tuple[tuple[str, str], ...] = ()
    """Provider and name of everybody who was ever on the same assignment, the worker too."""
    review: ReviewRecord | None = None
