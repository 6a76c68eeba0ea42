from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from getpass import getuser
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.cells import plain_cell, safe_cell
from mephisto_engine.config import launch_config_from_dict
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import agents, lease, runs
from mephisto_engine.database.queries import workers as queries
from mephisto_engine.operations.operator import this_holder
from mephisto_tui.cli.main import app
from mephisto_tui.cli.qualifications import COLUMNS

HEADER = ",".join(COLUMNS)
HOSTILE = '=HYPERLINK("http://evil/")'


class Shell:
    """The command with one home folder."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["--home", str(self.home), *arguments])

    def ok(self, *arguments: str) -> str:
        result = self(*arguments)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    def refused(self, *arguments: str, code: int = 1) -> str:
        result = self(*arguments)
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        return result.stderr

    def json(self, *arguments: str) -> Any:
        return json.loads(self.ok(*arguments, "--json"))

    @contextmanager
    def database(self) -> Iterator[MephistoDB]:
        with MephistoDB.open(home=self.home) as db:
            yield db

    def grants(self) -> list[tuple[str, str, str, int]]:
        with self.database() as db:
            rows = db.read(queries.grants)
        return [tuple(getattr(row, name) for name in COLUMNS) for row in rows]  # type: ignore[misc]

    def add_run(self, units: int = 2, **task: Any) -> int:
        """A live run that this process drives, with its units on offer."""
        with self.database() as db:
            return _add_run(db, self.home, units, task)

    def add_workers(self, run_id: int, *names: str, provider_type: str = "mock") -> list[int]:
        with self.database() as db:
            return [db.write_now(agents.meet, run_id, provider_type, name).id for name in names]


def _add_run(db: MephistoDB, home: Path, units: int, task: dict[str, Any]) -> int:
    node = {
        "blueprint": {
            "_blueprint_type": "mock",
            "num_assignments": units,
            "block_qualification": "banned",
        },
        "architect": {"_architect_type": "mock"},
        "provider": {"_provider_type": "mock"},
        "task": {
            "task_name": "sample",
            "task_title": "Sample",
            "task_description": "A sample",
            "task_reward": 0.1,
            "task_tags": "sample",
            **task,
        },
    }
    config = launch_config_from_dict(node, Registry(), None, home)
    new = runs.NewRun(
        task_name="sample",
        task_type="mock",
        project_name=None,
        requester_name="me",
        blueprint_type="mock",
        architect_type="mock",
        provider_type="mock",
        is_sandbox=True,
        config=config.resolved,
        config_path=None,
        pay_cents=10,
        unit_cost_cents=10,
        budget_cents=None,
        engine_version="test",
        actor="operator:test",
    )
    run_id = db.write_now(runs.create_run, new)
    for status in ("launching", "live"):
        db.write_now(runs.move_run, run_id, status, "operator:test")
    items = [runs.NewAssignment(index, "{}", ("{}",)) for index in range(units)]
    pairs = db.write_now(runs.add_assignments, run_id, items, 10, True)
    db.write_now(runs.launch_units, run_id, [unit for unit, _ in pairs])
    db.write_now(lease.acquire, run_id, this_holder(), db.leases)
    return run_id


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "home")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    def write_file(text: str | bytes, name: str = "grants.csv") -> str:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    return write_file


def test_a_label_lives_from_create_to_delete(shell: Shell) -> None:
    run_id = shell.add_run()
    (alice,) = shell.add_workers(run_id, "alice")
    shell.ok("qualifications", "create", "good", "--description", "knows cats")
    shell.ok("qualifications", "grant", "alice", "good")
    shell.ok("qualifications", "grant", "mock/alice", "good", "-5")

    (row,) = shell.json("qualifications", "list")
    assert (row["name"], row["holders"], row["description"]) == ("good", 1, "knows cats")
    shown = shell.json("qualifications", "show", "good")
    assert [(item["worker_id"], item["value"]) for item in shown["holders"]] == [(alice, -5)]
    assert "mock      alice     -5" in shell.ok("qualifications", "show", "good")

    assert "--force" in shell.refused("qualifications", "delete", "good")
    shell.ok("qualifications", "revoke", str(alice), "good")
    assert "does not hold 'good'" in shell.refused("qualifications", "revoke", "alice", "good")
    shell.ok("qualifications", "describe", "good", "knows dogs")
    shell.ok("qualifications", "rename", "good", "better")
    shell.ok("qualifications", "delete", "better")
    assert shell.json("qualifications", "list") == []


def test_every_change_is_in_the_journal_with_the_login(shell: Shell) -> None:
    shell.add_workers(shell.add_run(), "alice")
    shell.ok("qualifications", "create", "good")
    shell.ok("qualifications", "grant", "alice", "good", "3")
    shell.ok("qualifications", "revoke", "alice", "good")
    shell.ok("qualifications", "delete", "good")
    shell.ok("workers", "block", "alice", "--reason", "spam")
    shell.ok("workers", "unblock", "alice")

    events = shell.json("journal")[-6:]
    assert [event["kind"] for event in events] == [
        "qualification.created",
        "worker.granted",
        "worker.revoked",
        "qualification.deleted",
        "worker.blocked",
        "worker.unblocked",
    ]
    assert {event["actor"] for event in events} == {f"operator:{getuser()}"}


def test_a_name_of_two_workers_is_refused_with_both(shell: Shell) -> None:
    run_id = shell.add_run()
    shell.add_workers(run_id, "bob")
    shell.add_workers(run_id, "bob", provider_type="mturk")
    shell.ok("qualifications", "create", "good")
    for line in (("qualifications", "grant", "bob", "good"), ("why", "bob", str(run_id))):
        words = shell.refused(*line)
        assert "mock/bob" in words
        assert "mturk/bob" in words
    shell.ok("qualifications", "grant", "mturk/bob", "good")
    assert shell.grants() == [("mturk", "bob", "good", 1)]


def test_workers_still_lists_and_takes_its_options_as_before(shell: Shell) -> None:
    run_id = str(shell.add_run())
    for line in (("workers",), ("workers", run_id), ("workers", "list", run_id)):
        assert shell.json(*line) == []
    for line in (("--match", "x", run_id), ("--limit", "1"), (run_id, "--match", "x")):
        assert shell.ok("workers", *line) == ""
    assert "no run 99" in shell.refused("workers", "99")
    assert "--json" in shell.ok("workers", "--help")
    assert "--match" in shell.ok("workers", run_id, "--help")
    assert "'block'" in shell.refused("workers", "blok", code=2)


def test_a_block_needs_a_reason(shell: Shell) -> None:
    shell.add_workers(shell.add_run(), "alice")
    assert "--reason" in shell.refused("workers", "block", "alice", code=2)
    assert "not blocked" in shell.refused("workers", "unblock", "alice")


def test_an_export_imported_elsewhere_is_the_same(shell: Shell, tmp_path: Path) -> None:
    run_id = shell.add_run()
    names = ("alice", HOSTILE, "+1", "'quoted", "''=x", "a,b", 'a"b', "Zoë 😀", "-", " blank ")
    shell.add_workers(run_id, *names)
    shell.ok("qualifications", "create", "@good")
    for number, name in enumerate(names):
        shell.ok("qualifications", "grant", f"mock/{name}", "@good", str(number - 3))

    other = Shell(tmp_path / "other")
    other.ok("qualifications", "create", "@good")
    for suffix in ("csv", "json"):
        file = str(tmp_path / f"grants.{suffix}")
        shell.ok("qualifications", "export", "-o", file)
        result = other("qualifications", "import", file)
        assert result.exit_code == 0, result.stderr
        assert other.grants() == shell.grants()
    assert "0 granted, 0 changed, 10 as before; 0 workers added" in result.stderr


def test_no_cell_of_an_exported_csv_is_a_formula(shell: Shell) -> None:
    run_id = shell.add_run()
    shell.add_workers(run_id, HOSTILE, "@x", "-1+1", "＝1", "bob\x1b[2J")
    shell.ok("qualifications", "create", "=good")
    for name in (HOSTILE, "@x", "-1+1", "＝1", "bob\x1b[2J"):
        shell.ok("qualifications", "grant", f"mock/{name}", "=good")

    result = shell("qualifications", "export")
    rows = list(csv.reader(StringIO(result.stdout)))
    assert rows[0] == list(COLUMNS)
    assert len(rows) == 5
    assert not [cell for row in rows for cell in row if cell[0] in "=+-@＝"]
    assert "Left out because of control characters: 1;" in result.stderr
    text = shell.ok("qualifications", "export", "--format", "json")
    assert "\x1b" not in text
    assert len(json.loads(text)) == 5


@given(st.text(alphabet="=+-@'\t\rab＝", max_size=6))
def test_a_safe_cell_is_no_formula_and_can_be_undone(text: str) -> None:
    cell = safe_cell(text)
    assert not cell or cell[0] not in "=+-@\t\r＝"
    assert plain_cell(cell) == text


def test_an_export_of_nothing_is_a_header_or_an_empty_list(shell: Shell) -> None:
    assert shell.ok("qualifications", "export") == HEADER + "\n"
    assert json.loads(shell.ok("qualifications", "export", "--format", "json")) == []


def test_an_export_that_cannot_be_written_is_refused(shell: Shell, tmp_path: Path) -> None:
    words = shell.refused("qualifications", "export", "-o", str(tmp_path / "no" / "x.csv"))
    assert "could not be written" in words


def test_an_import_names_every_problem_with_its_line_and_changes_nothing(
    shell: Shell, write: Callable[..., str]
) -> None:
    shell.ok("qualifications", "create", "good")
    rows = [
        "mock,alice,good,1",
        "mok,alice,good,1",
        "mock,,good,1",
        "",
        '"mock","two\nlines",bad,1.5',
        "mock,bob,good",
        "mock,alice,good,2",
        f"mock,carol,good,{2**63}",
        "mock,dave,good,٣",
    ]
    before = shell.json("journal")
    words = shell.refused("qualifications", "import", write("\n".join([HEADER, *rows])), code=2)
    assert [line.strip().partition(" ")[0] for line in words.splitlines()[1:-1]] == [
        "grants.csv:3:",
        "grants.csv:4:",
        "grants.csv:6:",
        "grants.csv:6:",
        "grants.csv:8:",
        "grants.csv:9:",
        "grants.csv:10:",
        "grants.csv:11:",
    ]
    assert "Config: 8 problems" in words
    assert "Nothing was changed." in words
    assert "line 2 grants 1" in words
    assert shell.grants() == []
    assert shell.json("journal") == before


def test_an_import_of_json_names_lines_too(shell: Shell, write: Callable[..., str]) -> None:
    shell.ok("qualifications", "create", "good")
    good = dict(zip(COLUMNS, ("mock", "alice", "good", 1), strict=True))
    bad = [{**good, "value": True}, 7, {**good, "worker_name": "\ud800"}, {"value": 1}, []]
    text = ",\n".join(map(json.dumps, [good, *bad]))
    file = write(f"[\n{text}\n]", "grants.json")
    words = shell.refused("qualifications", "import", file, code=2)
    assert [line.split(":")[1] for line in words.splitlines()[1:-1]] == list("34567")
    assert shell.grants() == []


@pytest.mark.parametrize(
    ("text", "name", "what"),
    [
        ("", "x.csv", "is empty"),
        ("provider_type,value\n", "x.csv", "no column worker_name, qualification_name"),
        (f'{HEADER}\nmock,"alice,good,1\n', "x.csv", "is not CSV"),
        (b"\xff\xfe\x00", "x.csv", "is not UTF-8"),
        ("", "x.json", "is not a list"),
        ("{}", "x.json", "is not a list"),
        ("[", "x.json", "is not JSON"),
        ("[{}", "x.json", "does not go on"),
        ("[\n{},\n nope]", "x.json", "x.json:3: is not JSON"),
        ("[" * 100_000, "x.json", "too deep"),
        (f"[{'9' * 5000}]", "x.json", "too long"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_file_that_cannot_be_read_is_a_problem_and_no_crash(
    shell: Shell, write: Callable[..., str], text: str | bytes, name: str, what: str
) -> None:
    assert what in shell.refused("qualifications", "import", write(text, name), code=2)


def test_a_file_that_is_not_there_is_a_problem(shell: Shell, tmp_path: Path) -> None:
    words = shell.refused("qualifications", "import", str(tmp_path / "no.csv"), code=2)
    assert "cannot be read" in words


def test_a_dry_run_says_what_an_import_then_does(shell: Shell, write: Callable[..., str]) -> None:
    shell.ok("qualifications", "create", "good")
    rows = [
        "\ufeff" + HEADER + ",note",
        "mock,alice,good,1,x",
        "mock,alice,good,1,again",
        "mock,bob,good,2,",
    ]
    file = write("\r\n".join(rows))
    rehearsed = shell("qualifications", "import", file, "--dry-run")
    assert shell.grants() == []
    done = shell("qualifications", "import", file)
    assert rehearsed.stderr == f"Dry run: {done.stderr}"
    assert done.stderr == "2 granted, 0 changed, 0 as before; 2 workers added.\n"
    assert shell.grants() == [("mock", "alice", "good", 1), ("mock", "bob", "good", 2)]


def test_why_explains_and_its_exit_code_is_the_answer(shell: Shell) -> None:
    run_id = str(shell.add_run(units=2, maximum_units_per_worker=2))
    shell.add_workers(int(run_id), "alice")
    shell.ok("qualifications", "create", "banned")
    text = shell.ok("why", "alice", run_id)
    assert "✗" not in text
    assert "✓ requirement" in text
    assert text.splitlines()[-1] == "=  mock/alice: could get a unit now"

    shell.ok("qualifications", "grant", "alice", "banned")
    result = shell("why", "alice", run_id)
    assert result.exit_code == 1
    assert "banned DoesNotExist: holds 1" in result.stdout
    assert result.stdout.splitlines()[-1] == "=  mock/alice: no unit now: not_qualified"
    shell.ok("qualifications", "revoke", "alice", "banned")

    shell.ok("workers", "block", "alice", "--reason", "spam\x1b[2J")
    result = shell("why", "alice", run_id, "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert (found["could_get_a_unit"], found["reason"]) == (False, "blocked")
    assert [item["name"] for item in found["lines"] if item["is_met"] is False] == ["worker"]
    assert "\x1b" not in shell("why", "alice", run_id).stdout


def test_why_can_be_drawn_in_ascii(shell: Shell) -> None:
    run_id = str(shell.add_run())
    shell.add_workers(int(run_id), "alice")
    text = shell.ok("--ascii", "why", "alice", run_id)
    assert text.isascii()
    assert text.startswith("Y run")


def test_what_task_code_prints_is_no_part_of_the_answer(shell: Shell) -> None:
    shell.ok("runs")
    (shell.home / "rules.py").write_text("print('hello')\nqualifications = []\n")
    run_id = str(shell.add_run(code="rules.py"))
    shell.add_workers(int(run_id), "alice")
    result = shell("why", "alice", run_id, "--json")
    assert json.loads(result.stdout)["could_get_a_unit"] is True
    assert "hello" in result.stderr


def test_why_of_what_is_not_there_is_refused(shell: Shell) -> None:
    run_id = str(shell.add_run())
    assert "no worker 'zoe'" in shell.refused("why", "zoe", run_id)
    assert "no run 99" in shell.refused("why", "zoe", "99")
