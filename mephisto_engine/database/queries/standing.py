"""Workers over time: what each has done, how well, how fast, and what it has earned them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from peewee import JOIN, SQL, fn

from mephisto_engine.analysis.pay import median_hourly_cents
from mephisto_engine.analysis.robust import median
from mephisto_engine.clock import from_ms
from mephisto_engine.data_model import (
    Agent,
    Intent,
    Judgement,
    Project,
    Task,
    TaskRun,
    Unit,
    Worker,
)
from mephisto_engine.data_model.base import database
from mephisto_engine.data_model.records import GOLD_INDEX
from mephisto_engine.data_model.status import (
    DONE_UNIT,
    HOLDING_AGENT,
    LIVE_AGENT,
    LOST_AGENT,
    IntentStatus,
)

Key = TypeVar("Key", bound=Hashable)

SUBMITTED_AGENT: Final = HOLDING_AGENT - LIVE_AGENT
FEW: Final = 500
"""So many ids can be named in one statement."""

EXTRA_PAY: Final = ("bonus", "compensate")
"""Kinds of intents that pay a worker more than their units do."""


@dataclass(frozen=True, slots=True)
class Within:
    """Which work is counted; what is not given is not asked about."""

    run_id: int | None = None
    task_name: str | None = None
    project_name: str | None = None
    provider_type: str | None = None
    worker_id: int | None = None
    worker_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Work in numbers."""

    live: int = 0
    """Units that are being worked on."""
    completed: int = 0
    """Units that wait for a decision."""
    accepted: int = 0
    soft_rejected: int = 0
    rejected: int = 0
    lost: int = 0
    """Units that were begun and not finished."""
    median_seconds: float | None = None
    """From getting a unit to submitting it; None while none was submitted."""
    hourly_cents: int | None = None
    """The middle of what the units paid an hour; a rejected one paid nothing."""
    earned_cents: int = 0
    """Pay of the units that were accepted or passed, without bonuses."""
    bonus_cents: int = 0
    """Bonuses and compensations that the provider has confirmed."""
    gold_right: int = 0
    """Gold units, whose answer was known, that were right."""
    gold_wrong: int = 0
    first_at: datetime | None = None
    """When the first unit was begun."""
    last_at: datetime | None = None
    """When something last changed."""

    @property
    def done(self) -> int:
        """Units that were submitted."""
        return self.completed + self.accepted + self.soft_rejected + self.rejected

    @property
    def accept_rate(self) -> float | None:
        """Accepted units of those that were decided on; None while none was."""
        decided = self.accepted + self.soft_rejected + self.rejected
        return self.accepted / decided if decided else None


@dataclass(frozen=True, slots=True)
class Standing:
    """A worker and what they have done."""

    worker_id: int
    worker_name: str
    provider_type: str
    is_blocked: bool
    figures: Figures


def standings(within: Within = Within()) -> list[Standing]:
    """Workers with their figures, those who did most first.

    It reads every agent in question: 100,000 of them take about half a second.
    """
    found = figures_by(work_within(within), lambda row: row.worker_id)
    workers = _workers(found)
    listed = [Standing(*workers[worker_id], figures) for worker_id, figures in found.items()]
    return sorted(listed, key=lambda item: (-item.figures.done, item.worker_id))


def median_time(run_ids: Sequence[int]) -> tuple[int, int]:
    """How many units of some runs were submitted, and the lower median of their times in ms."""
    submitted = Agent.task_run.in_(list(run_ids)) & Agent.submitted_at.is_null(False)
    kept = submitted & Agent.status.in_(sorted(SUBMITTED_AGENT))
    query = Agent.select(fn.COUNT(Agent.id)).where(kept)
    number = int(next(database.stream(query))[0])
    if not number:
        return 0, 0
    worked = Agent.submitted_at - Agent.created_at
    ordered = Agent.select(worked).where(kept).order_by(SQL("1"))
    middle = ordered.limit(1).offset((number - 1) // 2)
    return number, int(next(database.stream(middle))[0])


def standings_of(ids: Sequence[int]) -> list[Standing]:
    """These workers in this order, also those who have done nothing yet."""
    within = Within(worker_ids=tuple(ids))
    found = figures_by(work_within(within), lambda row: row.worker_id)
    workers = _workers(ids)
    return [Standing(*workers[row_id], found.get(row_id, Figures())) for row_id in ids]


def figures(within: Within = Within()) -> Figures:
    """The figures of all work in question, taken together."""
    return figures_by(work_within(within), lambda row: None).get(None, Figures())


def provider_figures(within: Within = Within()) -> dict[str, Figures]:
    """Provider type → figures of all work that came through it."""
    return figures_by(work_within(within), lambda row: row.provider_type)


def project_figures(within: Within = Within()) -> dict[str, Figures]:
    """Project name → figures; work on tasks without a project is under an empty name."""
    return figures_by(work_within(within), lambda row: row.project_name)


@dataclass(frozen=True, slots=True)
class _Work:
    """One agent: a worker's try at a unit."""

    worker_id: int
    provider_type: str
    project_name: str
    task_name: str
    agent_status: str
    unit_status: str
    pay_cents: int
    created_ms: int
    submitted_ms: int | None
    status_ms: int
    is_right: int | None
    """What was said of a gold unit."""


@dataclass(frozen=True, slots=True)
class _Extra:
    """A bonus or a compensation that was paid."""

    worker_id: int
    provider_type: str
    project_name: str
    task_name: str
    cents: int


@dataclass(slots=True)
class _Sum:
    """Figures in the making."""

    numbers: Counter[str] = field(default_factory=Counter)
    work: list[tuple[int, int]] = field(default_factory=list)
    """``(pay in cents, milliseconds worked)`` of submitted units."""
    first_ms: int | None = None
    last_ms: int | None = None

    def add(self, row: _Work) -> None:
        self.first_ms = min(row.created_ms, self.first_ms or row.created_ms)
        self.last_ms = max(row.status_ms, self.last_ms or row.status_ms)
        if row.agent_status in LIVE_AGENT:
            self.numbers["live"] += 1
        elif row.agent_status in LOST_AGENT:
            self.numbers["lost"] += 1
        elif row.unit_status in DONE_UNIT:
            self._add_done(row)

    def _add_done(self, row: _Work) -> None:
        self.numbers[row.unit_status] += 1
        if row.is_right is not None:
            self.numbers["gold right" if row.is_right else "gold wrong"] += 1
        if row.unit_status in ("accepted", "soft_rejected"):
            self.numbers["earned"] += row.pay_cents
        if row.submitted_ms is not None:
            pay = 0 if row.unit_status == "rejected" else row.pay_cents
            self.work.append((pay, row.submitted_ms - row.created_ms))

    def figures(self) -> Figures:
        times = [worked / 1000 for _, worked in self.work]
        numbers = self.numbers
        return Figures(
            live=numbers["live"],
            completed=numbers["completed"],
            accepted=numbers["accepted"],
            soft_rejected=numbers["soft_rejected"],
            rejected=numbers["rejected"],
            lost=numbers["lost"],
            median_seconds=median(times) if times else None,
            hourly_cents=median_hourly_cents(self.work),
            earned_cents=numbers["earned"],
            bonus_cents=numbers["bonus"],
            gold_right=numbers["gold right"],
            gold_wrong=numbers["gold wrong"],
            first_at=None if self.first_ms is None else from_ms(self.first_ms),
            last_at=None if self.last_ms is None else from_ms(self.last_ms),
        )


Worked = tuple[Sequence[_Work], Sequence[_Extra]]
"""Tries at units, and what was paid beside them."""


def work_within(within: Within) -> Worked:
    """What `figures_by` makes figures of."""
    return _work(within), _extra(within)


def figures_by(worked: Worked, key: Callable[[Any], Key]) -> dict[Key, Figures]:
    """Figures of each group that ``key`` makes of the work."""
    sums: dict[Key, _Sum] = defaultdict(_Sum)
    rows, extra = worked
    for row in rows:
        sums[key(row)].add(row)
    for paid in extra:
        sums[key(paid)].numbers["bonus"] += paid.cents
    return {name: found.figures() for name, found in sums.items()}


_PROJECT_NAME: Final = fn.COALESCE(Project.name, "")


def _work(within: Within) -> list[_Work]:
    query = (
        Agent.select(
            Worker.id,
            Worker.provider_type,
            _PROJECT_NAME,
            Task.name,
            Agent.status,
            Unit.status,
            Unit.pay_cents,
            Agent.created_at,
            Agent.submitted_at,
            Agent.status_at,
            Judgement.is_right,
        )
        .join(Worker)
        .switch(Agent)
        .join(Unit)
        .join(
            Judgement,
            JOIN.LEFT_OUTER,
            on=((Judgement.unit == Unit.id) & (Unit.unit_index == GOLD_INDEX)),
        )
        .switch(Agent)
        .join(TaskRun)
        .join(Task)
        .join(Project, JOIN.LEFT_OUTER)
    )
    rows = database.stream(_narrowed(query, within, Agent))
    return [_Work(*row) for row in rows]


def _extra(within: Within) -> list[_Extra]:
    query = (
        Intent.select(
            Worker.id,
            Worker.provider_type,
            _PROJECT_NAME,
            fn.COALESCE(Task.name, ""),
            Intent.amount_cents,
        )
        .join(Worker)
        .switch(Intent)
        .join(TaskRun, JOIN.LEFT_OUTER)
        .join(Task, JOIN.LEFT_OUTER)
        .join(Project, JOIN.LEFT_OUTER)
        .where(Intent.kind.in_(EXTRA_PAY) & (Intent.status == IntentStatus.CONFIRMED))
    )
    return [_Extra(*row) for row in database.stream(_narrowed(query, within, Intent))]


def _narrowed(query: Any, within: Within, table: Any) -> Any:
    conditions = (
        (table.task_run, within.run_id),
        (Task.name, within.task_name),
        (Project.name, within.project_name),
        (Worker.provider_type, within.provider_type),
        (table.worker, within.worker_id),
    )
    for column, wanted in conditions:
        if wanted is not None:
            query = query.where(column == wanted)
    if within.worker_ids is not None:
        query = query.where(table.worker.in_(within.worker_ids))
    return query


def _workers(ids: Iterable[int]) -> dict[int, tuple[int, str, str, bool]]:
    """Id → the columns of a `Standing` that say who it is."""
    wanted = set(ids)
    query = Worker.select(Worker.id, Worker.name, Worker.provider_type, Worker.blocked_at)
    if len(wanted) <= FEW:
        query = query.where(Worker.id.in_(sorted(wanted)))
    return {
        row_id: (row_id, name, provider_type, blocked_at is not None)
        for row_id, name, provider_type, blocked_at in database.stream(query)
        if row_id in wanted
    }
