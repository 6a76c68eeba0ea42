"""The DataBrowser: everything that was stored, for scripts, review and analysis.

Names and shapes are those of Mephisto's class; ids are whole numbers here. It only reads, and may
be used while runs are live in other processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.analysis.labels import Level
from mephisto_engine.analysis.report import Report
from mephisto_engine.data_model.answers import AnswerRecord
from mephisto_engine.data_model.records import UnitRecord, WorkerRecord
from mephisto_engine.data_model.status import DONE_UNIT, UnitStatus
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.queries import answers as queries
from mephisto_engine.database.queries import workers as worker_queries
from mephisto_engine.database.queries.answers import PORTION, Selection
from mephisto_engine.database.queries.runs import find_run
from mephisto_engine.errors import StateError
from mephisto_engine.operations.reading.answer_data import AnswerReader, merged_metadata
from mephisto_engine.operations.reviewing.statistics import StatisticsFollower

ENDED_UNIT: Final = DONE_UNIT | {UnitStatus.EXPIRED.value}
QUALIFIED_VALUE: Final = 1
"""The value with which Mephisto marks who holds a qualification."""


class DataBrowser:
    """Reads units, what workers did for them, and who is qualified.

    ::

        with DataBrowser() as browser:
            for data in browser.get_data(task_name="my-task"):
                print(data["worker_name"], data["data"]["outputs"])
    """

    def __init__(
        self,
        db: MephistoDB | None = None,
        home: Path | None = None,
        registry: Registry | None = None,
    ) -> None:
        """Read from an open database, or open one.

        Args:
            db: an open database, say that of an `Operator`; it stays open.
            home: data folder, where no ``db`` is given; default as `MephistoDB.open`.
            registry: where blueprints come from; default the installed ones.
        """
        self._is_owner = db is None
        self.db = db or MephistoDB.open(home=home)
        self._registry = registry or Registry()

    def get_task_name_list(self) -> list[str]:
        """Names of all tasks, oldest first."""
        return self.db.read(queries.task_names)

    def get_units_for_task_name(self, task_name: str) -> list[UnitRecord]:
        """Units of all runs of a task whose answer is stored: completed or reviewed.

        Raises:
            NotFoundError: there is no task of that name.
        """
        return list(self.iter_units(task_name=task_name))

    def get_all_units_for_task_name(self, task_name: str) -> list[UnitRecord]:
        """The same, and those that expired.

        Raises:
            NotFoundError: there is no task of that name.
        """
        return list(self.iter_units(task_name=task_name, statuses=ENDED_UNIT))

    def get_units_for_run_id(self, run_id: int | str) -> list[UnitRecord]:
        """Units of a run whose answer is stored.

        Raises:
            NotFoundError: there is no such run.
        """
        return list(self.iter_units(run_id=int(run_id)))

    def collect_matching_units_from_task_runs(
        self, task_runs: Iterable[Any], statuses: Iterable[str]
    ) -> list[UnitRecord]:
        """Units of some runs with one of these statuses.

        Args:
            task_runs: run ids, or records that have one as ``id``.
            statuses: statuses of units, as in `UnitStatus`.
        """
        runs = tuple(int(getattr(run, "id", run)) for run in task_runs)
        return [item.unit for item in self._stream(Selection(runs, _texts(statuses)))]

    def get_data_from_unit(self, unit: UnitRecord | int | str) -> dict[str, Any]:
        """What a worker did for a unit.

        Returns:
            ``worker_id``, ``worker_name``, ``unit_id``, ``assignment_id``; ``status`` of the agent;
            ``data`` as the blueprint reads it; ``task_start`` and ``task_end`` in seconds since the
            epoch; ``metadata`` with ``tips``, ``feedback`` and ``worker_opinion``; ``tips`` and
            ``feedback`` once more by themselves; ``review``, the decision that was sent.

        Raises:
            StateError: nobody has, or has done, the unit.
        """
        unit_id = unit.id if isinstance(unit, UnitRecord) else int(unit)
        found = self.db.read(queries.answers, [unit_id])
        if not found or found[0].agent_id is None:
            raise StateError(
                f"Unit {unit_id} has no data: nobody has done it.",
                "get_units_for_task_name gives those that are done.",
            )
        return self._data(found[0], self._reader({found[0].unit.task_run_id}))

    def get_data(
        self,
        units: Iterable[UnitRecord] | None = None,
        *,
        task_name: str | None = None,
        run_id: int | None = None,
        statuses: Iterable[str] = DONE_UNIT,
    ) -> Iterator[dict[str, Any]]:
        """The same for many units, read in portions: of these, of a task, or of a run."""
        if units is not None:
            records = self._of_units([unit.id for unit in units])
        else:
            records = self._stream(self._selection(task_name, run_id, statuses))
        readers: dict[int, AnswerReader] = {}
        for record in records:
            run = record.unit.task_run_id
            if record.agent_id is None:
                continue
            if run not in readers:
                readers[run] = self._reader({run})
            yield self._data(record, readers[run])

    def iter_units(
        self,
        *,
        task_name: str | None = None,
        run_id: int | None = None,
        statuses: Iterable[str] = DONE_UNIT,
    ) -> Iterator[UnitRecord]:
        """Units of a task or of a run, read in portions.

        Raises:
            NotFoundError: there is no such task or run.
        """
        return (
            record.unit for record in self._stream(self._selection(task_name, run_id, statuses))
        )

    def get_statistics(
        self,
        *,
        task_name: str | None = None,
        run_id: int | None = None,
        field: str | None = None,
        level: Level | None = None,
    ) -> Report:
        """How far the workers of a task or of a run agree, and how good each of them is.

        Args:
            task_name: which task, or
            run_id: which run.
            field: which field of the answers, with dots into it; default the first with labels.
            level: how its classes differ, for Krippendorff's alpha.

        Raises:
            NotFoundError: there is no such task, run or field.
        """
        runs = self._selection(task_name, run_id, DONE_UNIT).runs
        follower = StatisticsFollower(self.db, runs, self._registry, field)
        follower.follow()
        follower.estimate(level=level)
        return follower.report(level=level)

    def get_workers_with_qualification(self, qualification_name: str) -> list[WorkerRecord]:
        """Workers who hold a qualification with the value 1.

        Raises:
            NotFoundError: there is no qualification of that name.
        """
        self.db.read(worker_queries.qualification, qualification_name)
        return [
            self.db.read(worker_queries.worker_record, grant.worker_id)
            for grant in self.db.read(worker_queries.grants, qualification_name)
            if grant.value == QUALIFIED_VALUE
        ]

    def get_metadata_property_from_task_name(self, task_name: str, property_name: str) -> list[Any]:
        """All tips, all feedback, or another property of `get_data_from_unit`, over a task.

        Raises:
            NotFoundError: there is no task of that name.
            StateError: no unit's data has such a property.
        """
        result: list[Any] = []
        for data in self.get_data(task_name=task_name, statuses=ENDED_UNIT):
            source = data if property_name in data else data["metadata"]
            if property_name not in source:
                known = ", ".join(sorted({*data, *data["metadata"]}))
                raise StateError(f"Units have no {property_name!r}.", f"There are: {known}.")
            value = source[property_name]
            if value is not None:
                result += value if isinstance(value, list) else [value]
        return result

    def close(self) -> None:
        """Close the database, if this object had opened it."""
        if self._is_owner:
            self.db.close()

    def __enter__(self) -> DataBrowser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _selection(
        self, task_name: str | None, run_id: int | None, statuses: Iterable[str]
    ) -> Selection:
        if (task_name is None) is (run_id is None):
            raise StateError("Ask for the units of a task or of a run.")
        if run_id is not None:
            self.db.read(find_run, run_id)
            runs: tuple[int, ...] = (run_id,)
        else:
            runs = self.db.read(queries.runs_of_task, str(task_name))
        return Selection(runs, _texts(statuses))

    def _stream(self, selection: Selection) -> Iterator[AnswerRecord]:
        return self._of_units(self.db.read(queries.unit_ids, selection))

    def _of_units(self, ids: Any) -> Iterator[AnswerRecord]:
        for start in range(0, len(ids), PORTION):
            yield from self.db.read(queries.answers, ids[start : start + PORTION])

    def _reader(self, runs: set[int]) -> AnswerReader:
        return AnswerReader(self._registry, self.db.read(queries.blueprint_types, runs))

    def _data(self, record: AnswerRecord, reader: AnswerReader) -> dict[str, Any]:
        metadata = merged_metadata(record.metadata)
        return {
            "worker_id": record.unit.worker_id,
            "worker_name": record.worker_name,
            "unit_id": record.unit.id,
            "assignment_id": record.unit.assignment_id,
            "status": record.agent_status,
            "data": reader.parsed(record),
            "task_start": _seconds(record.started_at),
            "task_end": _seconds(record.submitted_at),
            "metadata": metadata,
            "tips": metadata["tips"],
            "feedback": metadata["feedback"],
            "review": record.review,
        }


def _texts(statuses: Iterable[str]) -> frozenset[str]:
    return frozenset(str(status) for status in statuses)


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
