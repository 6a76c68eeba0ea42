from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from peewee import SqliteDatabase

from mephisto_engine.data_model import TABLES
from mephisto_engine.database import MephistoDB, schema
from mephisto_engine.database.journal_mode import Journal
from mephisto_engine.errors import ConfigError, MigrationError, StorageError

ADD_COLUMN = """
from peewee import *
def up(migrator, db):
    migrator.migrate(migrator.add_column("worker", "nickname", TextField(null=True)))
"""


def structure(path: Path) -> dict[str, object]:
    """Columns, foreign keys and indexes of every table, whatever the order of their making."""
    connection = sqlite3.connect(path)
    found: dict[str, object] = {}
    for (table,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    ).fetchall():
        columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        keys = connection.execute(f'PRAGMA foreign_key_list("{table}")').fetchall()
        indexes = []
        for index in connection.execute(f'PRAGMA index_list("{table}")').fetchall():
            parts = connection.execute(f'PRAGMA index_info("{index[1]}")').fetchall()
            text = connection.execute(
                "SELECT sql FROM sqlite_master WHERE name = ?", (index[1],)
            ).fetchone()
            where = str(text[0]).partition("WHERE")[2].replace('"', "").strip(" ()")
            indexes.append((index[2], tuple(part[2] for part in parts), where))
        found[table] = (
            sorted(column[1:4] + column[5:] for column in columns),
            sorted(key[2:] for key in keys),
            sorted(indexes),
        )
    connection.close()
    return found


def migrate(path: Path, folder: Path) -> None:
    database = schema.connect(path, Journal.AHEAD, is_reader=False)
    try:
        schema.migrate(database, path, folder)
    finally:
        database.close_all()


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """A copy of the migrations that a test may add to."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for file in schema.MIGRATIONS.glob("0*.py"):
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with MephistoDB.open(str(tmp_path / "data.db"), home=tmp_path) as db:
        return db.path


def test_the_migrations_make_what_the_models_say(path: Path, tmp_path: Path) -> None:
    by_models = SqliteDatabase(str(tmp_path / "models.db"))
    with by_models.bind_ctx(TABLES):
        by_models.create_tables(TABLES)
    by_models.close()
    made, wanted = structure(path), structure(tmp_path / "models.db")
    (history,) = set(made) - set(wanted)
    assert "migration" in history
    assert made.pop(history)
    assert made == wanted


def test_migrating_twice_changes_nothing(path: Path) -> None:
    before = structure(path)
    migrate(path, schema.MIGRATIONS)
    assert structure(path) == before


def test_a_new_migration_is_applied(path: Path, migrations: Path) -> None:
    (migrations / "0099_nickname.py").write_text(ADD_COLUMN)
    migrate(path, migrations)
    assert "nickname" in str(structure(path)["worker"])


@pytest.mark.parametrize(
    "last",
    [
        "def up(migrator, db): raise ValueError('half way')",
        "def up(migrator, db): db.execute_sql('CREATE nonsense')",
        "def up(migrator, db): migrator.migrate(migrator.drop_column('task', 'no_such'))",
        "this is not Python",
    ],
)
def test_a_failing_migration_leaves_the_database_as_it_was(
    path: Path, migrations: Path, last: str
) -> None:
    before, content = structure(path), path.read_bytes()
    (migrations / "0098_nickname.py").write_text(ADD_COLUMN)
    (migrations / "0099_broken.py").write_text(last)
    with pytest.raises(MigrationError, match="could not be brought up to date"):
        migrate(path, migrations)
    assert structure(path) == before
    assert path.read_bytes() == content
    (migrations / "0099_broken.py").unlink()
    migrate(path, migrations)
    assert "nickname" in str(structure(path)["worker"])


def test_a_database_of_a_newer_version_is_refused(path: Path, migrations: Path) -> None:
    (migrations / "0099_nickname.py").write_text(ADD_COLUMN)
    migrate(path, migrations)
    with pytest.raises(MigrationError, match="newer version"):
        MephistoDB.open(str(path), home=path.parent)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary, " * 1000)
    with pytest.raises(StorageError):
        MephistoDB.open(str(path), home=tmp_path)
    assert path.read_text() == "Dear diary, " * 1000


@pytest.mark.parametrize("url", ["postgresql://localhost/x", "sqlite://relative.db", "mysql://x"])
def test_a_database_of_another_kind_is_a_config_error(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError):
        MephistoDB.open(url, home=tmp_path)


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        MephistoDB.open(home=tmp_path / "file" / "home")


def test_folder_and_files_are_their_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with MephistoDB.open(home=tmp_path / "home", url=str(tmp_path / "home" / "data.db")) as db:
            db.write_now(lambda tx: tx.record("run.noted", "task_run", 0))
            files = {item.name: _mode(item) for item in (tmp_path / "home").iterdir()}
    finally:
        os.umask(old)
    assert _mode(tmp_path / "home") == 0o700
    assert {"data.db", "data.db-wal", "data.db-shm"} <= set(files)
    assert set(files.values()) == {0o600}, files


def test_processes_that_open_a_new_database_at_once_make_one_schema(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from mephisto_engine.database import MephistoDB\n"
        "db = MephistoDB.open(sys.argv[1], home=Path(sys.argv[1]).parent)\n"
        "db.write_now(lambda tx: tx.record('run.noted', 'task_run', 0)); db.close()"
    )
    path = tmp_path / "home" / "data.db"
    command = [sys.executable, "-W", "error", "-c", script, str(path)]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]
    ended = [(process.communicate(timeout=60)[1], process.returncode) for process in started]
    assert ended == [(b"", 0)] * 4
    with MephistoDB.open(str(path), home=path.parent) as db:
        assert db.read(_events) == 4


def test_durability_is_switched_on(db: MephistoDB) -> None:
    def ask(tx: object, name: str) -> object:
        return db._writer_database.execute_sql(f"PRAGMA {name}").fetchone()[0]

    asked = {name: db.write_now(ask, name) for name in ("journal_mode", "synchronous")}
    assert asked == {"journal_mode": "wal", "synchronous": 2}
    assert db.write_now(ask, "foreign_keys") == 1


def _events() -> int:
    from mephisto_engine.data_model import Event

    return int(Event.select().count())


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
