"""What of a run lies on disk, and whether an export has all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from peewee import fn

from mephisto_engine.data_model import Agent, Unit, Upload
from mephisto_engine.data_model.base import database as in_use


def uploads_of(run_id: int) -> Iterator[tuple[str, str]]:
    """``(stored name, sha256)`` of every file that workers sent in a run."""
    query = (
        Upload.select(Upload.stored_name, Upload.sha256)
        .join(Agent)
        .where(Agent.task_run == run_id)
        .order_by(Upload.id)
    )
    return iter(in_use.stream(query))


def archived_uploads(run_ids: Sequence[int]) -> dict[str, str]:
    """Stored name → folder of the export that has it, of files that were removed here."""
    query = (
        Upload.select(Upload.stored_name, Upload.archived_in)
        .join(Agent)
        .where(Agent.task_run.in_(list(run_ids)) & Upload.archived_in.is_null(False))
    )
    return dict(in_use.stream(query))


def units_stored(run_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Run → status → number of units, as manifests have it."""
    query: Any = Unit.select(Unit.task_run, Unit.status, fn.COUNT(Unit.id)).where(
        Unit.task_run.in_(list(run_ids))
    )
    found: dict[int, dict[str, int]] = {run_id: {} for run_id in run_ids}
    for run_id, status, number in query.group_by(Unit.task_run, Unit.status).tuples():
        found[run_id][status] = number
    return found
