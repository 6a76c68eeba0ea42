"""What operators change about a run that exists: its options, its size, its units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

import orjson
from peewee import fn

from mephisto_engine.cents import dollars
from mephisto_engine.data_model import Assignment, TaskRun, Unit
from mephisto_engine.data_model.status import OPEN_UNIT, UnitStatus
from mephisto_engine.database import ledger
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.operations.runs import (
    UNIT_COLUMNS,
    NewAssignment,
    insert_assignments,
)
from mephisto_engine.database.transaction import Transaction, as_ranges
from mephisto_engine.errors import StateError

CHUNK: Final = 5000
"""Ids of one query; SQLite allows 32,766 parameters."""

_CONFIG = Compiled(lambda: TaskRun.select(TaskRun.config).where(TaskRun.id == param("run")))
_SET_OPTIONS = Compiled(
    lambda: TaskRun.update(
        {TaskRun.config: param("config"), TaskRun.budget_cents: param("budget")}
    ).where(TaskRun.id == param("run"))
)
_LAST_ITEM = Compiled(
    lambda: Assignment.select(fn.MAX(Assignment.item_index)).where(
        Assignment.task_run == param("run")
    )
)
IS_GIVEN_UP: Final = (Unit.status == UnitStatus.EXPIRED) & Unit.withdrawn_by.is_null(False)
"""Whether a unit has expired for good; one that a stop withdrew comes back by `resume`."""

UNITS_BY_ASSIGNMENT = Compiled(
    lambda: (
        Unit.select(Unit.assignment, Unit.unit_index, Unit.data, IS_GIVEN_UP)
        .where((Unit.task_run == param("run")) & (Unit.unit_index >= 0))
        .order_by(Unit.assignment, Unit.unit_index)
    )
)
_MARK = Compiled(
    lambda: Unit.update({Unit.withdrawn_by: param("actor")}).where(
        (Unit.id >= param("first")) & (Unit.id <= param("last"))
    )
)


@dataclass(frozen=True, slots=True)
class FoundUnit:
    """A unit that an operator wants to be rid of, as it was found."""

    id: int
    assignment_id: int
    status: str


def change_options(
    tx: Transaction,
    run_id: int,
    options: Mapping[str, Any],
    budget_cents: int | None,
    actor: str,
) -> list[str]:
    """Store new values of `mephisto.task` options with the run, so that it is resumed with them.

    Args:
        tx: the transaction.
        run_id: which run.
        options: name → value as the config holds it.
        budget_cents: the cap from now on, changed or not; None: there is none.
        actor: who changes it.

    Returns:
        Each change in words, such as ``allowed_concurrent 1 → 3``; what stays as it was is left
        out.

    Raises:
        StateError: the cap would be below what may have to be paid; nothing has changed.
    """
    config: dict[str, Any] = orjson.loads(tx.all(_CONFIG, run=run_id)[0][0])
    task = config["mephisto"]["task"]
    said = [
        f"{name} {_shown(name, task.get(name))} → {_shown(name, value)}"
        for name, value in options.items()
        if task.get(name) != value
    ]
    if said:
        before = {name: task.get(name) for name in options}
        task.update(options)
        tx.run(_SET_OPTIONS, run=run_id, config=orjson.dumps(config).decode(), budget=budget_cents)
        _check_budget(tx, run_id, budget_cents)
        data = {"changes": ", ".join(said), "options": dict(options), "before": before}
        tx.record("run.changed", "task_run", run_id, run=run_id, actor=actor, data=data)
    return said


def _check_budget(tx: Transaction, run_id: int, budget_cents: int | None) -> None:
    """A cap is never below what may have to be paid already."""
    worst = next(
        (cap.worst_cents for cap in ledger.caps_of(tx.all, run_id) if cap.owner == f"run {run_id}"),
        0,
    )
    if budget_cents is not None and budget_cents < worst:
        raise StateError(
            f"What run {run_id} has published, promised and paid costs up to {dollars(worst)}; "
            f"a budget of {dollars(budget_cents)} is less.",
            "Expire units first, or reject submitted ones.",
        )


def add_items(
    tx: Transaction, run_id: int, items: Iterable[NewAssignment], pay_cents: int, actor: str
) -> list[tuple[int, int]]:
    """Add assignments behind those of the run's own data; all of them or none.

    Returns:
        ``(unit id, assignment id)`` of each new unit, in order.
    """
    last = tx.all(_LAST_ITEM, run=run_id)[0][0]
    first = 0 if last is None else last + 1
    numbered = [
        NewAssignment(first + place, item.shared, item.units) for place, item in enumerate(items)
    ]
    units = insert_assignments(tx, run_id, numbered, pay_cents)
    _record_extension(tx, run_id, len(numbered), len(units), actor)
    return units


def add_units_per_item(
    tx: Transaction, run_id: int, number: int, pay_cents: int, actor: str
) -> list[tuple[int, int]]:
    """Give each assignment so many units more, but those that are given up with all their units.

    A new unit's own data are those of its assignment's last one.

    Returns:
        ``(unit id, assignment id)`` of each new unit, in order.
    """
    first = next_unit = tx.next_id("unit")
    rows = []
    for assignment_id, index, data in extendable(tx.all(UNITS_BY_ASSIGNMENT, run=run_id)):
        for place in range(index + 1, index + 1 + number):
            rows.append(
                (
                    next_unit,
                    assignment_id,
                    run_id,
                    place,
                    data,
                    pay_cents,
                    UnitStatus.CREATED.value,
                    tx.now_ms,
                    tx.now_ms,
                )
            )
            next_unit += 1
    if not rows:
        return []
    tx.insert_many("unit", UNIT_COLUMNS, rows)
    ranges = {"ranges": [(first, next_unit - 1)]}
    tx.record("unit.created", "unit", first, run=run_id, after=UnitStatus.CREATED, data=ranges)
    _record_extension(tx, run_id, len(rows) // number, len(rows), actor)
    return [(row[0], row[1]) for row in rows]


def withdraw_for_good(
    tx: Transaction, run_id: int, unit_ids: Sequence[int], actor: str
) -> list[FoundUnit]:
    """Expire those of these units that nobody is on; they are not offered again by `resume`.

    Units with somebody on them are only marked: who is on them has to be ended, and then they
    expire too. Those that had expired by themselves are marked too. Finished units are left alone.

    Returns:
        Every unit of the run among these, with the status in which it was found.
    """
    found = _found(tx, run_id, unit_ids)
    by_status: dict[str, list[int]] = {}
    for unit in found:
        by_status.setdefault(unit.status, []).append(unit.id)
    for status in (UnitStatus.CREATED, UnitStatus.LAUNCHED):
        tx.move_many(
            "unit",
            by_status.get(status, []),
            status,
            UnitStatus.EXPIRED,
            run=run_id,
            actor=actor,
            data={"reason": f"expired by {actor}"},
        )
    marked = [unit.id for unit in found if unit.status in OPEN_UNIT | {UnitStatus.EXPIRED}]
    for first, last in as_ranges(marked) if marked else ():
        tx.run(_MARK, first=first, last=last, actor=actor)
    return found


def _found(tx: Transaction, run_id: int, unit_ids: Sequence[int]) -> list[FoundUnit]:
    found: list[FoundUnit] = []
    for part in chunks(sorted(unit_ids)):
        query = units_of(run_id, Unit.id.in_(part))
        found += (FoundUnit(*row) for row in tx.select(query))
    return found


def units_of(run_id: int, where: Any) -> Any:
    """Query for a run's units as `FoundUnit` has them, by id."""
    return (
        Unit.select(Unit.id, Unit.assignment, Unit.status)
        .where((Unit.task_run == run_id) & where)
        .order_by(Unit.id)
        .tuples()
    )


def chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """The ids in parts that fit into one query."""
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def extendable(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, int, str]]:
    """Of units in the order of their assignments: each assignment that is not wholly given up, with
    the index and the data of its last unit.
    """
    for assignment_id, group in groupby(rows, key=lambda row: row[0]):
        units = list(group)
        if not all(is_given_up for *_, is_given_up in units):
            _, index, data, _ = units[-1]
            yield assignment_id, index, data


def _record_extension(tx: Transaction, run_id: int, items: int, units: int, actor: str) -> None:
    data = {"items": items, "units": units}
    tx.record("run.extended", "task_run", run_id, run=run_id, actor=actor, data=data)


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "none"
    return f"${Decimal(str(value)):.2f}" if name == "budget" else str(value)
