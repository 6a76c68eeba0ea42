"""Runs: creating them, moving them, filling them with assignments, publishing units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from mephisto_engine.data_model import Project, Qualification, Requester, Task, TaskRun, Unit
from mephisto_engine.data_model.status import RunStatus, UnitStatus
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.operations.budgets import check_caps
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import ConfigError


@dataclass(frozen=True, slots=True)
class NewRun:
    """What is known of a run before it exists."""

    task_name: str
    task_type: str
    project_name: str | None
    requester_name: str
    blueprint_type: str
    architect_type: str
    provider_type: str
    is_sandbox: bool
    config: dict[str, Any]
    config_path: str | None
    pay_cents: int
    unit_cost_cents: int
    budget_cents: int | None
    engine_version: str
    actor: str


@dataclass(frozen=True, slots=True)
class NewAssignment:
    """One item of task data, as JSON text."""

    item_index: int
    shared: str
    units: tuple[str, ...]
    """Data of each unit."""


UNIT_COLUMNS = (
    "id",
    "assignment_id",
    "task_run_id",
    "unit_index",
    "data",
    "pay_cents",
    "status",
    "status_at",
    "created_at",
)

_SET_ITEMS = Compiled(
    lambda: TaskRun.update(
        {
            TaskRun.items_taken: param("items_taken"),
            TaskRun.is_data_exhausted: param("is_data_exhausted"),
        }
    ).where(TaskRun.id == param("id"))
)
_NOTHING_PUBLISHING = Compiled(
    lambda: TaskRun.update({TaskRun.publishing: 0}).where(TaskRun.id == param("run"))
)
_UNITS_BY_STATUS = Compiled(
    lambda: (
        Unit.select(Unit.id)
        .where((Unit.task_run == param("run")) & (Unit.status == param("status")))
        .order_by(Unit.id)
    )
)


def create_run(tx: Transaction, new: NewRun) -> int:
    """Add a run with status `created`, and its task, project and requester if they are new.

    Raises:
        ConfigError: the task exists with another type, or in another project.
    """
    project_id = _project(tx, new.project_name)
    run_id = tx.insert(
        "task_run",
        task=_task(tx, new, project_id),
        requester=_requester(tx, new),
        blueprint_type=new.blueprint_type,
        architect_type=new.architect_type,
        provider_type=new.provider_type,
        is_sandbox=int(new.is_sandbox),
        config=orjson.dumps(new.config).decode(),
        config_path=new.config_path,
        status=RunStatus.CREATED,
        status_at=tx.now_ms,
        pay_cents=new.pay_cents,
        unit_cost_cents=new.unit_cost_cents,
        budget_cents=new.budget_cents,
        items_taken=0,
        is_data_exhausted=0,
        engine_version=new.engine_version,
        created_at=tx.now_ms,
    )
    tx.begin("task_run", run_id, RunStatus.CREATED, run=run_id, actor=new.actor)
    # A task that joins a project now brings what its earlier runs have cost.
    check_caps(tx, run_id)
    return run_id


def note_low_pay(tx: Transaction, run_id: int, warning: str) -> None:
    """Keep in the journal that a run pays less an hour than its config asks for."""
    tx.record("run.pays_too_little", "task_run", run_id, run=run_id, data={"warning": warning})


def move_run(
    tx: Transaction, run_id: int, to: str, actor: str, columns: dict[str, Any] | None = None
) -> str:
    """Move a run; ``columns`` (reason, url, times in milliseconds) change with it."""
    changed = dict(columns or {})
    reason = changed.get("status_reason")
    data = {"reason": reason} if reason else None
    return tx.move("task_run", run_id, to, run=run_id, actor=actor, data=data, **changed)


def add_assignments(
    tx: Transaction,
    run_id: int,
    items: Sequence[NewAssignment],
    pay_cents: int,
    is_exhausted: bool,
) -> list[tuple[int, int]]:
    """Add assignments with their units, status `created`.

    Returns:
        ``(unit id, assignment id)`` of each new unit, in order.
    """
    units = insert_assignments(tx, run_id, items, pay_cents)
    if items:
        taken = items[-1].item_index + 1
        tx.run(_SET_ITEMS, id=run_id, items_taken=taken, is_data_exhausted=int(is_exhausted))
    return units


def insert_assignments(
    tx: Transaction, run_id: int, items: Sequence[NewAssignment], pay_cents: int
) -> list[tuple[int, int]]:
    """The rows of `add_assignments`; how far the run has come with its own data stays."""
    first_assignment = tx.next_id("assignment")
    next_unit = first_unit = tx.next_id("unit")
    assignments: list[tuple[Any, ...]] = []
    units: list[tuple[Any, ...]] = []
    for assignment_id, item in enumerate(items, start=first_assignment):
        assignments.append((assignment_id, run_id, item.item_index, item.shared, tx.now_ms))
        for unit_index, data in enumerate(item.units):
            units.append(
                (
                    next_unit,
                    assignment_id,
                    run_id,
                    unit_index,
                    data,
                    pay_cents,
                    UnitStatus.CREATED.value,
                    tx.now_ms,
                    tx.now_ms,
                )
            )
            next_unit += 1
    tx.insert_many(
        "assignment", ("id", "task_run_id", "item_index", "data", "created_at"), assignments
    )
    tx.insert_many("unit", UNIT_COLUMNS, units)
    if items:
        tx.record(
            "unit.created",
            "unit",
            first_unit,
            run=run_id,
            after=UnitStatus.CREATED,
            data={"ranges": [(first_unit, next_unit - 1)], "assignments": len(items)},
        )
    return [(row[0], row[1]) for row in units]


def end_of_data(tx: Transaction, run_id: int, items_taken: int) -> None:
    """All items of the task data have become assignments."""
    tx.run(_SET_ITEMS, id=run_id, items_taken=items_taken, is_data_exhausted=1)
    tx.record("run.data_exhausted", "task_run", run_id, run=run_id, data={"items": items_taken})


def launch_units(tx: Transaction, run_id: int, unit_ids: Sequence[int]) -> None:
    """The provider has published these units: created → launched."""
    tx.move_many("unit", unit_ids, UnitStatus.CREATED, UnitStatus.LAUNCHED, run=run_id)
    tx.run(_NOTHING_PUBLISHING, run=run_id)


def record_run_event(
    tx: Transaction, run_id: int, kind: str, data: dict[str, Any], actor: str
) -> None:
    """Put something that happened to a run into the journal; no status changes."""
    tx.record(kind, "task_run", run_id, run=run_id, actor=actor, data=data)


def expire_units(tx: Transaction, run_id: int, actor: str, reason: str) -> int:
    """Withdraw every unit of the run that nobody is on; how many there were."""
    total = 0
    for status in (UnitStatus.CREATED, UnitStatus.LAUNCHED):
        ids = [row[0] for row in tx.all(_UNITS_BY_STATUS, run=run_id, status=status)]
        tx.move_many(
            "unit",
            ids,
            status,
            UnitStatus.EXPIRED,
            run=run_id,
            actor=actor,
            data={"reason": reason},
        )
        total += len(ids)
    tx.run(_NOTHING_PUBLISHING, run=run_id)
    return total


def ensure_qualifications(tx: Transaction, names: Sequence[str]) -> None:
    """Add qualifications that the options of a run name and that do not exist yet."""
    for name in names:
        _get_or_add(tx, Qualification, name=name)


def _project(tx: Transaction, name: str | None) -> int | None:
    return None if name is None else _get_or_add(tx, Project, name=name)


def _requester(tx: Transaction, new: NewRun) -> int:
    return _get_or_add(tx, Requester, provider_type=new.provider_type, name=new.requester_name)


def _task(tx: Transaction, new: NewRun, project_id: int | None) -> int:
    found = tx.select(Task.select().where(Task.name == new.task_name))
    for task in found:
        if task.task_type != new.task_type:
            raise ConfigError(
                f"The task {new.task_name!r} exists and is a {task.task_type}, "
                f"not a {new.task_type}.",
                "Choose another mephisto.task.task_name.",
            )
        if project_id is not None and task.project_id not in (None, project_id):
            raise ConfigError(
                f"The task {new.task_name!r} belongs to another project.",
                "Choose another mephisto.task.task_name or the task's own project.",
            )
        if project_id is not None and task.project_id is None:
            tx.select(Task.update(project=project_id).where(Task.id == task.id))
        return int(task.id)
    task_id = tx.insert(
        "task",
        name=new.task_name,
        task_type=new.task_type,
        project=project_id,
        created_at=tx.now_ms,
    )
    tx.record("task.created", "task", task_id, actor=new.actor)
    return task_id


def _get_or_add(tx: Transaction, model: Any, **columns: Any) -> int:
    """Id of the row with these columns; a new row if there is none."""
    where = [getattr(model, name) == value for name, value in columns.items()]
    for row in tx.select(model.select(model.id).where(*where).tuples()):
        return int(row[0])
    defaults = {"description": ""} if model is Qualification else {}
    row_id = tx.insert(model._meta.table_name, **columns, **defaults, created_at=tx.now_ms)
    tx.record(f"{model._meta.table_name}.created", model._meta.table_name, row_id)
    return row_id
