"""A dataset as a data folder of Mephisto: its database file, and a folder a run, item and agent.

Mephisto's own `DataBrowser` reads it once `main_data_directory` names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import orjson

from mephisto_engine.database import mephisto_schema as tables
from mephisto_engine.operations.packaging import mephisto_shapes as shapes
from mephisto_engine.operations.packaging.rows import Row, as_json

DATABASE: Final = "database.db"
RUNS: Final = "data/runs"
AT_ONCE: Final = 200
"""Units whose rows are in memory together."""

PlaceFile = Callable[[Row, Path], None]
"""Puts an uploaded file of a row at a path."""


class MephistoFolders:
    """Writes one data folder."""

    def __init__(
        self,
        folder: Path,
        runs: Iterable[dict[str, Any]],
        data_files: Mapping[int, str],
        place: PlaceFile,
    ) -> None:
        """``data_files`` names the file that each run's answers are in."""
        self._folder = folder
        self._runs = {run["id"]: run for run in runs}
        self._data_files = data_files
        self._place = place
        self._file = tables.MephistoFile(folder / DATABASE)
        self._keys: dict[tuple[str, str], int] = {}
        self._has_providers = len({run["provider_type"] for run in self._runs.values()}) > 1

    def write(self, rows: Iterable[Row], configs: Mapping[int, Any]) -> None:
        """Write the runs with their configs, then all units."""
        self._add_runs(configs)
        for group in _groups(rows):
            self._add_units(group)
            for assignment_id, units in groupby(group, key=lambda row: row["assignment_id"]):
                self._write_assignment(assignment_id, list(units))
        self._file.close()

    def _add_runs(self, configs: Mapping[int, Any]) -> None:
        for run in self._runs.values():
            project = run["project_name"]
            run["project_id"] = None
            if project is not None:
                run["project_id"] = self._key("project", project)
                row = {"project_id": run["project_id"], "project_name": project}
                self._file.add(tables.Projects, [row])
            run["task_id"] = self._key("task", run["task_name"])
            run["requester_id"] = self._key("requester", shapes.account(run))
            self._file.add(tables.Tasks, [shapes.task_row(run)])
            self._file.add(tables.Requesters, [shapes.requester_row(run)])
            self._file.add(tables.TaskRuns, [shapes.run_row(run, configs[run["id"]])])

    def _add_units(self, rows: list[Row]) -> None:
        pairs = [(row, self._run_of(row)) for row in rows]
        done = [(row, run) for row, run in pairs if row["agent_id"] is not None]
        workers = [shapes.worker_row(row, self._has_providers) for row, _ in done]
        self._file.add(tables.Workers, workers)
        self._file.add(tables.Assignments, [shapes.assignment_row(*pair) for pair in pairs])
        self._file.add(tables.Units, [shapes.unit_row(*pair) for pair in pairs])
        self._file.add(tables.Agents, [shapes.agent_row(*pair) for pair in done])

    def _write_assignment(self, assignment_id: int, rows: list[Row]) -> None:
        run = self._run_of(rows[0])
        project = shapes.safe_name(run["project_name"] or "")
        folder = self._folder / RUNS / project / str(run["id"]) / str(assignment_id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_items(folder / "assign_data.json", rows)
        for row in rows:
            if row["agent_id"] is not None:
                self._write_agent(folder / str(row["agent_id"]), row)

    def _write_agent(self, folder: Path, row: Row) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        metadata = shapes.agent_metadata(row)
        data = shapes.agent_data(row, metadata)
        (folder / self._data_files[row["task_run_id"]]).write_bytes(as_json(data))
        (folder / "agent_meta.json").write_bytes(as_json(metadata))
        for file in row["files"]:
            self._place(file, folder / file["stored_name"])

    def _run_of(self, row: Row) -> dict[str, Any]:
        return self._runs[row["task_run_id"]]

    def _key(self, kind: str, name: str) -> int:
        """Numbers in the order in which things are met."""
        return self._keys.setdefault((kind, name), len(self._keys) + 1)


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in portions that part no assignment whose units follow each other."""
    group: list[Row] = []
    for row in rows:
        if len(group) >= AT_ONCE and row["assignment_id"] != group[-1]["assignment_id"]:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _write_items(path: Path, rows: list[Row]) -> None:
    """Data of the assignment and of its units by their index; other units may follow later."""
    known = orjson.loads(path.read_bytes()) if path.exists() else {"unit_data": []}
    units: list[Any] = known["unit_data"]
    for row in rows:
        if row["unit_index"] >= 0:
            units += [{}] * (row["unit_index"] + 1 - len(units))
            units[row["unit_index"]] = row["item"]["unit"]
    path.write_bytes(as_json({"shared": rows[0]["item"]["shared"], "unit_data": units}))
