from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mephisto_engine.database import MephistoDB, journal_mode
from mephisto_engine.database.filesystem import FileSystem, Sharing, file_system_of
from mephisto_engine.database.journal_mode import Journal, journal_of
from mephisto_engine.errors import StorageError
from mephisto_engine.operations.checks.database_checks import check_database

MOUNTS = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
80 22 0:44 / /home rw,relatime shared:40 - nfs4 fs:/home rw,vers=4.2,hard,local_lock=none
81 22 0:45 / /old rw,relatime - nfs fs:/old rw,vers=3,nolock,local_lock=all
82 22 0:46 / /lustre/a rw - lustre mgs:/a rw,flock,lazystatfs
83 22 0:47 / /lustre/b rw - lustre mgs:/b rw,localflock
84 22 0:48 / /mnt/my\040disk rw,nosuid - fuse.sshfs me@there:/ rw,user_id=0
85 80 0:49 / /home/scratch rw - xfs /dev/vdb rw
86 85 0:50 / /home/scratch rw - beegfs beegfs_nodev rw
"""
HOLDS = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("SELECT count(*) FROM event")
print("held", flush=True)
sys.stdin.read()
"""
Open = Callable[[FileSystem], MephistoDB]
HOSTS = FileSystem("nfs4", Sharing.HOSTS)
ALONE = FileSystem("fuse.sshfs", Sharing.ONE_HOST, "none are known of")


@pytest.mark.parametrize(
    ("path", "kind", "sharing"),
    [
        ("/var/data.db", "ext4", Sharing.LOCAL),
        ("/home/me/data.db", "nfs4", Sharing.HOSTS),
        ("/homes/data.db", "ext4", Sharing.LOCAL),
        ("/old/data.db", "nfs", Sharing.ONE_HOST),
        ("/lustre/a/data.db", "lustre", Sharing.HOSTS),
        ("/lustre/b/data.db", "lustre", Sharing.ONE_HOST),
        ("/mnt/my disk/data.db", "fuse.sshfs", Sharing.ONE_HOST),
        ("/home/scratch/data.db", "beegfs", Sharing.ONE_HOST),
    ],
)
def test_a_mount_tells_whether_hosts_see_each_others_locks(
    tmp_path: Path, path: str, kind: str, sharing: Sharing
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    found = file_system_of(Path(path), mounts)
    assert (found.kind, found.sharing) == (kind, sharing)


def test_where_mounts_cannot_be_listed_a_disk_is_taken_for_local(tmp_path: Path) -> None:
    assert file_system_of(tmp_path, tmp_path / "none").sharing is Sharing.LOCAL


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Open:
    """Opens `data.db` as if it lay on a file system."""

    def open_on(found: FileSystem) -> MephistoDB:
        monkeypatch.setattr(journal_mode, "file_system_of", lambda path: found)
        return MephistoDB.open(home=tmp_path)

    return open_on


def _mode(db: MephistoDB) -> str:
    return str(db._reader.fetch("PRAGMA journal_mode")[0][0])


def test_a_database_that_hosts_share_has_a_rollback_journal_and_no_shared_memory(
    on: Open, tmp_path: Path
) -> None:
    with on(HOSTS) as db:
        db.write_now(lambda tx: tx.record("run.noted", "task_run", 0))
        assert _mode(db) == "truncate"
        assert db._reader.fetch("PRAGMA synchronous") == [(2,)]
        assert not list(tmp_path.glob("data.db-shm"))
    assert journal_of(tmp_path / "data.db") is Journal.ROLLBACK


def test_a_write_ahead_log_is_given_up_where_hosts_share_the_disk(on: Open, tmp_path: Path) -> None:
    with MephistoDB.open(home=tmp_path) as db:
        db.write_now(lambda tx: tx.record("run.noted", "task_run", 0))
        assert _mode(db) == "wal"
    with on(HOSTS) as db:
        assert _mode(db) == "truncate"
        assert db._reader.fetch("SELECT count(*) FROM event") == [(1,)]


def test_a_write_ahead_log_in_use_is_left_alone_and_the_database_not_opened(
    on: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_mode, "BUSY_SECONDS", 0.1)
    MephistoDB.open(home=tmp_path).close()
    # Of another process, because SQLite knows what its own has open.
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path / "data.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(StorageError, match="write-ahead log, which works on one machine"):
            on(HOSTS)
        other.communicate()
    assert journal_of(tmp_path / "data.db") is Journal.AHEAD


def test_a_rollback_journal_is_kept_on_a_local_disk(on: Open, tmp_path: Path) -> None:
    on(HOSTS).close()
    with on(FileSystem("ext4", Sharing.LOCAL)) as db:
        assert _mode(db) == "truncate"


def test_a_database_without_locks_between_hosts_belongs_to_the_first(
    on: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "alpha")
    on(ALONE).close()
    on(ALONE).close()
    monkeypatch.setattr("socket.gethostname", lambda: "beta")
    with pytest.raises(StorageError, match="belongs to host alpha") as refused:
        on(ALONE)
    assert "ssh alpha" in refused.value.hint
    monkeypatch.setattr(
        "mephisto_engine.operations.checks.database_checks.file_system_of", lambda path: ALONE
    )
    told = {finding.name: finding for finding in check_database(tmp_path / "data.db")}
    assert told["file system"].level == "error"
    assert "integrity" not in told, "it must not be opened"
    (tmp_path / ".data.db.host").unlink()
    on(ALONE).close()


def test_the_doctor_says_where_a_database_lies(
    on: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    MephistoDB.open(home=tmp_path).close()

    def told(found: FileSystem) -> tuple[str, str]:
        where = "mephisto_engine.operations.checks.database_checks.file_system_of"
        monkeypatch.setattr(where, lambda path: found)
        findings = {item.name: item for item in check_database(tmp_path / "data.db")}
        return findings["file system"].level, findings["file system"].text

    assert told(FileSystem("ext4", Sharing.LOCAL))[0] == "ok"
    level, text = told(HOSTS)
    assert (level, "works on one machine only" in text) == ("error", True)
    on(HOSTS).close()
    assert told(HOSTS)[0] == "ok"
    assert told(ALONE)[0] == "warn"
