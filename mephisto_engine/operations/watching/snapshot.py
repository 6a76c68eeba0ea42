"""What a console is shown: immutable values, made by the monitor and swapped in whole.

A console never holds a run's units; it holds the window that its `View` asked for. Strings that
came from workers, providers or files are raw here: the console makes them safe where it draws them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mephisto_engine.database.queries.standing import Standing
    from mephisto_engine.operations.watching.details import Detail
    from mephisto_engine.operations.watching.waiting import Waiting

from mephisto_engine.analysis.pay import Wage


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows of a list a screen shows."""

    offset: int = 0
    limit: int = 120
    sort: str = ""
    """Column to sort by, as named in the row's class; empty: the list's own (newest first)."""
    is_descending: bool = True
    text: str = ""
    """Only rows in which a shown column contains this, letter case ignored."""
    is_inverse: bool = False
    """Only rows that do *not* contain ``text``."""
    is_fuzzy: bool = False
    """The letters of ``text`` need only come in this order, with others between them."""
    status: str = ""
    """Only rows with this status."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The one thing that a detail screen is about."""

    kind: Literal["unit", "agent", "worker"]
    id: int


@dataclass(frozen=True, slots=True)
class View:
    """What a console wants to see; it replaces the former wish whole."""

    run_id: int | None = None
    """The run whose units, agents, workers and log are shown; None: the list of runs alone."""
    units: Window = field(default_factory=Window)
    agents: Window = field(default_factory=Window)
    workers: Window = field(default_factory=Window)
    runs: Window = field(default_factory=Window)
    log_limit: int = 200
    everybody: Window | None = None
    """The workers of all runs; None: they are not shown."""
    subject: Subject | None = None
    """What is shown in full; None: nothing is."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A line of the Runs screen."""

    id: int
    task_name: str
    provider_type: str
    architect_type: str
    blueprint_type: str
    status: str
    status_reason: str
    url: str
    units: dict[str, int]
    """Unit status → number; every status is there."""
    total: int
    """Units that exist so far."""
    is_total_final: bool
    """Whether all items of the task data have become units."""
    pay_cents: int
    """Pay of one unit."""
    cost_cents: int
    """Pay for completed work, bonuses and compensations, fees included."""
    committed_cents: int
    """What published and assigned units will cost, fees included."""
    budget_cents: int | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    is_driven: bool
    """Whether an engine holds the run's lease now."""
    is_sandbox: bool
    held_back: str = ""
    """Whose budget keeps units from being published: `run 3`, `project NAME`; empty for none."""
    engine: str = ""
    """``host:pid`` of the engine that drives it; empty when none does."""

    @property
    def done(self) -> int:
        """Units with a stored answer."""
        return sum(
            self.units.get(name, 0)
            for name in ("completed", "accepted", "soft_rejected", "rejected")
        )

    @property
    def why_held_back(self) -> str:
        """Whose budget keeps a driven run from publishing, in words; empty if none does."""
        is_held = self.held_back and self.is_driven
        return f"held back by the budget of {self.held_back}" if is_held else ""

    @property
    def to_review(self) -> int:
        """Units that wait for a decision."""
        return self.units.get("completed", 0)


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A line of the Units pane."""

    id: int
    assignment_id: int
    unit_index: int
    status: str
    worker_id: int | None
    worker_name: str
    pay_cents: int
    status_at: datetime
    seconds_worked: float | None
    """From assignment to submission."""
    preview: str
    """Beginning of the answer as one line; empty before there is one."""


@dataclass(frozen=True, slots=True)
class AgentRow:
    """A line of the Agents pane."""

    id: int
    worker_id: int
    worker_name: str
    unit_id: int
    status: str
    created_at: datetime
    status_at: datetime
    deadline_at: datetime | None
    last_seen_at: datetime | None
    """Last sign of life on a socket; None for pages that open none."""


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A line of the Workers pane: one worker's part in the run."""

    id: int
    name: str
    live: int
    done: int
    lost: int
    accepted: int
    rejected: int
    paid_cents: int
    is_blocked: bool


@dataclass(frozen=True, slots=True)
class LogRow:
    """A line of the log: one event of the journal, as words."""

    id: int
    at: datetime
    level: str
    """``info``, ``warn`` or ``error``."""
    run_id: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Health:
    """Facts about the engine that drives the shown run."""

    is_engine_alive: bool = False
    holder: str = ""
    """``host:pid`` of the engine."""
    renewed_at: datetime | None = None
    """By the engine's clock; None also while it is not known whether the engine lives."""
    clock_ahead: timedelta = timedelta(0)
    """How far the clock of the engine's host is ahead of the one here; 0 for the same clock."""
    commit_ms: float | None = None
    """How long the last commit took."""
    connections: int = 0
    loop_lag_ms: float | None = None
    disk_free_bytes: int | None = None
    """Where the database lies, as the engine sees it."""
    is_gateway_open: bool | None = None
    """Whether pages can reach the engine; None: it has not said yet."""
    trouble: str = ""
    """What keeps units from being published."""
    next_try_at: datetime | None = None
    """When publishing is tried again."""
    submits_per_minute: tuple[int, ...] = ()
    """One number a minute, oldest first, at most 60."""
    refusals: dict[str, int] = field(default_factory=dict)
    """Reason → how many workers were refused for it."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """The shown run's workers in numbers."""

    agents: dict[str, int] = field(default_factory=dict)
    """Agent status → number."""
    waiting_since: datetime | None = None
    """Since when somebody has waited for partners; None: nobody does."""
    rooms: tuple[Waiting, ...] = ()
    """Assignments that wait for partners; the one that has waited longest comes first."""
    median_seconds: float | None = None
    """Of the latest submitted units; None while there are none."""
    p90_seconds: float | None = None
    onboarding: dict[str, int] = field(default_factory=dict)
    """Status of a qualifying task → number."""
    golds: tuple[int, int] = (0, 0)
    """Gold units that were answered rightly and wrongly."""
    screenings: tuple[int, int] = (0, 0)
    """Screening units that were answered rightly and wrongly."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a console shows, as of one moment."""

    version: int
    taken_at: datetime
    view: View
    runs: tuple[RunRow, ...] = ()
    runs_total: int = 0
    run: RunRow | None = None
    """The run of ``view.run_id``."""
    units: tuple[UnitRow, ...] = ()
    units_total: int = 0
    """Rows that match the window's filter."""
    agents: tuple[AgentRow, ...] = ()
    agents_total: int = 0
    workers: tuple[WorkerRow, ...] = ()
    workers_total: int = 0
    log: tuple[LogRow, ...] = ()
    """Newest last."""
    events: int = 0
    """How many events the journal holds, those of all runs together."""
    config: str = ""
    """The run's config as YAML, without secrets."""
    worker_link: str = ""
    wage: Wage | None = None
    """What the run's pay comes to in an hour; None before a unit was submitted."""
    health: Health = field(default_factory=Health)
    crowd: Crowd = field(default_factory=Crowd)
    everybody: tuple[Standing, ...] = ()
    everybody_total: int = 0
    detail: Detail | None = None
    """What is stored about ``view.subject``; None also when there is no such thing."""
    errors: int = 0
    """Error lines in the journal of the shown runs since the console started."""
    live_runs: int = 0
    """How many runs are live, also those that ``runs`` leaves out."""
    to_review: int = 0
    """Units of all runs that wait for a decision, also of those that ``runs`` leaves out."""
