"""Archiving: free the disk of runs whose export is whole, and nothing that the export lacks.

What stays: the database with every answer, and files of which the export has no sound copy. What
goes: workers' files that the export has, byte for byte, and the sites, which a resumed run builds
anew.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mephisto_engine.data_model.status import DONE_UNIT
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import archive as operations
from mephisto_engine.database.queries import archive as queries
from mephisto_engine.errors import StateError
from mephisto_engine.operations.operator import operator_name
from mephisto_engine.operations.packaging.files import sha256_of
from mephisto_engine.operations.packaging.manifest import MANIFEST, files_by_stem, verify
from mephisto_engine.operations.runs.run_folders import run_folder, site_in, uploads_in
from mephisto_engine.operations.runs.run_lease import is_driven


@dataclass
class RunPlan:
    """What archiving frees of one run."""

    run_id: int
    files: list[Path] = field(default_factory=list)
    sites: list[Path] = field(default_factory=list)
    kept_files: int = 0
    """Files of which the export has no sound copy; they stay."""
    size: int = 0
    """Bytes that are freed."""


@dataclass(frozen=True)
class ArchivePlan:
    """What archiving frees, and by which export."""

    export: Path
    manifest_sha256: str
    runs: tuple[RunPlan, ...]

    @property
    def size(self) -> int:
        """Bytes that are freed."""
        return sum(run.size for run in self.runs)

    @property
    def files(self) -> int:
        """Workers' files that are removed."""
        return sum(len(run.files) for run in self.runs)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to free."""
        return not any(run.files or run.sites for run in self.runs)

    @property
    def kept_files(self) -> int:
        """Workers' files that stay."""
        return sum(run.kept_files for run in self.runs)


def plan_archive(db: MephistoDB, home: Path, run_ids: tuple[int, ...], export: Path) -> ArchivePlan:
    """Verify an export, and find out what can go because it has it; nothing is removed.

    Raises:
        NotFoundError: the folder is no export.
        StateError: a run is live, or the export is damaged, older than the data, or only a part.
    """
    for run_id in run_ids:
        is_driven(db, run_id)  # whether a silent engine elsewhere lives is known after this
    db.write_now(operations.refuse_live, run_ids, db.leases)
    manifest = verify(export)
    _check_that_it_has_all(db, manifest, run_ids)
    copies = {stem: digest for stem, (digest, _) in files_by_stem(export).items()}
    runs = tuple(db.read(_plan_run, run_folder(home, run), run, copies) for run in run_ids)
    return ArchivePlan(export, sha256_of(export / MANIFEST), runs)


def carry_out(db: MephistoDB, plan: ArchivePlan, project: str | None = None) -> None:
    """Put on record what goes, then remove it; a repeat removes what an interruption left.

    Raises:
        StateError: a run has been resumed meanwhile.
    """
    actor = operator_name()
    facts = {run.run_id: _facts(plan, run) for run in plan.runs}
    names = [path.name for run in plan.runs for path in run.files]
    ids = [run.run_id for run in plan.runs]
    db.write_now(operations.record_archive, ids, db.leases, actor, facts, names)
    for run in plan.runs:
        for path in run.files:
            path.unlink(missing_ok=True)
        for folder in run.sites:
            shutil.rmtree(folder, ignore_errors=True)
    if project is not None:
        db.write_now(operations.mark_project, project, actor)


def _check_that_it_has_all(
    db: MephistoDB, manifest: dict[str, Any], run_ids: tuple[int, ...]
) -> None:
    selection = manifest["selection"]
    absent = set(run_ids) - set(selection["runs"])
    if absent:
        named = ", ".join(map(str, sorted(absent)))
        raise StateError(f"The export does not have run {named}.", _AGAIN)
    is_part = not set(selection["statuses"]) >= DONE_UNIT or selection["without"]
    if is_part or not selection["uploads"]:
        raise StateError("The export has only a part of what workers did.", _AGAIN)
    exported = {run["id"]: run["units_stored"] for run in manifest["runs"]}
    for run_id, stored in db.read(queries.units_stored, run_ids).items():
        if exported[run_id] != stored:
            raise StateError(f"Run {run_id} has changed since it was exported.", _AGAIN)


_AGAIN = "Export it once more, without filters, and archive by that."


def _plan_run(folder: Path, run_id: int, copies: dict[str, str]) -> RunPlan:
    plan = RunPlan(run_id)
    for stored_name, sha256 in queries.uploads_of(run_id):
        path = uploads_in(folder) / stored_name
        if not path.is_file():
            continue
        if copies.get(stored_name) == sha256:
            plan.files.append(path)
            plan.size += path.stat().st_size
        else:
            plan.kept_files += 1
    site = site_in(folder)
    if site.is_dir():
        plan.sites.append(site)
        plan.size += sum(path.lstat().st_size for path in _files(site))
    return plan


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _facts(plan: ArchivePlan, run: RunPlan) -> dict[str, Any]:
    return {
        "export": str(plan.export.absolute()),
        "manifest_sha256": plan.manifest_sha256,
        "files": len(run.files),
        "kept_files": run.kept_files,
        "bytes": run.size,
    }
