"""Archiving: a run whose export was verified gives its disk space back, and that is on record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from mephisto_engine.data_model import Lease, Project, Upload
from mephisto_engine.data_model.status import RunStatus
from mephisto_engine.database.lease_watch import LeaseWatch
from mephisto_engine.database.operations.lease import sight_of
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import StateError

AT_ONCE: Final = 500
ENDED_RUN: Final = frozenset({RunStatus.COMPLETED, RunStatus.STOPPED, RunStatus.FAILED})


def refuse_live(tx: Transaction, run_ids: Sequence[int], watch: LeaseWatch) -> None:
    """Make sure that nobody drives any of these runs.

    Raises:
        StateError: a run has not ended, or an engine still holds it.
    """
    for run_id in run_ids:
        status = tx.status("task_run", run_id)
        if status not in ENDED_RUN:
            raise StateError(
                f"Run {run_id} is {status}; only runs that have ended are archived.",
                f"Stop it first: mephisto-tui stop {run_id}",
            )
        for lease in tx.select(Lease.select().where(Lease.task_run == run_id)):
            if watch.is_alive(sight_of(lease)) is not False:
                raise StateError(
                    f"Run {run_id} is still driven by process {lease.pid} on {lease.host}."
                )


def record_archive(
    tx: Transaction,
    run_ids: Sequence[int],
    watch: LeaseWatch,
    actor: str,
    facts: dict[int, dict[str, Any]],
    stored_names: Sequence[str],
) -> None:
    """Put on record what is about to be removed, before it is; ``facts`` by run.

    Args:
        tx: the transaction.
        run_ids: which runs.
        watch: what is seen of the engines of others.
        actor: who does it.
        facts: what the journal says of each run; ``export`` is the folder that has the files.
        stored_names: the files that will be removed.

    Raises:
        StateError: a run has not ended, or an engine still holds it.
    """
    refuse_live(tx, run_ids, watch)
    for run_id in run_ids:
        tx.record("run.archived", "task_run", run_id, run=run_id, actor=actor, data=facts[run_id])
    for start in range(0, len(stored_names), AT_ONCE):
        names = list(stored_names[start : start + AT_ONCE])
        where = Upload.stored_name.in_(names)
        tx.select(Upload.update(archived_in=facts[run_ids[0]]["export"]).where(where))


def mark_project(tx: Transaction, name: str, actor: str) -> None:
    """A project's runs have all been archived."""
    tx.select(Project.update(archived_at=tx.now).where(Project.name == name))
    row = next(iter(tx.select(Project.select(Project.id).where(Project.name == name))))
    tx.record("project.archived", "project", row.id, actor=actor, data={"name": name})
