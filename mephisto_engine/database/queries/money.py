"""What was paid, what is promised, and what nobody knows yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from peewee import fn

from mephisto_engine.clock import from_ms
from mephisto_engine.data_model import (
    Agent,
    Decision,
    Intent,
    Lease,
    Project,
    Task,
    TaskRun,
    Unit,
    Worker,
)
from mephisto_engine.data_model.base import database
from mephisto_engine.data_model.records import UnitRecord, WorkerRecord
from mephisto_engine.data_model.status import (
    UNSETTLED_INTENT,
    DecisionStatus,
    IntentStatus,
    UnitStatus,
)
from mephisto_engine.data_model.units import COMPENSATION_INDEX
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.operations.agents import UNIT_WITH_DATA, unit_record
from mephisto_engine.database.operations.money import INTENT, IntentRow
from mephisto_engine.errors import NotFoundError


@dataclass
class Money:
    """What became of the money of a run or project, in cents."""

    budget: int | None = None
    """The cap on the worst case; None for none."""
    reserved: int = 0
    """Pay and fees of units that are on offer or being worked on."""
    committed: int = 0
    """Pay and fees of submitted units that are not decided on, and calls that are not settled."""
    paid: int = 0
    """What workers got: pay, bonuses and compensations, without fees."""
    fees: int = 0
    """What the provider took on top."""
    bonuses: int = 0
    """The part of `paid` that was bonuses."""
    compensations: int = 0
    """The part of `paid` that was compensations."""
    unknown: int = 0
    """The part of `committed` of which nobody knows whether it was paid."""
    waiting: int = 0
    """Pay and fees of units that are not published yet."""
    staged: int = 0
    """Bonuses of staged decisions, which nothing is reserved for yet."""
    staged_fees: int | None = 0
    """What the provider takes on top of them; None where it cannot be asked."""

    @property
    def worst(self) -> int:
        """What a cap has to cover."""
        return self.reserved + self.committed + self.paid + self.fees

    @property
    def forecast(self) -> int | None:
        """What all of it will cost when every unit is done and accepted; None if nobody knows."""
        if self.staged_fees is None:
            return None
        return self.worst + self.waiting + self.staged + self.staged_fees

    def add(self, other: Money) -> None:
        """Add the sums of another run; a budget is nobody's sum."""
        for item in fields(self):
            if item.name != "budget":
                ours, theirs = getattr(self, item.name), getattr(other, item.name)
                whole = None if None in (ours, theirs) else ours + theirs
                setattr(self, item.name, whole)


@dataclass(frozen=True, slots=True)
class UnsettledCall:
    """A call to the provider whose outcome is not known."""

    key: str
    kind: str
    run_id: int
    unit_id: int | None
    worker_name: str
    amount_cents: int
    status: str
    status_at: datetime
    attempts: int
    error: str = field(default="")


_UNITS = Compiled(
    lambda: (
        Unit.select(Unit.status, fn.COUNT(Unit.id), fn.SUM(Unit.pay_cents))
        .where((Unit.task_run == param("run")) & (Unit.unit_index != COMPENSATION_INDEX))
        .group_by(Unit.status)
    )
)
_INTENTS = Compiled(
    lambda: (
        Intent.select(
            Intent.kind,
            Intent.status,
            fn.SUM(Intent.amount_cents),
            fn.SUM(Intent.fee_cents),
        )
        .where(Intent.task_run == param("run"))
        .group_by(Intent.kind, Intent.status)
    )
)
_STAGED_BONUSES = Compiled(
    lambda: (
        Decision.select(Decision.bonus_cents, fn.COUNT(Decision.id))
        .where(
            (Decision.task_run == param("run"))
            & (Decision.status == DecisionStatus.STAGED)
            & (Decision.bonus_cents > 0)
        )
        .group_by(Decision.bonus_cents)
    )
)
_RUN = Compiled(
    lambda: TaskRun.select(TaskRun.unit_cost_cents, TaskRun.budget_cents, TaskRun.publishing).where(
        TaskRun.id == param("run")
    )
)
_WORKER = Compiled(
    lambda: Worker.select(Worker.id, Worker.name, Worker.provider_type, Worker.blocked_at).where(
        Worker.id == param("id")
    )
)
_UNKNOWN = Compiled(lambda: Intent.select(Intent.id).where(Intent.status == IntentStatus.UNKNOWN))


def money_of_run(run_id: int) -> Money:
    """What became of a run's money.

    Raises:
        NotFoundError: there is no such run.
    """
    rows = _RUN.fetch(run=run_id)
    if not rows:
        raise NotFoundError(f"There is no run {run_id}.", "`mephisto-tui runs` lists them.")
    cost, budget, publishing = rows[0]
    counts: Counter[str] = Counter()
    pay: Counter[str] = Counter()
    for status, number, cents in _UNITS.fetch(run=run_id):
        counts[status], pay[status] = number, cents
    money = Money(budget)
    money.reserved = cost * (counts[UnitStatus.LAUNCHED] + counts[UnitStatus.ASSIGNED] + publishing)
    money.committed = cost * counts[UnitStatus.COMPLETED]
    for status in (UnitStatus.ACCEPTED, UnitStatus.SOFT_REJECTED):
        money.paid += pay[status]
        money.fees += counts[status] * cost - pay[status]
    _add_intents(money, run_id)
    money.waiting = cost * max(0, counts[UnitStatus.CREATED] - publishing)
    money.staged = sum(cents * number for cents, number in staged_bonuses(run_id).items())
    money.staged_fees = None if money.staged else 0
    return money


def staged_bonuses(run_id: int) -> dict[int, int]:
    """Cents of a bonus → how many staged decisions of the run have one of so much."""
    return dict(_STAGED_BONUSES.fetch(run=run_id))


def runs_of_project(name: str) -> tuple[int | None, list[int]]:
    """The budget of a project, and the ids of its runs.

    Raises:
        NotFoundError: there is no such project.
    """
    project = Project.get_or_none(Project.name == name)
    if project is None:
        raise NotFoundError(f"There is no project {name!r}.")
    runs = TaskRun.select(TaskRun.id).join(Task).where(Task.project == project)
    return project.budget_cents, [run.id for run in runs.order_by(TaskRun.id)]


def _add_intents(money: Money, run_id: int) -> None:
    for kind, status, cents, fees in _INTENTS.fetch(run=run_id):
        is_extra = kind in ("bonus", "compensate")
        if is_extra and status == IntentStatus.CONFIRMED:
            money.paid += cents
            money.fees += fees
            money.bonuses += cents if kind == "bonus" else 0
            money.compensations += cents if kind == "compensate" else 0
        elif is_extra and status != IntentStatus.FAILED:
            money.committed += cents + fees
        if status in UNSETTLED_INTENT:
            money.unknown += cents


def owners_of_budgets(run_ids: Sequence[int]) -> dict[int, str]:
    """Which of these runs their engine holds back, as far as it has said, and for whose budget."""
    leases: Any = Lease.select(Lease.task_run, Lease.health).where(
        Lease.task_run.in_(list(run_ids))
    )
    said = {run: (health or {}).get("held_back") for run, health in leases.tuples()}
    return {run_id: str(owner) for run_id, owner in said.items() if owner}


def unsettled_calls(run_id: int | None = None) -> list[UnsettledCall]:
    """Calls whose outcome is not known, oldest first."""
    query: Any = (
        Intent.select(
            Intent.key,
            Intent.kind,
            Intent.task_run,
            Intent.unit,
            Worker.name,
            Intent.amount_cents,
            Intent.status,
            Intent.status_at,
            Intent.attempts,
            Intent.error,
        )
        .join(Worker)
        .where(Intent.status.in_(sorted(UNSETTLED_INTENT)))
        .order_by(Intent.id)
    )
    if run_id is not None:
        query = query.where(Intent.task_run == run_id)
    return [_unsettled(list(row)) for row in database.stream(query)]


def unsettled_of_project(name: str) -> list[UnsettledCall]:
    """The same for all runs of a project. Raises as `runs_of_project`."""
    _, run_ids = runs_of_project(name)
    return [call for run_id in run_ids for call in unsettled_calls(run_id)]


def _unsettled(row: list[Any]) -> UnsettledCall:
    row[7], row[9] = from_ms(row[7]), row[9] or ""
    return UnsettledCall(*row)


def unknown_intents() -> list[IntentRow]:
    """Calls of which the provider has to be asked, oldest first."""
    return [intent(row[0]) for row in _UNKNOWN.fetch()]


def intent(intent_id: int) -> IntentRow:
    """An intent as it is stored."""
    return IntentRow(*INTENT.fetch(id=intent_id)[0])


def find_intent(key: str) -> IntentRow:
    """The intent with a key.

    Raises:
        NotFoundError: there is none.
    """
    found = Intent.get_or_none(Intent.key == key)
    if found is None:
        raise NotFoundError(f"There is no payment {key!r}.", "`mephisto-tui money` lists them.")
    return intent(found.id)


def intents_like(prefix: str) -> list[IntentRow]:
    """Intents whose key begins so, oldest first."""
    found = Intent.select(Intent.id).where(Intent.key.startswith(prefix)).order_by(Intent.id)
    return [intent(row.id) for row in found]


def last_run_of(worker_id: int) -> int | None:
    """The run in which a worker was last; None for one who never had a unit."""
    query = Agent.select(Agent.task_run).where(Agent.worker == worker_id)
    row = query.order_by(Agent.id.desc()).first()
    return None if row is None else int(row.task_run_id)


def parties(worker_id: int, unit_id: int | None) -> tuple[WorkerRecord, UnitRecord | None]:
    """The worker and the unit that a call is about."""
    number, name, provider_type, blocked_at = _WORKER.fetch(id=worker_id)[0]
    worker = WorkerRecord(number, name, provider_type, blocked_at is not None)
    if unit_id is None:
        return worker, None
    return worker, unit_record(UNIT_WITH_DATA.fetch(unit=unit_id)[0])
