from __future__ import annotations

import shutil
import socket
import sqlite3
import time
from pathlib import Path

import pytest

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.database import MephistoDB, schema
from mephisto_engine.operations.checks import doctor, invariants
from mephisto_engine.operations.checks.doctor import Finding, check_health
from mephisto_engine.testing.conformance.database import StoredRun


def levels(findings: list[Finding]) -> dict[str, str]:
    return {item.name: item.level for item in findings}


def faults(findings: list[Finding]) -> dict[str, str]:
    return {item.name: item.text for item in findings if item.level != "ok"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder with a run in which everything has happened."""
    home = tmp_path / "home"
    with MephistoDB.open(str(home / "data.db"), home=home) as db:
        run = StoredRun.create(db, assignments=4, units_each=2, budget_cents=1000)
        run.submit(run.arrive("alice", 0), '{"answer": "yes"}')
        bob = run.arrive("bob", 1)
        run.end(bob)
        run.submit(bob, '{"answer": "late"}')
        run.arrive("carol", 2)
    return home


def spoil(home: Path, *statements: str) -> list[Finding]:
    """What the doctor finds after somebody has changed the data behind the engine's back."""
    connection = sqlite3.connect(home / "data.db")
    connection.execute("DROP INDEX agent_holds_unit")
    connection.execute("DROP INDEX agent_once_an_assignment")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return check_health(home, str(home / "data.db"))


def test_all_is_well_in_an_empty_home(tmp_path: Path) -> None:
    found = check_health(tmp_path / "new", str(tmp_path / "new" / "data.db"))
    assert {"python", "packages", "plugins", "data folder", "disk", "sqlite"} <= set(levels(found))
    assert "error" not in levels(found).values()
    assert not (tmp_path / "new").exists()


def test_all_is_well_with_sound_data(home: Path) -> None:
    found = check_health(home, str(home / "data.db"))
    assert {name for name in faults(found) if name != "port"} == {"run 1"}
    assert {"I1", "I2", "I3", "I4", "I5", "I6", "I9", "I10"} <= {
        item.name.partition(" ")[0] for item in found
    }


def test_it_changes_nothing(home: Path) -> None:
    path = home / "data.db"
    before = path.read_bytes()
    check_health(home, str(path))
    assert path.read_bytes() == before


def test_every_fault_comes_with_a_hint(home: Path) -> None:
    home.chmod(0o755)
    found = spoil(home, "UPDATE unit SET status = 'accepted'", "DELETE FROM event WHERE id = 3")
    wrong = [item for item in found if item.level != "ok"]
    assert len(wrong) >= 3
    assert all(item.hint for item in wrong)


@pytest.mark.parametrize(
    ("name", "statement", "words"),
    [
        ("I1 answers", "UPDATE submission SET body = '{}' WHERE id = 1", "not the one"),
        ("I1 answers", "DELETE FROM submission WHERE id = 1", "has no answer"),
        ("I1 answers", "UPDATE submission SET is_late = 0", "in time"),
        ("I1 answers", "UPDATE submission SET is_late = 1", "came late"),
        ("I2 never twice", "UPDATE agent SET worker_id = 1, assignment_id = 1", "worker 1 has 2"),
        ("I2 never twice", "UPDATE agent SET assignment_id = 3", "another assignment"),
        ("I3 one worker a unit", "UPDATE agent SET unit_id = 1", "held by 2 agents"),
        ("I3 one worker a unit", "UPDATE unit SET status = 'assigned'", "no agent holds it"),
        ("I3 one worker a unit", "UPDATE unit SET status = 'launched'", "an agent holds it"),
        (
            "I3 one worker a unit",
            "UPDATE agent SET status = 'completed' WHERE id = 3",
            "is completed",
        ),
        ("I3 one worker a unit", "UPDATE unit SET worker_id = 2", "names worker 2"),
        ("I5 budget", "UPDATE task_run SET budget_cents = 79", "costs 80 cents"),
        (
            "I6 status moves",
            "UPDATE unit SET status = 'expired' WHERE id = 8",
            "unit 8 is 'expired'",
        ),
        (
            "I6 status moves",
            "UPDATE event SET after = 'accepted' WHERE after = 'completed'",
            "cannot go",
        ),
        ("I10 journal", "UPDATE event SET actor = 'nobody' WHERE id = 2", "event 2"),
        ("I10 journal", "DELETE FROM event WHERE id = 4", "event 5"),
        (
            "I10 journal",
            "UPDATE event SET at = at + 1 WHERE id = (SELECT max(id) FROM event)",
            "event",
        ),
        ("I10 journal", "DELETE FROM event WHERE subject = 'agent'", "is not in the journal"),
    ],
)
def test_what_was_changed_behind_its_back_is_found(
    home: Path, name: str, statement: str, words: str
) -> None:
    assert words in faults(spoil(home, statement))[name]


def test_too_many_units_of_one_worker_are_found(home: Path) -> None:
    limits = '{"mephisto": {"task": {"allowed_concurrent": 1, "maximum_units_per_worker": 1}}}'
    change = "UPDATE agent SET worker_id = 1, status = 'in task', assignment_id = id"
    assert (
        "is on 3 units"
        in faults(spoil(home, f"UPDATE task_run SET config = '{limits}'", change))["I9 limits"]
    )


def test_a_limit_counts_up_to_the_last_unit_in_its_run(tmp_path: Path) -> None:
    limited = {"mephisto": {"task": {"maximum_units_per_worker": 2}}}
    with MephistoDB.open(str(tmp_path / "data.db"), home=tmp_path) as db:
        first = StoredRun.create(db, assignments=3, config=limited)
        second = StoredRun.create(db, assignments=3)
        for run, place in ((first, 0), (second, 0), (second, 1)):
            run.submit(run.arrive("alice", place))
        assert levels(doctor.check_invariants(db))["I9 limits"] == "ok"
        first.submit(first.arrive("alice", 1))
        broken = faults(doctor.check_invariants(db))
        assert "worker 1 had 4 units by their last one in run 1" in broken["I9 limits"]


def test_a_unit_that_was_paid_twice_is_found(home: Path) -> None:
    insert = (
        "INSERT INTO intent (key, kind, unit_id, amount_cents, fee_cents, reason, status,"
        " status_at, attempts, created_at)"
        " VALUES ('{}', 'accept', 1, 10, 0, '', 'confirmed', 0, 1, 0)"
    )
    found = faults(spoil(home, insert.format("a"), insert.format("b")))
    assert found["I4 paid once"].startswith("unit 1 was paid 2 times")
    assert "not in the journal" in found["I10 journal"]


def test_many_faults_are_counted_and_some_are_named(home: Path) -> None:
    found = faults(
        spoil(home, "UPDATE submission SET sha256 = 'x'", "UPDATE unit SET status = 'rejected'")
    )
    assert "and 4 more" in found["I3 one worker a unit"]


def test_a_folder_and_a_file_that_others_can_read_are_errors(home: Path) -> None:
    home.chmod(0o750)
    (home / "data.db").chmod(0o640)
    found = {item.name: item for item in check_health(home, str(home / "data.db"))}
    assert found["data folder"].level == "error"
    assert found["data folder"].hint == f"chmod 700 {home}"
    assert found["database file"].hint == f"chmod 600 {home / 'data.db'}"


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    assert levels(check_health(tmp_path / "home", str(tmp_path / "x.db")))["data folder"] == "error"


def test_a_damaged_file_is_an_error_and_no_crash(home: Path) -> None:
    path = home / "data.db"
    content = bytearray(path.read_bytes())
    content[8192:40960] = b"\xff" * (40960 - 8192)
    path.write_bytes(content)
    found = levels(check_health(home, str(path)))
    assert "error" in (found.get("integrity"), found.get("database"))


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary, " * 1000)
    assert levels(check_health(tmp_path, str(path)))["database"] == "error"
    assert path.read_text() == "Dear diary, " * 1000


def test_rows_that_point_at_nothing_are_an_error(home: Path) -> None:
    found = faults(spoil(home, "DELETE FROM worker WHERE id = 3"))
    assert "points at nothing in worker" in found["integrity"]


def test_a_database_of_another_version_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more, fewer = home.parent / "more", home.parent / "fewer"
    shutil.copytree(schema.MIGRATIONS, more)
    (more / "0099_more.py").write_text("def up(migrator, db): pass")
    fewer.mkdir()
    monkeypatch.setattr(schema, "MIGRATIONS", more)
    assert levels(check_health(home, str(home / "data.db")))["schema"] == "warn"
    monkeypatch.setattr(schema, "MIGRATIONS", fewer)
    assert levels(check_health(home, str(home / "data.db")))["schema"] == "error"


def test_a_database_of_another_kind_is_an_error(tmp_path: Path) -> None:
    assert levels(check_health(tmp_path, "postgresql://localhost/x"))["database"] == "error"


def test_a_broken_plugin_is_named_and_the_others_are_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        pass

    monkeypatch.setattr(doctor, "Registry", lambda: Registry({"blueprint": {"broken": Broken}}))
    found = {item.name: item for item in check_health(tmp_path, str(tmp_path / "x.db"))}
    assert found["plugin broken"].level == "warn"
    assert "blueprint static_task" in found["plugins"].text


def test_a_switch_that_cannot_be_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEPHISTO_PLUGINS", "nonsense")
    assert levels(check_health(tmp_path, str(tmp_path / "x.db")))["plugins"] == "error"


def test_a_taken_port_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        monkeypatch.setattr(doctor, "DEFAULT_PORT", holder.getsockname()[1])
        assert levels(check_health(tmp_path, str(tmp_path / "x.db")))["port"] == "warn"


@pytest.mark.parametrize(("free", "level"), [(2**20, "error"), (2**29, "warn"), (2**40, "ok")])
def test_little_space_is_a_warning_and_none_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage)
    assert levels(check_health(tmp_path, str(tmp_path / "x.db")))["disk"] == level


def test_the_invariants_of_many_units_are_checked_quickly(db: MephistoDB) -> None:
    run = StoredRun.create(db, assignments=5000)
    for place in range(500):
        run.submit(run.arrive(f"worker-{place}", place))
    started = time.perf_counter()
    assert faults(invariants.check_invariants(db)) == {}
    # A hundred thousand units may take five seconds; these are a twentieth of them.
    assert time.perf_counter() - started < 1.0
