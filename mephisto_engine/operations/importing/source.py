"""An existing data directory of Mephisto: its database file, and the folders of its runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import yaml
from peewee import PeeweeException

from mephisto_engine.clock import to_ms
from mephisto_engine.database import mephisto_schema as tables
from mephisto_engine.database.mephisto_schema import MephistoReader
from mephisto_engine.errors import ConfigError, NotFoundError, StorageError

DATABASE: Final = "database.db"
NO_PROJECT: Final = "NO_PROJECT"

REVIEW_TABLES: Final = ("worker_review", "unit_review")
"""The log of decisions, by its newer and its older name; version 1.1.1 has none."""

Row = dict[str, Any]


@dataclass(frozen=True)
class DataDirectory:
    """Where everything lies, and the open database."""

    root: Path
    reader: MephistoReader
    source: str
    """Identity of the database, the same on each import of it wherever it lies."""

    def run_folder(self, run_id: int, project: str | None) -> Path:
        """Folder of a run; with older versions it lies one floor higher."""
        name = project or NO_PROJECT
        places = [
            self.root / "data" / "runs" / name / str(run_id),
            self.root / "runs" / name / str(run_id),
        ]
        return next((place for place in places if place.is_dir()), places[0])

    def reviews(self) -> dict[int, Row]:
        """Foreign unit id → the last entry of the log about it that has a verdict."""
        names = ("id", "unit_id", "status", "review_note", "bonus", "creation_date", "created_at")
        return {
            row["unit_id"]: row
            for table in REVIEW_TABLES
            for row in self.reader.extra(table, *names)
            if row["unit_id"] is not None and row["status"] is not None
        }

    def blocked(self) -> dict[int, str]:
        """Foreign worker ids of those who are kept out, with reasons."""
        found = {
            int(row["worker_id"]): row["review_note"] or "blocked in Mephisto"
            for row in self.reader.extra(
                "worker_review", "worker_id", "blocked_worker", "review_note"
            )
            if row["blocked_worker"]
        }
        for path in self.provider_files():
            found.update(dict.fromkeys(_blocked_in(path), "blocked in Mephisto"))
        return found

    def hits(self) -> dict[int, str]:
        """Foreign unit id → id of the HIT that it was on Mechanical Turk."""
        found: dict[int, str] = {}
        for path in self.provider_files():
            for row in _rows_in(path, "hits", "unit_id", "hit_id"):
                if _is_id(row["unit_id"]):
                    found[int(row["unit_id"])] = str(row["hit_id"])
        return found

    def provider_files(self) -> list[Path]:
        """Databases of the providers, which Mephisto keeps apart."""
        return sorted(self.root.glob("*/*.db"))


@contextmanager
def open_directory(path: Path) -> Iterator[DataDirectory]:
    """Open a data directory, given as that or as its database file; nothing in it is changed.

    Raises:
        NotFoundError: there is no database file.
        ConfigError: the file is not one of Mephisto's.
        StorageError: it cannot be read, or, while it is open, a file cannot be read or written.
    """
    file = path / DATABASE if path.is_dir() else path
    if not file.is_file():
        raise NotFoundError(
            f"There is no {DATABASE} in {path}.",
            "Name the folder that `main_data_directory` in ~/.mephisto/config.yml names.",
        )
    reader = MephistoReader(file)
    try:
        missing = {"tasks", "task_runs", "units", "agents", "workers"} - reader.tables()
        if missing:
            raise ConfigError(
                f"{file} is no database of Mephisto: it has no {', '.join(sorted(missing))}."
            )
        yield DataDirectory(file.parent, reader, _identity(reader))
    except (PeeweeException, sqlite3.Error) as error:
        raise StorageError(f"{file} cannot be read: {error}.") from error
    except OSError as error:
        raise StorageError(
            f"The import stopped at {error.filename or 'a file'}: {error.strerror or error}.",
            "Mend that and give the same command again: it goes on where it stopped.",
        ) from error
    finally:
        reader.close()


def moment(text: str | None) -> int:
    """A time as Mephisto's tables have it, in milliseconds; 0 for one that is none."""
    if text is None:
        return 0
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return 0
    return to_ms(found if found.tzinfo else found.replace(tzinfo=UTC))


def cents(value: Decimal | None) -> tuple[int, bool]:
    """Whole cents, and whether that is exactly what it was."""
    amount = value or Decimal(0)
    whole = amount.quantize(Decimal(1), ROUND_HALF_UP)
    return int(whole), whole == amount


def run_config(text: str) -> Row:
    """The config of a run: a JSON text with YAML in it; empty if it cannot be read."""
    try:
        found = yaml.safe_load(str(json.loads(text)))
    except (ValueError, RecursionError, yaml.YAMLError):
        return {}
    # Dates and other things that only YAML has become texts.
    node = json.loads(json.dumps(found, default=str)) if isinstance(found, dict) else {}
    return node if isinstance(node, dict) else {}


def _identity(reader: MephistoReader) -> str:
    """Hash over the oldest rows: they stay when the directory is moved or goes on growing."""
    digest = blake2b(digest_size=8)
    for model in (tables.Tasks, tables.Requesters, tables.Workers):
        rows = sorted(reader.rows(model), key=lambda row: (str(row["creation_date"]), str(row)))
        digest.update(repr(sorted(rows[0].items()) if rows else None).encode())
    return f"mephisto-{digest.hexdigest()}"


def _blocked_in(path: Path) -> list[int]:
    rows = _rows_in(path, "workers", "worker_id", "is_blocked")
    return [int(row["worker_id"]) for row in rows if row["is_blocked"] and _is_id(row["worker_id"])]


def _rows_in(path: Path, table: str, *names: str) -> list[Row]:
    """Rows of a provider's own database; none if it is of another kind."""
    reader = MephistoReader(path)
    try:
        return reader.extra(table, *names)
    except (PeeweeException, sqlite3.Error):
        return []
    finally:
        reader.close()


def _is_id(value: Any) -> bool:
    return value is not None and str(value).isdigit()
