"""Exports of a stored world, and how they are read back."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from pyarrow import parquet
from stored_world import StoredWorld

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.operations.packaging.package import PackageReport, package
from mephisto_engine.operations.packaging.request import Format, PackageRequest

FORMATS = tuple(Format)


class Exporter:
    def __init__(self, world: StoredWorld, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.number = 0

    def __call__(self, *runs: int, out: Path | None = None, **options: Any) -> PackageReport:
        self.number += 1
        request = PackageRequest(runs, out or self.folder / str(self.number), **options)
        return package(self.world.db, self.world.home, Registry(), request)


def jsonl(report: PackageReport, name: str = "units") -> list[dict[str, Any]]:
    """Rows of a table; none if it was not written."""
    path = report.path / f"{name}.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def read_csv(report: PackageReport, name: str = "units") -> list[dict[str, str]]:
    with (report.path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_parquet(report: PackageReport, name: str = "units") -> Any:
    return parquet.read_table(report.path / f"{name}.parquet")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
