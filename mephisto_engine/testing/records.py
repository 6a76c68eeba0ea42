"""Records with plausible values, for tests that need some and care about few of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.abstractions.crowd_provider import ProviderContext
from mephisto_engine.abstractions.site import Site
from mephisto_engine.data_model.records import RunRecord, UnitRecord, WorkerRecord
from mephisto_engine.operations.runs.run_folders import site_in, uploads_in

_RUN = RunRecord(
    id=1,
    task_name="sample-task",
    status="created",
    blueprint_type="sample",
    architect_type="sample",
    provider_type="sample",
    is_sandbox=True,
    pay_cents=25,
    requester_name="sample-requester",
)


def make_run(**changes: Any) -> RunRecord:
    """A TaskRun."""
    return replace(_RUN, **changes)


def make_worker(name: str = "alice", **changes: Any) -> WorkerRecord:
    """A Worker."""
    return replace(WorkerRecord(id=1, name=name, provider_type="sample"), **changes)


def make_unit(id: int = 1, **changes: Any) -> UnitRecord:
    """A Unit of an Assignment of its own."""
    unit = UnitRecord(
        id=id,
        assignment_id=id,
        task_run_id=1,
        unit_index=0,
        status="created",
        pay_cents=25,
        shared={"text": f"item {id}"},
        data={},
    )
    return replace(unit, **changes)


def make_provider_context(**changes: Any) -> ProviderContext:
    """What a provider gets for a run of ten minutes an assignment and a day in all."""
    context = ProviderContext(
        run=make_run(),
        home=Path(tempfile.gettempdir()) / "mephisto-no-home",
        title="Sample task",
        description="A task that only tests know",
        keywords=("sample",),
        assignment_duration_seconds=600,
        lifetime_seconds=86_400,
        requirements=(),
    )
    return replace(context, **changes)


def make_site(folder: Path) -> Site:
    """A site of one page, in a folder that is made if it is not there."""
    root, uploads = site_in(folder), uploads_in(folder)
    for made in (root, uploads):
        made.mkdir(parents=True, exist_ok=True)
    page = '<!doctype html><html lang="en"><title>Sample</title><div id="app"></div></html>'
    (root / "index.html").write_text(page, "utf-8")
    return Site(root, uploads, task_config={}, provider_script="", title="Sample task")


def make_live_agent(
    unit: UnitRecord, push: Callable[[LiveAgent, dict[str, Any]], None] | None = None
) -> LiveAgent:
    """A worker at work on a unit; what task code sends goes to `push`, or nowhere."""
    return LiveAgent(
        id=1,
        token="0" * 32,
        registration_id="assignment-alice",
        worker=make_worker(),
        unit=unit,
        status="in task",
        push=push or (lambda agent, update: None),
    )
