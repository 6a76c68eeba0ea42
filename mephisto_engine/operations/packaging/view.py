"""What an export takes from the database, all of it in one view, into parts that are JSON lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.config.redaction import redacted
from mephisto_engine.database.queries import answers as queries
from mephisto_engine.database.queries.archive import archived_uploads
from mephisto_engine.database.queries.dataset import dataset_facts, run_config
from mephisto_engine.database.queries.side_tables import worker_names
from mephisto_engine.errors import StorageError
from mephisto_engine.operations.packaging.columns import Columns
from mephisto_engine.operations.packaging.pseudonyms import Everybody, Hider, WorkerNames
from mephisto_engine.operations.packaging.request import Format, PackageRequest
from mephisto_engine.operations.packaging.rows import Row, RowMaker, as_json
from mephisto_engine.operations.packaging.side_tables import SideRows, SideTable
from mephisto_engine.operations.packaging.staging import Stage
from mephisto_engine.operations.reading.answer_data import AnswerReader

PART_UNITS: Final = 2000
"""Units of a part: what an interrupted export has to do again at most."""

Progress = Callable[[int, int], None]
"""Called with the units that are packaged, and how many there are."""


@dataclass(frozen=True)
class SidePart:
    """A table beside the units, as it was taken."""

    table: SideTable
    part: str
    rows: int
    columns: Columns


@dataclass
class View:
    """What was taken."""

    facts: dict[str, Any]
    reader: AnswerReader
    configs: dict[int, Any] = field(default_factory=dict)
    """Run → config without secrets, and without workers' names unless they are kept."""
    columns: Columns = field(default_factory=Columns)
    """Columns of the units."""
    parts: list[str] = field(default_factory=list)
    """Parts of the units."""
    side_parts: list[SidePart] = field(default_factory=list)
    archived: dict[str, str] = field(default_factory=dict)
    """Stored name → export that has a file which was removed here."""
    replaced: int = 0
    """Answers in which names of workers were replaced."""
    resumed: int = 0
    """Units that an interrupted export had packaged before."""


def take_view(
    request: PackageRequest,
    stage: Stage,
    registry: Registry,
    names: WorkerNames,
    on_progress: Progress,
) -> View:
    """Write all rows into parts, those that are not there yet; inside `MephistoDB.read`."""
    facts = dataset_facts(request.selection)
    stage.begin(request.identity(facts, names.key_id))
    reader = AnswerReader(registry, {run["id"]: run["blueprint_type"] for run in facts["runs"]})
    everybody = Everybody(names, lambda: worker_names(request.runs))
    maker = RowMaker(
        reader,
        names,
        everybody,
        {run["id"]: run["task_name"] for run in facts["runs"]},
        has_item=request.format is Format.MEPHISTO,
    )
    view = View(facts, reader)
    _take_units(view, request, stage, _Writer(stage, maker, names), on_progress)
    if request.has_tables:
        for table, rows in SideRows(request.scope, names, everybody, maker).all():
            view.side_parts.append(_take_table(stage, table, rows))
    view.archived = archived_uploads(request.runs)
    view.configs = _configs(request.runs, names)
    return view


@dataclass
class _Writer:
    """Writes parts of units."""

    stage: Stage
    maker: RowMaker
    names: WorkerNames

    def write(self, name: str, ids: Sequence[int]) -> Any:
        """A part, and the note of it."""
        columns, units, before = Columns(), 0, self.names.replaced
        with self.stage.rows(name) as file:
            for start in range(0, len(ids), queries.PORTION):
                for answer in queries.stream_answers(ids[start : start + queries.PORTION]):
                    row, line = self.maker.make(answer)
                    columns.see(row)
                    file.write(line + b"\n")
                    units += 1
        replaced = self.names.replaced - before
        record = {"units": units, "columns": columns.parts, "replaced": replaced}
        self.stage.note(name, record)
        return record


def _take_units(
    view: View, request: PackageRequest, stage: Stage, writer: _Writer, on_progress: Progress
) -> None:
    portions = queries.units_by_assignment(request.selection, PART_UNITS)
    total, units = sum(map(len, portions)), 0
    for number, ids in enumerate(portions):
        name = f"{number:06}"
        record = stage.record_of(name)
        if record is None:
            record = writer.write(name, ids)
        else:
            view.resumed += record["units"]
        view.columns.merge(Columns(parts=record["columns"]))
        view.replaced += record["replaced"]
        view.parts.append(name)
        units += record["units"]
        on_progress(units, total)
    _check_counts(units, view.facts["units"])


def _take_table(stage: Stage, table: SideTable, rows: Iterable[Row]) -> SidePart:
    """Always anew: what workers hold and operators note changes without the runs."""
    columns = Columns(table.columns)
    number = count()
    with stage.rows(table.name) as file:
        for row in rows:
            columns.see(row)
            file.write(as_json(row) + b"\n")
            next(number)
    return SidePart(table, table.name, next(number), columns)


def _configs(run_ids: Sequence[int], names: WorkerNames) -> dict[int, Any]:
    configs = {run_id: redacted(run_config(run_id)) for run_id in run_ids}
    return {run_id: _without_names(config, run_ids, names) for run_id, config in configs.items()}


def _without_names(config: Any, run_ids: Sequence[int], names: WorkerNames) -> Any:
    """Lists of workers who are let in or kept out stand in configs."""
    people: Iterator[tuple[Any, ...]] = worker_names(run_ids)
    found = names.found_in(as_json(config), people)
    return Hider(found).hide(config) if found else config


def _check_counts(written: int, stored: int) -> None:
    """What is written is what the database has, or nothing is finished."""
    if written != stored:
        raise StorageError(
            f"{written} units were written, but {stored} are stored.",
            "Check the database with `mephisto-tui doctor` and export again.",
        )
