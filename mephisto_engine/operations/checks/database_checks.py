"""A database file looked at from outside, on a connection of its own that cannot write.

A file that is damaged, or of another version, can be examined where `MephistoDB.open` refuses.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from peewee import PeeweeException
from playhouse.migrations import Runner

from mephisto_engine.clock import Clock, SystemClock
from mephisto_engine.data_model import Lease, TaskRun
from mephisto_engine.data_model.base import database as in_use
from mephisto_engine.data_model.status import LIVE_RUN, RunStatus
from mephisto_engine.database import schema
from mephisto_engine.database.filesystem import Sharing, file_system_of, refuse_other_hosts
from mephisto_engine.database.journal_mode import Journal, journal_of
from mephisto_engine.database.lease_watch import LeaseWatch
from mephisto_engine.database.operations.lease import sight_of
from mephisto_engine.errors import StorageError
from mephisto_engine.operations.checks.findings import Faults, Finding
from mephisto_engine.operations.checks.invariants import invariant_findings
from mephisto_engine.operations.runs.run_lease import HEARD_SECONDS
from mephisto_engine.operations.watching.engine_look import SAME_CLOCK

LEAST_SQLITE: Final = (3, 35, 0)
LOOK_SECONDS: Final = 0.1
SHARERS: Final = {
    Sharing.LOCAL: "the processes of this machine",
    Sharing.HOSTS: "hosts that see each other's locks",
    Sharing.ONE_HOST: "hosts that do not see each other's locks",
}


def check_database(path: Path, clock: Clock | None = None) -> list[Finding]:
    """Everything that can be said about a database file and what is stored in it."""
    findings = [_sqlite()]
    if not path.exists():
        return [*findings, Finding("database", "ok", f"{path} is made at the first launch")]
    findings.append(_permissions(path))
    place = _file_system(path)
    findings.append(place)
    if place.level == "error":
        return findings
    database = schema.connect(path, journal_of(path) or Journal.AHEAD, is_reader=True)
    try:
        findings.extend(_inside(database, clock or SystemClock()))
    except (PeeweeException, sqlite3.Error) as error:
        hint = "Restore a copy, or choose another file with --db."
        findings.append(Finding("database", "error", f"{path} cannot be read: {error}", hint))
    finally:
        database.close_all()
    return findings


def _inside(database: schema.TrackedSqlite, clock: Clock) -> Iterator[Finding]:
    """What is stored, as far as the file is whole and of this version."""
    integrity = _integrity(database)
    yield integrity
    version = _version(database)
    yield version
    if "error" in (integrity.level, version.level) or version.level == "warn":
        return
    yield from _leases(database, clock)
    with in_use.using(database), database.atomic():
        findings = invariant_findings(database.stream)
    yield from findings


def _sqlite() -> Finding:
    if sqlite3.sqlite_version_info < LEAST_SQLITE:
        least = ".".join(map(str, LEAST_SQLITE))
        hint = f"Use a Python that was built with SQLite {least} or newer."
        return Finding("sqlite", "error", sqlite3.sqlite_version, hint)
    return Finding("sqlite", "ok", sqlite3.sqlite_version)


def _file_system(path: Path) -> Finding:
    """What SQLite may do where the file lies; an error where it must not be opened from here."""
    found, journal = file_system_of(path), journal_of(path)
    name, text = "file system", f"{found.kind}, shared by {SHARERS[found.sharing]}"
    try:
        refuse_other_hosts(path, found)
    except StorageError as error:
        return Finding(name, "error", error.message, error.hint)
    if found.sharing is not Sharing.LOCAL and journal is Journal.AHEAD:
        text += "; the database has a write-ahead log, which works on one machine only"
        return Finding(name, "error", text, "Any command that opens it alone changes that.")
    if found.sharing is Sharing.ONE_HOST:
        hint = "On other hosts use `ssh` to this one, or move the database (--db, MEPHISTO_HOME)."
        return Finding(name, "warn", f"{text} ({found.why})", hint)
    kind = "a rollback journal" if journal is Journal.ROLLBACK else "a write-ahead log"
    return Finding(name, "ok", f"{text}; {kind}")


def _permissions(path: Path) -> Finding:
    """The file, and the two that SQLite keeps beside it, are their owner's alone."""
    for part in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        if not part.exists():
            continue
        found = part.stat()
        if found.st_uid != os.geteuid():
            text = f"{part} belongs to user {found.st_uid}, not to you"
            return Finding("database file", "error", text, "Choose another file with --db.")
        if stat.S_IMODE(found.st_mode) & 0o077:
            text = f"others can read {part} ({stat.S_IMODE(found.st_mode):04o})"
            return Finding("database file", "error", text, f"chmod 600 {part}")
    return Finding("database file", "ok", f"{path}, yours alone")


def _integrity(database: schema.TrackedSqlite) -> Finding:
    faults = Faults()
    for (text,) in database.fetch("PRAGMA integrity_check"):
        if text != "ok":
            faults.add(str(text))
    for table, row_id, parent, _ in database.fetch("PRAGMA foreign_key_check"):
        faults.add(f"row {row_id} of {table} points at nothing in {parent}")
    if faults.number:
        hint = "The file is damaged: stop the runs, keep a copy of it, and restore a sound one."
        return Finding("integrity", "error", str(faults), hint)
    return Finding("integrity", "ok", "the file is whole")


def _version(database: schema.TrackedSqlite) -> Finding:
    migrations = Runner(database, str(schema.MIGRATIONS)).status()
    newer = [item.name for item in migrations if item.path is None]
    if newer:
        text = f"written by a newer version (it has {', '.join(newer)})"
        return Finding("schema", "error", text, "Upgrade mephisto-tui, or choose another file.")
    pending = [item.name for item in migrations if item.applied is None]
    if pending:
        text = f"not up to date: {', '.join(pending)} will be applied"
        return Finding("schema", "warn", text, "Any command that opens the database does it.")
    return Finding("schema", "ok", "up to date")


def _leases(database: schema.TrackedSqlite, clock: Clock) -> Iterator[Finding]:
    """Which engine drives which run, and which runs have lost theirs."""
    leases = {item.task_run_id: item for item in Lease.select().execute(database)}
    unfinished = sorted(LIVE_RUN | {RunStatus.CREATED})
    live = TaskRun.select(TaskRun.id, TaskRun.status).where(TaskRun.status.in_(unfinished))
    runs = list(database.stream(live))
    if not runs:
        yield Finding("engines", "ok", "no run is live")
    for run, status in runs:
        yield _driver(run, status, leases.get(run), database, LeaseWatch(clock))


def _driver(
    run: int, status: str, lease: Lease | None, database: schema.TrackedSqlite, watch: LeaseWatch
) -> Finding:
    """Who drives a run. An engine of another host is listened for until it is heard of."""
    name, until = f"run {run}", time.monotonic() + HEARD_SECONDS
    while lease is not None:
        where = f"process {lease.pid} on {lease.host}"
        is_alive = watch.is_alive(sight_of(lease))
        if is_alive:
            return _clock_of(lease, watch) or Finding(name, "ok", f"driven by {where}")
        if is_alive is False:
            break
        if time.monotonic() >= until:
            text = f"{status}, but {where} was not heard of for {HEARD_SECONDS:.0f} s"
            return Finding(name, "warn", text, f"mephisto-tui resume {run} makes sure of it")
        time.sleep(LOOK_SECONDS)
        query = Lease.select().where(Lease.task_run == run)
        lease = next(iter(query.execute(database)), None)
    hint = f"mephisto-tui resume {run}, or mephisto-tui stop {run}"
    return Finding(name, "warn", f"{status}, and no engine drives it", hint)


def _clock_of(lease: Lease, watch: LeaseWatch) -> Finding | None:
    skew = watch.skew(sight_of(lease)).total_seconds()
    if abs(skew) < SAME_CLOCK.total_seconds():
        return None
    text = (
        f"driven by process {lease.pid} on {lease.host}, whose clock is {abs(skew):.0f} s "
        f"{'ahead of' if skew > 0 else 'behind'} this one"
    )
    return Finding(f"run {sight_of(lease).run_id}", "warn", text, "Have both set by NTP.")
