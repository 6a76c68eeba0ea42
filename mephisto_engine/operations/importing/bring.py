"""The import of a data directory: people first, then run by run, in portions."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from mephisto_engine.config.redaction import redacted
from mephisto_engine.data_model.foreign import Brought
from mephisto_engine.database import MephistoDB, schema
from mephisto_engine.database import mephisto_schema as tables
from mephisto_engine.database.operations import imported_people, imports
from mephisto_engine.database.operations.runs import NewRun
from mephisto_engine.database.queries.archive import archived_uploads
from mephisto_engine.database.queries.runs import projects_with_budget
from mephisto_engine.errors import ConfigError, StateError
from mephisto_engine.operations.importing.source import (
    DataDirectory,
    Row,
    cents,
    moment,
    open_directory,
    run_config,
)
from mephisto_engine.operations.importing.translate import Translator
from mephisto_engine.operations.operator import operator_name
from mephisto_engine.operations.packaging.files import sync_folder
from mephisto_engine.operations.runs.run_folders import run_folder, uploads_in

PORTION: Final = 100
"""Assignments of one transaction: live runs have their turn between them."""

_BROUGHT_TABLES: Final = frozenset(
    {
        "projects",
        "tasks",
        "requesters",
        "task_runs",
        "assignments",
        "units",
        "workers",
        "agents",
        "onboarding_agents",
        "qualifications",
        "granted_qualifications",
        "worker_review",
        "unit_review",
    }
)
_OWN_TABLES: Final = frozenset({"sqlite_sequence", "sqlite_stat1", "migrations", "imported_data"})
_LIMITS: Final = ("maximum_units_per_worker", "allowed_concurrent")


@dataclass
class ImportReport:
    """What an import has done, or would do."""

    source: str
    counts: dict[str, int] = field(default_factory=dict)
    """Kind → rows that are new here."""
    notes: list[str] = field(default_factory=list)
    """What could not be brought as it was."""
    is_rehearsal: bool = False


def import_mephisto(db: MephistoDB, home: Path, path: Path) -> ImportReport:
    """Read a data directory of Mephisto into the database; what came before is not doubled.

    Args:
        db: where to.
        home: data folder, for the files that workers sent.
        path: the directory, or its database file; nothing in it is changed.

    Raises:
        NotFoundError: there is no database there.
        ConfigError: it is not one of Mephisto's.
        StorageError: it cannot be read, or not be stored.
    """
    with open_directory(path) as directory:
        return _Import(db, home, directory).run()


def rehearse_import(db_path: Path, path: Path) -> ImportReport:
    """What an import would do: done to a copy of the database, which is thrown away.

    No other database may be open in this process.
    """
    with tempfile.TemporaryDirectory(prefix="mephisto-rehearsal-") as folder:
        copy = Path(folder) / "data.db"
        if db_path.exists():
            schema.copy_database(db_path, copy)
        with MephistoDB.open(str(copy), home=Path(folder)) as db, open_directory(path) as directory:
            report = _Import(db, None, directory).run()
    report.is_rehearsal = True
    return report


class _Import:
    """One import under way; without a ``home``, files are left where they are."""

    def __init__(self, db: MephistoDB, home: Path | None, directory: DataDirectory) -> None:
        self._db = db
        self._home = home
        self._directory = directory
        self._reader = directory.reader
        self._source = directory.source
        self._done = Brought()
        self._workers: dict[int, int] = {}
        self._reviews: dict[int, Row] = {}
        self._hits: dict[int, str] = {}

    def run(self) -> ImportReport:
        self._bring_workers()
        self._bring_labels()
        projects = {
            row["project_id"]: row["project_name"] for row in self._reader.rows(tables.Projects)
        }
        tasks = {row["task_id"]: row for row in self._reader.rows(tables.Tasks)}
        requesters = {
            row["requester_id"]: row["requester_name"]
            for row in self._reader.rows(tables.Requesters)
        }
        self._reviews, self._hits = self._directory.reviews(), self._directory.hits()
        for row in list(self._reader.rows(tables.TaskRuns)):
            task = tasks.get(row["task_id"])
            if task is None:
                self._done.notes.append(f"run {row['task_run_id']} has no task; it was left out")
                continue
            project = projects.get(task["project_id"])
            self._bring_run(row, task, project, requesters.get(row["requester_id"], "unknown"))
        self._name_the_rest(tasks)
        self._db.write_now(imports.record_import, self._source, dict(self._done.counts))
        return ImportReport(self._source, dict(self._done.counts), self._done.notes)

    def _bring_workers(self) -> None:
        for group in _groups(self._reader.rows(tables.Workers), 500):
            people = [
                (
                    row["worker_id"],
                    row["provider_type"],
                    row["worker_name"],
                    moment(row["creation_date"]),
                )
                for row in group
            ]
            known, added = self._db.write_now(imported_people.bring_workers, self._source, people)
            self._workers.update(known)
            self._done.count("workers", added)
        for foreign_id, reason in self._directory.blocked().items():
            if foreign_id in self._workers:
                worker = self._workers[foreign_id]
                is_new = self._db.write_now(
                    imported_people.bring_block, self._source, worker, reason
                )
                self._done.count("blocks", int(is_new))

    def _bring_labels(self) -> None:
        described = {
            row["qualification_id"]: row["description"] or ""
            for row in self._reader.extra("qualifications", "qualification_id", "description")
        }
        labels: dict[int, int] = {}
        for row in list(self._reader.rows(tables.Qualifications)):
            number = row["qualification_id"]
            labels[number], is_new = self._db.write_now(
                imported_people.bring_qualification,
                self._source,
                number,
                row["qualification_name"],
                described[number],
                moment(row["creation_date"]),
            )
            self._done.count("qualifications", int(is_new))
        for group in _groups(self._reader.rows(tables.GrantedQualifications), 500):
            grants = [
                (
                    row["granted_qualification_id"],
                    self._workers[row["worker_id"]],
                    labels[row["qualification_id"]],
                    row["value"],
                    moment(row["creation_date"]),
                )
                for row in group
                if row["worker_id"] in self._workers and row["qualification_id"] in labels
            ]
            self._done.add(self._db.write_now(imported_people.bring_grants, self._source, grants))

    def _bring_run(self, row: Row, task: Row, project: str | None, requester: str) -> None:
        number = row["task_run_id"]
        new = self._new_run(row, task, project, requester)
        created = moment(row["creation_date"])
        try:
            run_id, is_new = self._db.write_now(
                imports.bring_run, self._source, number, new, created
            )
        except ConfigError as error:
            self._done.notes.append(f"run {number} was left out: {error.message}")
            return
        self._done.count("runs", int(is_new))
        folder = self._directory.run_folder(number, project)
        translator = Translator(
            self._directory,
            folder,
            self._workers,
            self._reviews,
            self._hits,
            self._placer(run_id),
        )
        self._bring_contents(number, run_id, translator)
        reason = f"brought from Mephisto, run {number} there"
        ended = self._last_moment(number) or created
        is_completed = bool(row["is_completed"])
        self._db.write_now(imports.end_run, run_id, is_completed, reason, ended)

    def _bring_contents(self, number: int, run_id: int, translator: Translator) -> None:
        first = 0
        rows = self._reader.rows(tables.Assignments, tables.Assignments.task_run_id == number)
        for group in _groups(rows, PORTION):
            items = translator.assignments(group, first)
            first += len(group)
            try:
                done = self._db.write_now(imports.bring_assignments, self._source, run_id, items)
            except StateError as error:
                self._done.notes.append(
                    f"run {number}: assignments {items[0].foreign_id} to {items[-1].foreign_id} "
                    f"were left as they are: {error.message}"
                )
            else:
                self._done.add(done)
        where = tables.OnboardingAgents.task_run_id == number
        for group in _groups(self._reader.rows(tables.OnboardingAgents, where), 500):
            people = [translator.onboarding(row) for row in translator.of_known_workers(group)]
            self._done.add(
                self._db.write_now(imports.bring_onboardings, self._source, run_id, people)
            )
        self._done.notes += translator.notes

    def _new_run(self, row: Row, task: Row, project: str | None, requester: str) -> NewRun:
        config = redacted(run_config(row["init_params"]))
        if not config:
            self._done.notes.append(f"run {row['task_run_id']} has no config that can be read")
        number = row["task_run_id"]
        pay = self._pay(number)
        architect = config.get("architect")
        named = architect.get("_architect_type") if isinstance(architect, dict) else None
        return NewRun(
            task_name=task["task_name"],
            task_type=task["task_type"],
            project_name=self._project(project, number),
            requester_name=requester,
            blueprint_type=row["task_type"],
            architect_type=str(named or "local"),
            provider_type=row["provider_type"],
            is_sandbox=bool(row["sandbox"]),
            config=self._without_limits(config, number),
            config_path=None,
            pay_cents=pay,
            unit_cost_cents=pay,
            budget_cents=None,
            engine_version="mephisto",
            actor=operator_name(),
        )

    def _pay(self, number: int) -> int:
        unit = next(self._reader.rows(tables.Units, tables.Units.task_run_id == number), None)
        return cents(unit["pay_amount"])[0] if unit else 0

    def _project(self, name: str | None, number: int) -> str | None:
        """The project there, unless one of that name has a budget here, which this would use up."""
        if name is None or name not in self._db.read(projects_with_budget):
            return name
        self._done.notes.append(
            f"run {number} is left out of the project {name!r}, which has a budget here"
        )
        return None

    def _without_limits(self, config: Row, number: int) -> Row:
        """Mephisto counts a worker's units in another way: limits of then would be broken now."""
        task = config.get("task")
        if not isinstance(task, dict) or not any(task.get(name) for name in _LIMITS):
            return {"mephisto": config}
        limits = {name: task[name] for name in _LIMITS if task.get(name)}
        self._done.notes.append(
            f"run {number} had limits ({limits}); they stand beside its config, as "
            "`imported_limits`"
        )
        rest = {name: value for name, value in task.items() if name not in _LIMITS}
        return {"mephisto": {**config, "task": rest}, "imported_limits": limits}

    def _last_moment(self, number: int) -> int:
        rows = self._reader.rows(tables.Agents, tables.Agents.task_run_id == number)
        return max((moment(row["creation_date"]) for row in rows), default=0)

    def _placer(self, run_id: int) -> Any:
        folder = None if self._home is None else uploads_in(run_folder(self._home, run_id))
        # An export has them: the disk that archiving has freed stays free.
        archived = self._db.read(archived_uploads, [run_id])

        def place(source: Path, stored_name: str) -> None:
            if folder is None or stored_name in archived or (folder / stored_name).exists():
                return
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = folder / f".{stored_name}.draft"
            with source.open("rb") as read, draft.open("wb") as written:
                os.chmod(draft, 0o600)
                shutil.copyfileobj(read, written)
                written.flush()
                os.fsync(written.fileno())
            draft.replace(folder / stored_name)
            sync_folder(folder)

        return place

    def _name_the_rest(self, tasks: dict[int, Row]) -> None:
        """Everything in the directory that has no place here."""
        self._done.notes += [
            f"table {table}: {self._reader.count(table)} rows were left out"
            for table in sorted(self._reader.tables() - _BROUGHT_TABLES - _OWN_TABLES)
        ]
        labels = self._reader.extra(
            "worker_review", "updated_qualification_id", "revoked_qualification_id"
        )
        changes = sum(any(row.values()) for row in labels)
        if changes:
            self._done.notes.append(
                f"{changes} entries of the log about qualifications were left out; what workers "
                "hold now was brought"
            )
        parents = sum(task["parent_task_id"] is not None for task in tasks.values())
        if parents:
            self._done.notes.append(f"{parents} tasks have a parent task, which was left out")
        self._done.notes += [
            f"{path.name} of a provider: only blocks and ids of HITs were brought"
            for path in self._directory.provider_files()
        ]


def _groups(rows: Iterator[Row], size: int) -> Iterator[Sequence[Row]]:
    while group := list(islice(rows, size)):
        yield group
