"""Making an export: rows in parts, then the files of its format, then the manifest."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.cells import TEXT_MARK
from mephisto_engine.data_model.units import GOLD_INDEX, SCREENING_INDEX
from mephisto_engine.database import MephistoDB
from mephisto_engine.operations.packaging import tables
from mephisto_engine.operations.packaging.columns import FIXED, Columns
from mephisto_engine.operations.packaging.datasheet import datasheet
from mephisto_engine.operations.packaging.files import write_whole
from mephisto_engine.operations.packaging.listing import Listing
from mephisto_engine.operations.packaging.manifest import write_manifest, write_sums
from mephisto_engine.operations.packaging.mephisto_folders import DATABASE, MephistoFolders
from mephisto_engine.operations.packaging.pseudonyms import WorkerNames, load_key
from mephisto_engine.operations.packaging.request import SCHEMA_VERSION, Format, PackageRequest
from mephisto_engine.operations.packaging.rows import KINDS, Row
from mephisto_engine.operations.packaging.side_tables import (
    FOLDER,
    ONBOARDING,
    OTHER_AGENTS,
    QUALIFICATIONS,
)
from mephisto_engine.operations.packaging.staging import Stage
from mephisto_engine.operations.packaging.uploads import UploadCopier
from mephisto_engine.operations.packaging.view import Progress, SidePart, View, take_view
from mephisto_engine.version import __version__

DATASHEET: Final = "DATASHEET.md"
_TABLES: Final = {
    Format.JSONL: tables.write_jsonl,
    Format.CSV: tables.write_csv,
    Format.PARQUET: tables.write_parquet,
}


@dataclass(frozen=True)
class PackageReport:
    """What an export has become."""

    path: Path
    format: str
    units: int
    workers: int
    files: int
    missing_files: tuple[str, ...]
    """Uploads that are gone, or are not what the worker sent."""
    absent_archives: tuple[str, ...]
    """Exports that runs were archived by, and that are not where they were."""
    resumed_units: int
    """Units that an interrupted export had packaged before."""
    tables: Mapping[str, int]
    """Tables beside the units → rows; those that have any."""


def package(
    db: MephistoDB,
    home: Path,
    registry: Registry,
    request: PackageRequest,
    on_progress: Progress = lambda done, total: None,
) -> PackageReport:
    """Write a dataset into a folder that appears when it is whole.

    Args:
        db: where the answers are; it may be that of a live run.
        home: data folder, with the uploads and the key of the pseudonyms.
        registry: where blueprints come from.
        request: what is wanted.
        on_progress: called with the units that are packaged, and how many there are.

    Raises:
        ConfigError: the format needs a package that is not installed.
        StateError: there is something at the place already.
        StorageError: it could not be written; the same request goes on where it stopped.
    """
    if request.format is Format.PARQUET:
        tables.check_parquet()
    with Stage(request.out.absolute()).taken() as stage:
        return _Packaging(home, request, stage).run(db, registry, on_progress)


@dataclass
class _Packaging:
    """One export under way."""

    home: Path
    request: PackageRequest
    stage: Stage
    _names: list[str] = field(default_factory=list)
    """Files of the finished folder that are on no list."""
    _listings: list[Listing] = field(default_factory=list)

    def run(self, db: MephistoDB, registry: Registry, on_progress: Progress) -> PackageReport:
        names = WorkerNames(load_key(self.home), self.request.has_raw_workers)
        # Files are written outside of the view: as long as it lasts, the database's log only grows.
        view = db.read(take_view, self.request, self.stage, registry, names, on_progress)
        absent = self._write_files(view)
        self._close(self._manifest(view, names))
        return PackageReport(
            path=self.request.out,
            format=self.request.format,
            units=view.facts["units"],
            workers=view.facts["workers"],
            files=self._uploads,
            missing_files=tuple(self._missing),
            absent_archives=absent,
            resumed_units=view.resumed,
            tables={side.table.name: side.rows for side in view.side_parts if side.rows},
        )

    def _write_files(self, view: View) -> tuple[str, ...]:
        """Write everything but the manifest; archives that were needed, and are gone."""
        copier = UploadCopier(self.home, self.stage.result, view.archived)
        if self.request.format is Format.MEPHISTO:
            self._write_mephisto(view, copier)
        else:
            self._write_table("units", view.parts, view.columns)
            if self.request.has_uploads and view.facts["uploads"]:
                for part in view.parts:
                    self._list(part, partial(self._place_uploads, part, copier))
            if self.request.has_uploads and self.request.has_tables:
                late = OTHER_AGENTS.name
                self._list(late, partial(self._place_uploads, late, copier))
        # Notes and the like may have changed since an interrupted export wrote them.
        shutil.rmtree(self.stage.result / FOLDER, ignore_errors=True)
        for side in view.side_parts:
            if side.rows:
                self._write_table(f"{FOLDER}/{side.table.name}", [side.part], side.columns)
        return copier.absent

    def _write_table(self, name: str, parts: list[str], columns: Columns) -> None:
        kind = Format.JSONL if self.request.format is Format.MEPHISTO else self.request.format
        path = self.stage.result / f"{name}.{kind}"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        _TABLES[kind]([self.stage.part(part) for part in parts], columns, path)
        self._names.append(f"{name}.{kind}")

    def _place_uploads(self, part: str, copier: UploadCopier, listing: Listing) -> None:
        for row in self._rows_of(part):
            for file in row["files"]:
                copier.place(file, row["task_run_id"], file["path"], listing)

    def _write_mephisto(self, view: View, copier: UploadCopier) -> None:
        runs = view.facts["runs"]
        files = {run["id"]: view.reader.state(run["id"]).DATA_FILE for run in runs}
        place = copier.place if self.request.has_uploads else lambda *_: None
        folders = MephistoFolders(self.stage.result, runs, files, place)
        folders.add_runs(view.configs)
        for part in view.parts:
            folders.add_units(self._rows_of(part))
            self._list(part, partial(folders.write_files, self._rows_of(part)))
        if self.request.has_tables:
            late = OTHER_AGENTS.name
            folders.add_other_agents(self._rows_of(late))
            self._list(late, partial(folders.write_other_agents, self._rows_of(late)))
            folders.add_onboardings(self._rows_of(ONBOARDING.name))
            onboarding = partial(folders.write_onboardings, self._rows_of(ONBOARDING.name))
            self._list(ONBOARDING.name, onboarding)
            folders.add_qualifications(self._rows_of(QUALIFICATIONS.name))
        folders.close()
        self._names.append(DATABASE)

    def _rows_of(self, part: str) -> Iterator[Row]:
        return tables.rows_of([self.stage.part(part)])

    def _list(self, part: str, write: Callable[[Listing], None]) -> None:
        """Have the files of a part written, unless an interrupted export had done so."""
        listing = self.stage.listing(part)
        if not listing.is_done(self.stage.result):
            with listing.written():
                write(listing)
        self._listings.append(listing)

    @property
    def _uploads(self) -> int:
        return sum(listing.placed.uploads for listing in self._listings)

    @property
    def _missing(self) -> list[str]:
        return [name for listing in self._listings for name in listing.placed.missing]

    def _manifest(self, view: View, names: WorkerNames) -> dict[str, Any]:
        """Everything that is said of the export; no time of day, so that a repeat is the same."""
        is_table = self.request.format is not Format.MEPHISTO
        facts = view.facts
        runs = [{**run, "config": view.configs[run["id"]]} for run in facts["runs"]]
        return {
            "schema_version": SCHEMA_VERSION,
            "code_version": __version__,
            "format": self.request.format.value,
            "as_of": facts["as_of"],
            "selection": self._selection(),
            "workers": {
                "names": "raw" if names.is_raw else "pseudonyms",
                "key": names.key_id,
                "number": facts["workers"],
                "replaced_in_answers": view.replaced,
            },
            "counts": {
                "units": facts["units"],
                "by_status": facts["by_status"],
                "late_answers": facts["late_answers"],
                "files": self._uploads,
                "missing_files": len(self._missing),
            },
            "times": facts["times"],
            "pay_cents": facts["pay_cents"],
            "columns": view.columns.types() if is_table else FIXED,
            "tables": {side.table.name: self._about(side) for side in view.side_parts},
            "csv_cells": f"a text cell that begins with {TEXT_MARK} and then one of = + - @ tab CR "
            f"LF (or with more than one {TEXT_MARK} before it) has one {TEXT_MARK} too many",
            "missing_files": self._missing,
            "runs": runs,
        }

    def _about(self, side: SidePart) -> dict[str, Any]:
        """What the manifest says of a table beside the units."""
        is_table = self.request.format not in (Format.JSONL, Format.MEPHISTO)
        return {
            "rows": side.rows,
            "about": side.table.about,
            "columns": side.columns.types() if is_table else dict(side.table.columns),
            "free_text": list(side.table.free_text),
        }

    def _selection(self) -> dict[str, Any]:
        left_out = () if self.request.has_gold else (GOLD_INDEX, SCREENING_INDEX)
        return {
            "runs": list(self.request.runs),
            "statuses": sorted(self.request.selection.statuses),
            "without": [KINDS[index] for index in left_out],
            "tables": self.request.has_tables,
            "uploads": self.request.has_uploads,
        }

    def _close(self, manifest: dict[str, Any]) -> None:
        result = self.stage.result
        write_whole(result / DATASHEET, datasheet(manifest).encode())
        manifest["files"] = write_sums(result, self._listings, [*self._names, DATASHEET])
        write_manifest(result, manifest)
        self.stage.finish()
