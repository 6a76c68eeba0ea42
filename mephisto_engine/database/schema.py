"""Opening a database file: where it lies, who may read it, and which schema it has."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from peewee import Database, Query, SqliteDatabase
from playhouse.migrations import MigrationError as RunnerError
from playhouse.migrations import Runner

from mephisto_engine.database.journal_mode import BUSY_SECONDS, Journal
from mephisto_engine.errors import ConfigError, MigrationError, StorageError

MIGRATIONS = Path(__file__).parent / "migrations"

_door = threading.Lock()

_PRAGMAS: dict[str, str | int] = {
    "synchronous": "full",
    "foreign_keys": 1,
    "cache_size": -32 * 1024,
    "temp_store": "memory",
    # With a rollback journal, a transaction that outgrew the cache would wait for readers midway.
    "cache_spill": 0,
}


class TrackedSqlite(SqliteDatabase):
    """SQLite that remembers its connections, so that closing reaches those of other threads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.opened: list[sqlite3.Connection] = []
        super().__init__(*args, **kwargs)

    def _connect(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = super()._connect()  # type: ignore[misc]
        self.opened.append(connection)
        return connection

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        cursor: Any = self.execute_sql(sql, values)  # type: ignore[no-untyped-call]
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def stream(self, query: Query) -> Iterator[tuple[Any, ...]]:
        """Rows of a query as they are stored, one at a time."""
        cursor: Any = self.execute(query)  # type: ignore[no-untyped-call]
        return iter(cursor)

    def close_all(self) -> None:
        """Close every connection, whichever thread opened it."""
        self.close()
        for connection in self.opened:
            connection.close()
        self.opened.clear()


def sqlite_path(url: str) -> Path:
    """File behind a database URL (`sqlite:///path`) or plain path.

    Raises:
        ConfigError: another kind of database.
    """
    if "://" not in url:
        return Path(url).expanduser()
    scheme, _, rest = url.partition("://")
    if scheme != "sqlite" or not rest.startswith("/"):
        raise ConfigError(
            f"Databases of kind {scheme!r} cannot be opened by this version.",
            "Use a file: sqlite:///absolute/path.db, or a plain path.",
        )
    return Path(rest[1:]).expanduser()


def make_private(folder: Path) -> None:
    """Create a folder that only its owner can enter (0700)."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageError(
            f"The folder {folder} cannot be made: {error.strerror}.",
            "Choose another with --home or MEPHISTO_HOME.",
        ) from error


def connect(path: Path, journal: Journal, *, is_reader: bool) -> TrackedSqlite:
    """A database object for ``path``; connections are made by the threads that use it."""
    pragmas = {"journal_mode": journal.value, **_PRAGMAS}
    if is_reader:
        pragmas["query_only"] = 1
    return TrackedSqlite(str(path), pragmas=pragmas, timeout=BUSY_SECONDS, check_same_thread=False)


def copy_database(path: Path, target: Path) -> None:
    """Copy a database as it is now, whoever else has it open.

    Raises:
        StorageError: it cannot be read, or the copy not be written.
    """
    create_file(target)
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    except sqlite3.Error as error:
        raise StorageError(f"The database {path} cannot be copied: {error}.") from error


def create_file(path: Path) -> None:
    """Make sure that the file exists, readable by its owner alone (0600)."""
    make_private(path.parent)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StorageError(
            f"The database {path} cannot be opened: {error.strerror}.",
            "Check its permissions, or choose another with --db.",
        ) from error


def migrate(database: Database, path: Path, directory: Path = MIGRATIONS) -> None:
    """Bring the schema up to date: all pending migrations, or none of them.

    Raises:
        MigrationError: one failed (the database is as it was), or the file is not of this program
            or of a newer version of it.
    """
    with _only_one(path):
        try:
            runner = Runner(database, str(directory))
            _refuse_newer(runner)
            if any(item.applied is None for item in runner.status()):
                _run_all(database, runner)
        except MigrationError:
            raise
        except Exception as error:
            raise MigrationError(
                f"The database {path} could not be brought up to date: {_first_cause(error)}.",
                "It is as it was. Run `mephisto-tui doctor`, or choose another file with --db.",
            ) from error


def _first_cause(error: BaseException) -> BaseException:
    """What went wrong first: a full disk ends the transaction, and undoing it then fails too."""
    while error.__context__ is not None:
        error = error.__context__
    return error


def _run_all(database: Database, runner: Runner) -> None:
    """One transaction around all of them; foreign keys rest meanwhile and are checked at its end.

    SQLite ignores the switch inside a transaction, so it is set around it.
    """
    database.execute_sql("PRAGMA foreign_keys=0")
    try:
        with database.atomic():
            runner.up()
            broken = database.execute_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RunnerError(f"{len(broken)} rows would point at nothing")
    finally:
        database.execute_sql("PRAGMA foreign_keys=1")


def _refuse_newer(runner: Runner) -> None:
    unknown = [item.name for item in runner.status() if item.path is None]
    if unknown:
        raise MigrationError(
            f"The database was written by a newer version (it has {', '.join(unknown)}).",
            "Upgrade mephisto-tui, or choose another file with --db.",
        )


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Keep two that open a new database at once from migrating it twice.

    The lock is of the kind that SQLite's own are, so that it reaches as far as they do; threads of
    one process have it in common, and need another.
    """
    name = path.parent / f".{path.name}.migrate"
    with _door:
        lock = os.open(name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            _lock(lock, path)
            yield
        finally:
            os.close(lock)


def _lock(lock: int, path: Path) -> None:
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX)
    except OSError as error:
        raise StorageError(
            f"The database {path} lies where files cannot be locked: {error.strerror}.",
            "Choose another place with --db or MEPHISTO_HOME.",
        ) from error
