"""The tables of the console: runs, units, agents, workers; a record as cells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from mephisto_engine.cents import amount
from mephisto_engine.data_model.status import LIVE_AGENT, LIVE_RUN
from mephisto_engine.operations.watching.snapshot import AgentRow, RunRow, UnitRow, WorkerRow
from mephisto_tui.safe_text import clean
from mephisto_tui.view.glyphs import LATE
from mephisto_tui.view.meters import meter
from mephisto_tui.view.spans import Span
from mephisto_tui.view.statuses import (
    AGENT_STATUSES,
    RUN_STATUSES,
    UNIT_STATUSES,
    agent_status,
    run_status,
    unit_status,
)
from mephisto_tui.view.tables import AnySpec, Column, TableSpec
from mephisto_tui.view.words import age, count, duration, first_line, rough_age

NAME_CELLS: Final = 60
"""Longest foreign name that is looked at; columns are narrower still."""
PREVIEW_CELLS: Final = 300
LATE_SECONDS: Final = 10
VERY_LATE_SECONDS: Final = 30
METER_CELLS: Final = 5


def _run_cells(run: RunRow, now: datetime) -> tuple[Span, ...]:
    status = run_status(run.status)
    if run.status in LIVE_RUN and not run.is_driven:
        # No engine drives it: the mark stands where the glyph would say that all is well.
        status = Span(LATE + status.text[1:], "warn")
    total = count(run.total) if run.is_total_final else f"{count(run.total)}+"
    return (
        Span(str(run.id)),
        Span(clean(run.task_name, NAME_CELLS), "strong" if run.status in LIVE_RUN else ""),
        Span(clean(run.provider_type, NAME_CELLS)),
        status,
        Span(f"{count(run.done)}/{total}"),
        Span(meter(run.done, run.total, METER_CELLS), "dim"),
        Span(amount(run.cost_cents)),
        Span(count(run.to_review), "warn" if run.to_review else "dim"),
        Span(rough_age(run.created_at, now)),
        _note(run),
    )


def _note(run: RunRow) -> Span:
    if run.why_held_back:
        return Span(clean(run.why_held_back, NAME_CELLS * 2), "warn")
    return Span(clean(first_line(run.status_reason) or run.url, NAME_CELLS * 2), "dim")


RUNS: Final = TableSpec[RunRow](
    "runs",
    (
        Column("RUN", 5, to_right=True, sort="id"),
        Column("TASK", 10, sort="task_name", is_flexible=True),
        Column("BY", 8, sort="provider_type"),
        Column("STATE", 10, sort="status"),
        Column("DONE", 10, to_right=True),
        Column("", METER_CELLS),
        Column("COST", 7, to_right=True),
        Column("TODO", 4, to_right=True),
        Column("AGE", 6, to_right=True, sort="created_at", is_ticking=True),
        Column("NOTE", 24, is_flexible=True, from_width=116),
    ),
    key=lambda run: run.id,
    cells=_run_cells,
    statuses=RUN_STATUSES,
    own_order="newest",
)


def _unit_cells(unit: UnitRow, now: datetime) -> tuple[Span, ...]:
    worked = "-" if unit.seconds_worked is None else duration(unit.seconds_worked)
    return (
        Span(str(unit.id)),
        Span(clean(unit.worker_name, NAME_CELLS) or "-", "" if unit.worker_name else "dim"),
        unit_status(unit.status),
        Span(rough_age(unit.status_at, now)),
        Span(worked),
        Span(amount(unit.pay_cents)),
        Span(clean(unit.preview, PREVIEW_CELLS)),
    )


UNITS: Final = TableSpec[UnitRow](
    "units",
    (
        Column("UNIT", 6, to_right=True, sort="id"),
        Column("WORKER", 12, sort="worker_name"),
        Column("STATUS", 10, sort="status"),
        Column("AGE", 6, to_right=True, sort="status_at", is_ticking=True),
        Column("TIME", 6, to_right=True),
        Column("PAY", 6, to_right=True, sort="pay_cents", from_width=56),
        Column("PREVIEW", 8, is_flexible=True, from_width=56),
    ),
    key=lambda unit: unit.id,
    cells=_unit_cells,
    statuses=UNIT_STATUSES,
    own_order="latest",
)


def _last_seen(agent: AgentRow, now: datetime) -> tuple[Span, Span]:
    """How long ago the page gave a sign of life, and a mark that grows with the silence."""
    if agent.last_seen_at is None:
        return Span("-", "dim"), Span("")
    seconds = (now - agent.last_seen_at).total_seconds()
    if agent.status not in LIVE_AGENT or seconds < LATE_SECONDS:
        return Span(duration(seconds)), Span("")
    if seconds < VERY_LATE_SECONDS:
        return Span(duration(seconds), "warn"), Span(LATE, "warn")
    return Span(duration(seconds), "bad"), Span(LATE * 2, "bad")


def _is_late(agent: AgentRow, now: datetime) -> bool:
    """Whether a page that should be at work has been silent."""
    return bool(_last_seen(agent, now)[1].text)


def _time_left(agent: AgentRow, now: datetime) -> Span:
    if agent.deadline_at is None or agent.status not in LIVE_AGENT:
        return Span("-", "dim")
    seconds = (agent.deadline_at - now).total_seconds()
    return Span(duration(seconds), "warn" if seconds < 60 else "")


def _agent_cells(agent: AgentRow, now: datetime) -> tuple[Span, ...]:
    return (
        Span(str(agent.id)),
        Span(clean(agent.worker_name, NAME_CELLS)),
        agent_status(agent.status),
        Span(str(agent.unit_id)),
        Span((age if agent.status in LIVE_AGENT else rough_age)(agent.status_at, now)),
        *_last_seen(agent, now),
        _time_left(agent, now),
    )


AGENTS: Final = TableSpec[AgentRow](
    "agents",
    (
        Column("AGENT", 6, to_right=True, sort="id"),
        Column("WORKER", 8, sort="worker_name", is_flexible=True),
        Column("STATUS", 14, sort="status"),
        Column("UNIT", 6, to_right=True, sort="unit_id"),
        Column("SINCE", 6, to_right=True, sort="status_at", is_ticking=True, from_width=55),
        Column("SEEN", 6, to_right=True, is_ticking=True),
        Column("", 2),
        Column("LEFT", 6, to_right=True, sort="deadline_at", is_ticking=True, from_width=64),
    ),
    key=lambda agent: agent.id,
    cells=_agent_cells,
    statuses=AGENT_STATUSES,
    own_order="at work",
    needs_look=_is_late,
)


def _worker_cells(worker: WorkerRow, now: datetime) -> tuple[Span, ...]:
    return (
        Span(clean(worker.name, NAME_CELLS)),
        Span(str(worker.live), "accent" if worker.live else "dim"),
        Span(str(worker.done)),
        Span(str(worker.lost), "warn" if worker.lost else "dim"),
        Span(str(worker.accepted), "good" if worker.accepted else "dim"),
        Span(str(worker.rejected), "bad" if worker.rejected else "dim"),
        Span(amount(worker.paid_cents)),
        Span("⊘ blocked" if worker.is_blocked else "", "bad"),
    )


WORKERS: Final = TableSpec[WorkerRow](
    "workers",
    (
        Column("WORKER", 8, is_flexible=True),
        Column("LIVE", 4, to_right=True),
        Column("DONE", 5, to_right=True),
        Column("LOST", 4, to_right=True),
        Column("OK", 5, to_right=True),
        Column("NO", 4, to_right=True),
        Column("PAID", 8, to_right=True),
        Column("", 9),
    ),
    key=lambda worker: worker.id,
    cells=_worker_cells,
    own_order="busiest",
)

LISTS: Final[Mapping[str, AnySpec]] = {spec.name: spec for spec in (RUNS, UNITS, AGENTS, WORKERS)}
