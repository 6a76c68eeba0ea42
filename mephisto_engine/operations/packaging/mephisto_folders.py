"""A dataset as a data folder of Mephisto: its database file, and a folder a run, item and agent.

Mephisto's own `DataBrowser` reads it once `main_data_directory` names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from mephisto_engine.database import mephisto_schema as tables
from mephisto_engine.operations.packaging import mephisto_shapes as shapes
from mephisto_engine.operations.packaging.files import SmallFiles
from mephisto_engine.operations.packaging.listing import Listing
from mephisto_engine.operations.packaging.rows import Row, as_json

DATABASE: Final = "database.db"
RUNS: Final = "data/runs"
AT_ONCE: Final = 200
"""Units whose database rows are in memory together."""

PlaceFile = Callable[[Row, int, str, Listing], None]
"""Puts an uploaded file of a row of a run at a place."""


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
        self._runs = {run["id"]: shapes.named(run) for run in runs}
        self._data_files = data_files
        self._place = place
        # An interrupted export may have left half of one.
        (folder / DATABASE).unlink(missing_ok=True)
        self._file = tables.MephistoFile(folder / DATABASE)
        self._files = SmallFiles(folder)
        self._keys: dict[tuple[str, str], int] = {}
        self._has_providers = len({run["provider_type"] for run in self._runs.values()}) > 1

    def add_runs(self, configs: Mapping[int, Any]) -> None:
        """Write the runs with their configs; before everything else."""
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
            run["folder"] = f"{RUNS}/{shapes.safe_name(project or '')}/{run['id']}"
            (self._folder / run["folder"]).mkdir(mode=0o700, parents=True, exist_ok=True)

    def add_units(self, rows: Iterable[Row]) -> None:
        """Write units, agents and workers to the database."""
        for group in _groups(rows):
            pairs = [(row, self._run_of(row)) for row in group]
            done = [(row, run) for row, run in pairs if row["agent_id"] is not None]
            workers = [shapes.worker_row(row, self._has_providers) for row, _ in done]
            self._file.add(tables.Workers, workers)
            self._file.add(tables.Assignments, [shapes.assignment_row(*pair) for pair in pairs])
            self._file.add(tables.Units, [shapes.unit_row(*pair) for pair in pairs])
            self._file.add(tables.Agents, [shapes.agent_row(*pair) for pair in done])
            reviewed = [(row, run) for row, run in done if row["review"] is not None]
            self._file.add(tables.UnitReview, [shapes.review_row(*pair) for pair in reviewed])

    def write_files(self, rows: Iterable[Row], listing: Listing) -> None:
        """Write the folders of items and agents; rows of an item follow each other."""
        for assignment_id, units in groupby(rows, key=lambda row: row["assignment_id"]):
            self._write_assignment(assignment_id, units, listing)

    def add_other_agents(self, rows: Iterable[Row]) -> None:
        """Write agents who left a unit that is there to the database."""
        for group in self._with_units(rows):
            workers = [shapes.worker_row(row, self._has_providers) for row in group]
            self._file.add(tables.Workers, workers)
            pairs = [(row, self._run_of(row)) for row in group]
            self._file.add(tables.Agents, [shapes.agent_row(*pair) for pair in pairs])

    def write_other_agents(self, rows: Iterable[Row], listing: Listing) -> None:
        """Write the folders of agents who left; those of the items are there."""
        for group in self._with_units(rows):
            for row in group:
                folder = f"{self._run_of(row)['folder']}/{row['assignment_id']}"
                self._write_agent(f"{folder}/{row['agent_id']}", row, listing)

    def add_onboardings(self, rows: Iterable[Row]) -> None:
        """Write workers on qualifying tasks to the database."""
        for group in _groups(rows):
            workers = [shapes.worker_row(row, self._has_providers) for row in group]
            self._file.add(tables.Workers, workers)
            pairs = [(row, self._run_of(row)) for row in group]
            self._file.add(tables.OnboardingAgents, [shapes.onboarding_row(*p) for p in pairs])

    def write_onboardings(self, rows: Iterable[Row], listing: Listing) -> None:
        """Write the folders of workers on qualifying tasks."""
        for row in rows:
            parent = f"{self._run_of(row)['folder']}/onboarding"
            self._files.make_folder(parent)
            folder = f"{parent}/onboarding_{row['onboarding_agent_id']}"
            self._files.make_folder(folder)
            data = {"inputs": None, "outputs": row["data"]["outputs"]}
            self._write(f"{folder}/{self._data_files[row['task_run_id']]}", data, listing)
            self._write(f"{folder}/agent_meta.json", shapes.agent_metadata(row), listing)

    def add_qualifications(self, rows: Iterable[Row]) -> None:
        """Write what workers hold to the database."""
        for group in _groups(rows):
            workers = [shapes.worker_row(row, self._has_providers) for row in group]
            self._file.add(tables.Workers, workers)
            for row in group:
                key = self._key("qualification", row["qualification"])
                self._file.add(tables.Qualifications, [shapes.qualification_row(row, key)])
                self._file.add(tables.GrantedQualifications, [shapes.grant_row(row, key)])

    def close(self) -> None:
        """Commit the database."""
        self._file.close()
        self._files.close()

    def _write_assignment(self, assignment_id: int, rows: Iterator[Row], listing: Listing) -> None:
        shared: Any = None
        items: list[Any] = []
        folder = ""
        for row in rows:
            if not folder:
                folder = f"{self._run_of(row)['folder']}/{assignment_id}"
                self._files.make_folder(folder)
                shared = row["item"]["shared"]
            if row["unit_index"] >= 0:
                items += [{}] * (row["unit_index"] + 1 - len(items))
                items[row["unit_index"]] = row["item"]["unit"]
            if row["agent_id"] is not None:
                self._write_agent(f"{folder}/{row['agent_id']}", row, listing)
        data = {"shared": shared, "unit_data": items}
        self._write(f"{folder}/assign_data.json", data, listing)

    def _write_agent(self, folder: str, row: Row, listing: Listing) -> None:
        self._files.make_folder(folder)
        metadata = shapes.agent_metadata(row)
        data_file = self._data_files[row["task_run_id"]]
        self._write(f"{folder}/{data_file}", shapes.agent_data(row, metadata, data_file), listing)
        self._write(f"{folder}/agent_meta.json", metadata, listing)
        for file in row["files"]:
            self._place(file, row["task_run_id"], f"{folder}/{file['stored_name']}", listing)

    def _write(self, name: str, value: Any, listing: Listing) -> None:
        data = as_json(value)
        listing.add(name, self._files.write(name, data), len(data))

    def _with_units(self, rows: Iterable[Row]) -> Iterator[list[Row]]:
        for group in _groups(rows):
            known = self._file.units_among([row["unit_id"] for row in group])
            yield [row for row in group if row["unit_id"] in known]

    def _run_of(self, row: Row) -> dict[str, Any]:
        return self._runs[row["task_run_id"]]

    def _key(self, kind: str, name: str) -> int:
        """Numbers in the order in which things are met."""
        return self._keys.setdefault((kind, name), len(self._keys) + 1)


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    group: list[Row] = []
    for row in rows:
        group.append(row)
        if len(group) >= AT_ONCE:
            yield group
            group = []
    if group:
        yield group
