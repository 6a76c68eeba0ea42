"""Read-only copies of rows, as they travel between floors and to plugins.

A record is a value: it does not change when the row does, and touching it never asks the database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

SCREENING_INDEX: Final = -1
GOLD_INDEX: Final = -2
COMPENSATION_INDEX: Final = -3
"""Places of units that belong to no item of the task data."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A TaskRun as plugins and screens see it."""

    id: int
    task_name: str
    status: str
    blueprint_type: str
    architect_type: str
    provider_type: str
    is_sandbox: bool
    pay_cents: int
    requester_name: str


@dataclass(frozen=True, slots=True)
class WorkerRecord:
    """A Worker with what decides whether they may work."""

    id: int
    name: str
    provider_type: str
    is_blocked: bool = False
    qualifications: dict[str, int] = field(default_factory=dict)
    """Qualification name → value."""


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """A Unit with the data of its assignment."""

    id: int
    assignment_id: int
    task_run_id: int
    unit_index: int
    status: str
    pay_cents: int
    shared: dict[str, Any]
    """Data of the assignment."""
    data: dict[str, Any]
    """Data of this unit alone."""
    worker_id: int | None = None


@dataclass(frozen=True, slots=True)
class SubmittedUnit(UnitRecord):
    """A Unit with its answer, as the operator's code gets it."""

    worker: WorkerRecord = field(default_factory=lambda: WorkerRecord(0, "", ""))
    """Who has answered."""
    answer: Any = None
    """What the page handed in."""
    item_answers: tuple[Any, ...] = ()
    """All answers to the item so far, in the order of their units; rejected ones are left out."""
    open_units: int = 0
    """Units of the item whose answer is still to come."""

    @property
    def is_screening(self) -> bool:
        """Whether it was made to find out if the worker may do real units."""
        return self.unit_index == SCREENING_INDEX

    @property
    def is_gold(self) -> bool:
        """Whether its answer was known beforehand."""
        return self.unit_index == GOLD_INDEX


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """An Agent as it is stored."""

    id: int
    token: str
    registration_id: str
    worker_id: int
    unit_id: int
    assignment_id: int
    task_run_id: int
    status: str
    deadline_at: datetime | None
    submitted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """A file that was received and stored under a name of our own, not yet tied to an agent."""

    field_name: str
    original_name: str
    """As the worker's browser gave it: data, never part of a path."""
    stored_name: str
    mime_type: str
    size: int
    sha256: str
    directory: str
    """Where it lies, with a trailing slash, as task pages expect it in `destination`."""
