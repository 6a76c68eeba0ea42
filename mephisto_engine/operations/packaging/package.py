"""Making an export: rows in parts, then the files of its format, then the manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.cells import TEXT_MARK
from mephisto_engine.config.redaction import redacted
from mephisto_engine.data_model.units import GOLD_INDEX, SCREENING_INDEX
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.queries import answers as queries
from mephisto_engine.database.queries.dataset import dataset_facts, run_config
from mephisto_engine.errors import StorageError
from mephisto_engine.operations.answer_data import AnswerReader
from mephisto_engine.operations.packaging import tables
from mephisto_engine.operations.packaging.columns import FIXED, Columns
from mephisto_engine.operations.packaging.datasheet import datasheet
from mephisto_engine.operations.packaging.files import write_whole
from mephisto_engine.operations.packaging.listing import Listing
from mephisto_engine.operations.packaging.manifest import write_manifest, write_sums
from mephisto_engine.operations.packaging.mephisto_folders import DATABASE, MephistoFolders
from mephisto_engine.operations.packaging.pseudonyms import WorkerNames, load_key
from mephisto_engine.operations.packaging.request import (
    SCHEMA_VERSION,
    Format,
    PackageRequest,
)
from mephisto_engine.operations.packaging.rows import KINDS, Row, RowMaker
from mephisto_engine.operations.packaging.staging import Stage
from mephisto_engine.operations.packaging.uploads import UploadCopier
from mephisto_engine.version import __version__


def _part_name(number: int) -> str:
    return f"{number:06}"


PART_UNITS: Final = 2000
"""Units of a part: what an interrupted export has to do again at most."""

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
    resumed_units: int
    """Units that an interrupted export had packaged before."""


def package(
    db: MephistoDB,
    home: Path,
    registry: Registry,
    request: PackageRequest,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
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
        return _Packaging(home, registry, request, stage, on_progress).run(db)


@dataclass
class _View:
    """What is taken from the database, all of it in one view."""

    facts: dict[str, Any]
    configs: dict[int, Any]
    """Run → config without secrets."""
    reader: AnswerReader
    replaced: int
    """Answers in which the worker's own name was replaced."""
    resumed: int
    """Units that an interrupted export had packaged before."""


@dataclass
class _Packaging:
    """One export under way."""

    home: Path
    registry: Registry
    request: PackageRequest
    stage: Stage
    on_progress: Callable[[int, int], None]
    columns: Columns = field(default_factory=Columns)
    _parts: list[str] = field(default_factory=list)
    _names: list[str] = field(default_factory=list)
    """Files of the finished folder that are on no list."""
    _listings: list[Listing] = field(default_factory=list)

    def run(self, db: MephistoDB) -> PackageReport:
        names = WorkerNames(load_key(self.home), self.request.has_raw_workers)
        # Files are written outside of the view: as long as it lasts, the database's log only grows.
        view = db.read(self._take_rows, names)
        self._write_files(view)
        self._close(self._manifest(view, names))
        return PackageReport(
            path=self.request.out,
            format=self.request.format,
            units=view.facts["units"],
            workers=view.facts["workers"],
            files=self._uploads,
            missing_files=tuple(self._missing),
            resumed_units=view.resumed,
        )

    def _take_rows(self, names: WorkerNames) -> _View:
        facts = dataset_facts(self.request.selection)
        self.stage.begin(self.request.identity(facts, names.key_id))
        reader = AnswerReader(self.registry, {r["id"]: r["blueprint_type"] for r in facts["runs"]})
        resumed, replaced = self._write_parts(facts, reader, names)
        configs = {run["id"]: redacted(run_config(run["id"])) for run in facts["runs"]}
        return _View(facts, configs, reader, replaced, resumed)

    def _write_parts(
        self, facts: dict[str, Any], reader: AnswerReader, names: WorkerNames
    ) -> tuple[int, int]:
        """All parts that are not there yet; units that were, and answers with names replaced."""
        portions = queries.units_by_assignment(self.request.selection, PART_UNITS)
        total = sum(map(len, portions))
        maker = RowMaker(
            reader,
            names,
            {run["id"]: run["task_name"] for run in facts["runs"]},
            has_item=self.request.format is Format.MEPHISTO,
        )
        units = resumed = replaced = 0
        for number, ids in enumerate(portions):
            name = _part_name(number)
            record = self.stage.record_of(name)
            if record is None:
                record = self._write_part(name, ids, maker, names)
            else:
                resumed += record["units"]
            self.columns.merge(Columns(record["columns"]))
            units, replaced = units + record["units"], replaced + record["replaced"]
            self._parts.append(name)
            self.on_progress(units, total)
        self._check_counts(units, facts["units"])
        return resumed, replaced

    def _write_part(self, name: str, ids: Any, maker: RowMaker, names: WorkerNames) -> Any:
        columns, units, before = Columns(), 0, names.replaced
        with self.stage.rows(name) as file:
            for start in range(0, len(ids), queries.PORTION):
                for answer in queries.stream_answers(ids[start : start + queries.PORTION]):
                    row, line = maker.make(answer)
                    columns.see(row)
                    file.write(line + b"\n")
                    units += 1
        record = {
            "units": units,
            "columns": columns.parts,
            "replaced": names.replaced - before,
        }
        self.stage.note(name, record)
        return record

    def _check_counts(self, written: int, stored: int) -> None:
        """What is written is what the database has, or nothing is finished."""
        if written != stored:
            raise StorageError(
                f"{written} units were written, but {stored} are stored.",
                "Check the database with `mephisto-tui doctor` and export again.",
            )

    def _write_files(self, view: _View) -> None:
        if self.request.format is Format.MEPHISTO:
            self._write_mephisto(view)
            return
        parts = [self.stage.part(name) for name in self._parts]
        name = f"units.{self.request.format}"
        _TABLES[self.request.format](parts, self.columns, self.stage.result / name)
        self._names.append(name)
        if self.request.has_uploads and view.facts["uploads"]:
            copier = UploadCopier(self.home, self.stage.result)
            for part in self._parts:
                self._list(part, partial(self._place_uploads, part, copier))

    def _place_uploads(self, part: str, copier: UploadCopier, listing: Listing) -> None:
        for row in self._rows_of(part):
            for file in row["files"]:
                copier.place(file, row["task_run_id"], file["path"], listing)

    def _write_mephisto(self, view: _View) -> None:
        runs = view.facts["runs"]
        files = {run["id"]: view.reader.state(run["id"]).DATA_FILE for run in runs}
        copier = UploadCopier(self.home, self.stage.result)
        place = copier.place if self.request.has_uploads else lambda *_: None
        folders = MephistoFolders(self.stage.result, runs, files, place)
        folders.add_runs(view.configs)
        for part in self._parts:
            folders.add_units(self._rows_of(part))
            self._list(part, partial(folders.write_files, self._rows_of(part)))
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

    def _manifest(self, view: _View, names: WorkerNames) -> dict[str, Any]:
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
                "late_answers_left_out": facts["late_answers_left_out"],
                "files": self._uploads,
                "missing_files": len(self._missing),
            },
            "times": facts["times"],
            "pay_cents": facts["pay_cents"],
            "columns": self.columns.types() if is_table else FIXED,
            "csv_cells": f"a text cell that begins with {TEXT_MARK} and then one of = + - @ tab CR "
            f"LF (or with more than one {TEXT_MARK} before it) has one {TEXT_MARK} too many",
            "missing_files": self._missing,
            "runs": runs,
        }

    def _selection(self) -> dict[str, Any]:
        left_out = () if self.request.has_gold else (GOLD_INDEX, SCREENING_INDEX)
        return {
            "runs": list(self.request.runs),
            "statuses": sorted(self.request.selection.statuses),
            "without": [KINDS[index] for index in left_out],
            "uploads": self.request.has_uploads,
        }

    def _close(self, manifest: dict[str, Any]) -> None:
        result = self.stage.result
        write_whole(result / DATASHEET, datasheet(manifest).encode())
        manifest["files"] = write_sums(result, self._listings, [*self._names, DATASHEET])
        write_manifest(result, manifest)
        self.stage.finish()
