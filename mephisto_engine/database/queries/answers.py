"""Units with everything that was handed in for them, read in portions of bounded size."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from peewee import JOIN, SQL, Select, fn

from mephisto_engine.clock import from_ms
from mephisto_engine.data_model import (
    Agent,
    AgentMetadata,
    Assignment,
    Decision,
    Judgement,
    LiveUpdate,
    Project,
    Submission,
    Task,
    TaskRun,
    Unit,
    Upload,
    Worker,
)
from mephisto_engine.data_model.answers import AnswerRecord, FileRecord, ReviewRecord
from mephisto_engine.data_model.base import database as in_use
from mephisto_engine.data_model.status import DONE_UNIT, HOLDING_AGENT, DecisionStatus
from mephisto_engine.database.compiled import Compiled, param
from mephisto_engine.database.operations.agents import UNIT_COLUMNS, unit_record, units_with_data
from mephisto_engine.errors import NotFoundError

PORTION: Final = 200
"""Units that are read together: six queries for all of them, and little memory."""

_AGENT: Final = UNIT_COLUMNS + 6
"""Place of the agent's id among the columns of `_units`; what follows is of the agent."""

_HOLDS = Agent.status.in_(sorted(HOLDING_AGENT))


@dataclass(frozen=True, slots=True)
class Selection:
    """Which units are asked for."""

    runs: tuple[int, ...]
    statuses: frozenset[str] = DONE_UNIT
    without_indexes: frozenset[int] = frozenset()
    """Unit indexes that are left out; the negative ones have a meaning, see `data_model.units`."""


def unit_ids(selection: Selection) -> array[int]:
    """Ids of the selected units, in order; eight bytes each."""
    query = Unit.select(Unit.id).where(chosen(selection)).order_by(Unit.id)
    return array("q", (row[0] for row in in_use.stream(query)))


def units_by_assignment(selection: Selection, size: int) -> list[array[int]]:
    """Ids of the selected units, those of an assignment together, in portions of about ``size``.

    No assignment is parted, so that a portion can be larger; eight bytes a unit.
    """
    query = Unit.select(Unit.id, Unit.assignment).where(chosen(selection))
    portions: list[array[int]] = []
    last = None
    for unit, assignment in in_use.stream(query.order_by(Unit.assignment, Unit.id)):
        if not portions or (len(portions[-1]) >= size and assignment != last):
            portions.append(array("q"))
        portions[-1].append(unit)
        last = assignment
    return portions


def among(column: Any, ids: Any) -> Any:
    """The condition that a column has one of the ids in a JSON text, as `id_list` makes it.

    So a list is one value, and the query the same for lists of any length.
    """
    return column.in_(Select([fn.json_each(ids)], [SQL("value")]))


def id_list(ids: Sequence[int]) -> str:
    """Ids as `among` takes them."""
    return orjson.dumps(list(ids)).decode()


def chosen(selection: Selection) -> Any:
    """The selection as a condition on units."""
    where = Unit.task_run.in_(selection.runs) & Unit.status.in_(sorted(selection.statuses))
    if selection.without_indexes:
        where &= Unit.unit_index.not_in(sorted(selection.without_indexes))
    return where


def answers(ids: Sequence[int], *, has_history: bool = True) -> list[AnswerRecord]:
    """Units by their ids, in the order of the ids, with all that was handed in for them.

    Args:
        ids: of the units.
        has_history: whether to read what was said too, which can be much.
    """
    found = stream_answers(ids, has_history=has_history)
    return sorted(found, key=lambda record: record.unit.id)


def stream_answers(ids: Sequence[int], *, has_history: bool = True) -> Iterator[AnswerRecord]:
    """All of the units, those of an assignment together, one in memory at a time; inside `read`."""
    units = id_list(ids)
    agents = id_list([agent for (agent,) in _HOLDERS.stream(ids=units)])
    return _records(_OF_UNITS.stream(ids=units), agents, _reviews(units), has_history=has_history)


def stream_agents(ids: Sequence[int]) -> Iterator[AnswerRecord]:
    """Units as these agents left them, with all that each handed in; inside `read`."""
    agents = id_list(ids)
    return _records(_OF_AGENTS.stream(ids=agents), agents, {})


def _records(
    rows: Iterator[tuple[Any, ...]],
    agents: str,
    reviews: dict[int, ReviewRecord],
    *,
    has_history: bool = True,
) -> Iterator[AnswerRecord]:
    updates = _by_agent(_UPDATES, agents) if has_history else {}
    metadata = _by_agent(_METADATA, agents)
    files = _files(agents)
    people = _people(agents)
    for row in rows:
        agent, assignment = row[_AGENT], row[1]
        yield _record(
            row,
            history=tuple(updates.get(agent, ())),
            metadata=tuple(metadata.get(agent, ())),
            files=tuple(files.get(agent, ())),
            people=tuple(people.get(assignment, ())),
            review=reviews.get(row[0]),
        )


def _people(agents: str) -> dict[int, list[tuple[str, str]]]:
    """``(provider type, name)`` of everybody who was ever on the assignments of some agents."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for assignment, provider_type, name in _PEOPLE.stream(ids=agents):
        found[assignment].append((provider_type, name))
    return found


def runs_of_task(task_name: str) -> tuple[int, ...]:
    """Ids of all runs of a task, oldest first.

    Raises:
        NotFoundError: there is no task of that name.
    """
    if Task.get_or_none(Task.name == task_name) is None:
        raise NotFoundError(
            f"There is no task {task_name!r}.", "`mephisto-tui runs` lists runs and their tasks."
        )
    return _run_ids(Task.name == task_name)


def runs_of_project(name: str) -> tuple[int, ...]:
    """Ids of all runs of a project's tasks, oldest first.

    Raises:
        NotFoundError: there is no project of that name.
    """
    if Project.get_or_none(Project.name == name) is None:
        raise NotFoundError(f"There is no project {name!r}.")
    return _run_ids(Project.name == name)


def task_names() -> list[str]:
    """Names of all tasks, oldest first."""
    query: Any = Task.select(Task.name).order_by(Task.id)
    return [name for (name,) in query.tuples()]


def blueprint_types(run_ids: Iterable[int]) -> dict[int, str]:
    """Which blueprint each run has."""
    query: Any = TaskRun.select(TaskRun.id, TaskRun.blueprint_type)
    return dict(query.where(TaskRun.id.in_(list(run_ids))).tuples())


def _run_ids(where: Any) -> tuple[int, ...]:
    query: Any = TaskRun.select(TaskRun.id).join(Task).join(Project, JOIN.LEFT_OUTER)
    return tuple(row[0] for row in query.where(where).order_by(TaskRun.id).tuples())


def _units(which_agents: Any) -> Any:
    """The columns of `units_with_data`, then what `_record` takes behind them."""
    return (
        units_with_data()
        .select_extend(
            Assignment.item_index,
            Assignment.requeued_from,
            Judgement.is_right,
            Judgement.expected,
            Worker.provider_type,
            Worker.name,
            Agent.id,
            Agent.worker,
            Agent.status,
            Agent.created_at,
            Agent.submitted_at,
            Submission.body,
        )
        .switch(Unit)
        .join(Judgement, JOIN.LEFT_OUTER, on=(Judgement.unit == Unit.id))
        .switch(Unit)
        .join(Agent, JOIN.LEFT_OUTER, on=((Agent.unit == Unit.id) & which_agents))
        .join(Worker, JOIN.LEFT_OUTER, on=(Agent.worker == Worker.id))
        .switch(Agent)
        .join(Submission, JOIN.LEFT_OUTER, on=(Submission.agent == Agent.id))
    )


def _record(row: tuple[Any, ...], **parts: Any) -> AnswerRecord:
    item_index, requeued_from, is_right, expected, provider_type, name = row[UNIT_COLUMNS:_AGENT]
    agent, worker, agent_status, started, submitted, text = row[_AGENT:]
    return AnswerRecord(
        # Who holds the unit, which is nobody once it has expired.
        unit=replace(unit_record(row[:UNIT_COLUMNS]), worker_id=worker),
        item_index=item_index,
        requeued_from=requeued_from,
        is_right=None if is_right is None else bool(is_right),
        expected=None if expected is None else orjson.loads(expected),
        provider_type=provider_type,
        worker_name=name,
        agent_id=agent,
        agent_status=agent_status,
        started_at=None if started is None else from_ms(started),
        submitted_at=None if submitted is None else from_ms(submitted),
        text=text,
        **parts,
    )


def _by_agent(query: Compiled, agents: str) -> dict[int, list[Any]]:
    """Decoded bodies of a table's rows, in order, by agent."""
    found: dict[int, list[Any]] = defaultdict(list)
    for agent, body in query.stream(ids=agents):
        found[agent].append(orjson.loads(body))
    return found


def _files(agents: str) -> dict[int, list[FileRecord]]:
    found: dict[int, list[FileRecord]] = defaultdict(list)
    for agent, *columns in _FILES.stream(ids=agents):
        found[agent].append(FileRecord(*columns))
    return found


def _reviews(units: str) -> dict[int, ReviewRecord]:
    """The last decision on each unit that was sent."""
    return {
        unit: ReviewRecord(verdict, note, bonus, by, from_ms(at))
        for unit, verdict, note, bonus, by, at in _REVIEWS.stream(ids=units)
    }


def _bodies(model: Any) -> Any:
    query = model.select(model.agent, model.body).where(among(model.agent, param("ids")))
    return query.order_by(model.id)


_HOLDERS = Compiled(lambda: Agent.select(Agent.id).where(among(Agent.unit, param("ids")) & _HOLDS))
_OF_UNITS = Compiled(
    lambda: _units(_HOLDS).where(among(Unit.id, param("ids"))).order_by(Unit.assignment, Unit.id)
)
_OF_AGENTS = Compiled(
    lambda: (
        _units(SQL("1")).where(among(Agent.id, param("ids"))).order_by(Unit.assignment, Agent.id)
    )
)
_UPDATES = Compiled(lambda: _bodies(LiveUpdate))
_METADATA = Compiled(lambda: _bodies(AgentMetadata))
_FILES = Compiled(
    lambda: (
        Upload.select(
            Upload.agent,
            Upload.field_name,
            Upload.original_name,
            Upload.stored_name,
            Upload.mime_type,
            Upload.size,
            Upload.sha256,
            Upload.archived_in,
        )
        .where(among(Upload.agent, param("ids")))
        .order_by(Upload.id)
    )
)
_REVIEWS = Compiled(
    lambda: (
        Decision.select(
            Decision.unit,
            Decision.verdict,
            Decision.note,
            Decision.bonus_cents,
            Decision.decided_by,
            Decision.status_at,
        )
        .where(among(Decision.unit, param("ids")) & (Decision.status == DecisionStatus.SENT))
        .order_by(Decision.id)
    )
)


def _colleagues() -> Any:
    """By way of the units: agents have an index by unit, but none by assignment."""
    mine = Agent.select(Agent.assignment).where(among(Agent.id, param("ids")))
    units = Unit.select(Unit.id).where(Unit.assignment.in_(mine))
    query = Agent.select(Agent.assignment, Worker.provider_type, Worker.name).join(Worker)
    return query.where(Agent.unit.in_(units)).distinct()


_PEOPLE = Compiled(_colleagues)
