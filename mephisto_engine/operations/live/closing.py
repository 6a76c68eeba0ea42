"""Stopping a run whose engine has died: what it left outside is taken down, nothing goes on line.

Only the provider and the architect are needed for that. The task's data and code may be gone, or
may have been a script's own and never stored.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any, cast

from mephisto_engine.abstractions.architect import Architect, ArchitectContext
from mephisto_engine.abstractions.calling import call
from mephisto_engine.abstractions.channel import Backend
from mephisto_engine.abstractions.crowd_provider import CrowdProvider
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.abstractions.site import Site
from mephisto_engine.clock import to_ms
from mephisto_engine.config.stored import stored_args
from mephisto_engine.data_model.status import RunStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import agents as agent_ops
from mephisto_engine.database.operations import runs as ops
from mephisto_engine.database.operations.lease import Holder
from mephisto_engine.database.queries.publishing import maybe_published
from mephisto_engine.database.queries.runs import find_run, run_record
from mephisto_engine.errors import StateError
from mephisto_engine.operations.runs.provider_access import provider_of_run
from mephisto_engine.operations.runs.run_folders import run_folder, site_in, uploads_in
from mephisto_engine.operations.runs.run_lease import RunLease
from mephisto_engine.phrases import number_of

log = logging.getLogger(__name__)


async def close_out(
    db: MephistoDB, home: Path, registry: Registry, holder: Holder, run_id: int, actor: str
) -> str:
    """Stop a run that no engine drives.

    Returns:
        What has come of it, as sentences for the operator.

    Raises:
        LeaseHeldError: an engine has taken it up meanwhile.
        MephistoError: the provider cannot be asked to withdraw what is published; the run stays as
            it is, and can be stopped again.
    """
    lease = RunLease(db, run_id, holder)
    await lease.take()
    try:
        provider = await asyncio.to_thread(provider_of_run, db, home, registry, run_id)
        reason = f"stopped by {actor} after its engine had ended"
        units = await asyncio.to_thread(db.read, maybe_published, run_id)
        if units:
            await call(provider.unit.expire, units)
        number = await db.write(agent_ops.end_everybody, run_id, actor, reason)
        await db.write(ops.expire_units, run_id, actor, reason)
        left = [await _take_down(provider), await _take_off_line(db, home, registry, run_id)]
        columns = {"status_reason": reason, "ended_at": to_ms(db.clock.now())}
        await db.write(ops.move_run, run_id, RunStatus.STOPPED, actor, columns)
    finally:
        await lease.give_back()
    said = f"Run {run_id} is stopped; no engine drove it. {_ended(number)}"
    return "\n".join([said, *filter(None, left)])


def _ended(number: int) -> str:
    if not number:
        return "Nobody was at work."
    return f"{number_of(number, 'worker')} at work {'was' if number == 1 else 'were'} ended."


async def _take_down(provider: CrowdProvider) -> str:
    """Have the provider take down what it made for the run; what is left over, if anything."""
    try:
        await call(provider.cleanup_resources_from_task_run)
    except Exception as error:
        log.exception("the provider could not be cleaned up")
        return f"What the provider has made for it may be left over: {error}"
    return ""


async def _take_off_line(db: MephistoDB, home: Path, registry: Registry, run_id: int) -> str:
    """Have the architect take down what the dead engine had put on line; what is left over."""
    try:
        architect = await asyncio.to_thread(_architect_of_run, db, home, registry, run_id)
        await call(architect.shutdown)
    except Exception as error:
        log.exception("run %d could not be taken off line", run_id)
        return f"What its architect has put on line may be left over: {error}"
    return ""


def _architect_of_run(db: MephistoDB, home: Path, registry: Registry, run_id: int) -> Architect:
    run = db.read(find_run, run_id)
    architect: type[Architect] = registry.load(PluginKind.ARCHITECT, run.architect_type)
    args = stored_args(run.config, PluginKind.ARCHITECT, run.architect_type, registry)
    folder = run_folder(home, run_id)
    root, uploads = site_in(folder), uploads_in(folder)
    site = Site(root, uploads, task_config={}, provider_script="", title="")
    backend = cast(Backend, _NoBackend())
    return architect(args, ArchitectContext(db.read(run_record, run_id), site, backend))


class _NoBackend:
    """An engine that is not there: whatever asks it for something is told so."""

    def __getattr__(self, name: str) -> Any:
        raise StateError("No engine drives this run.")
