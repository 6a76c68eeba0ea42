from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import CommandLine, wait_until

from mephisto_engine.database import MephistoDB
from mephisto_providers.mock.ledger import LEDGER, Ledger

sys.path.append(str(Path(__file__).parent.parent / "review"))

from review_world import ReviewedRun


@pytest.fixture
def submitted(cli: CommandLine) -> list[int]:
    """Three submitted units, of alice, bob and alice, in the one run of project `p`."""
    with MephistoDB.open(home=cli.home) as db:
        return ReviewedRun(db, cli.home, "alice", "bob", "alice", project_name="p").units


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def _paid(cli: CommandLine) -> int:
    return Ledger("MOCK_REQUESTER", cli.home / LEDGER).paid_cents()


def test_a_file_of_decisions_goes_from_the_queue_to_the_provider(
    cli: CommandLine, submitted: list[int], file: Callable[..., str]
) -> None:
    assert [row["unit_id"] for row in cli.json("review", "queue", "1")] == [1, 3, 2]
    csv = file(
        "d.csv",
        "unit,verdict,note,bonus\n1,accept,,0.25\n2,pass,too short,\n3,rejected,,\n4,accept,,\n",
    )
    rehearsed = cli.run("review", "apply", csv, "--dry-run")
    assert rehearsed.returncode == 1
    assert "Dry run: 2 would be staged, 2 would be left out" in rehearsed.stderr
    assert cli.json("review", "staged") == []
    applied = cli.run("review", "apply", csv, "--json")
    assert [bool(row["fault"]) for row in json.loads(applied.stdout)] == [False, False, True, True]
    sent = cli.run("review", "send", "1")
    assert sent.returncode == 0, sent.stderr
    assert "accept 1 $0.10 · pass 1 $0.10 · reject 0 · bonuses $0.25" in sent.stderr
    assert "2 sent, 0 still staged." in sent.stderr
    assert _paid(cli) == 45
    assert [row["status"] for row in cli.json("review", "history")] == ["sent", "sent"]
    money = cli.json("money", "1")
    assert (money["paid"], money["bonuses"], money["committed"]) == (45, 25, 10)
    assert cli.json("money", "--project", "p")["paid"] == 45


def test_rejections_are_sent_only_by_somebody_who_is_sure(
    cli: CommandLine, submitted: list[int], file: Callable[..., str]
) -> None:
    lines = file(
        "d.jsonl", '{"unit_id": 2, "verdict": "reject", "note": "empty", "block": "spam"}\n'
    )
    assert cli.run("review", "apply", lines).returncode == 0
    refused = cli.run("review", "send")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert cli.run("review", "send", "--yes").returncode == 0
    blocked = [row["name"] for row in cli.json("workers") if row["is_blocked"]]
    assert blocked == ["bob"]


def test_at_a_terminal_the_answer_is_typed(
    cli: CommandLine, submitted: list[int], file: Callable[..., str]
) -> None:
    cli.run("review", "apply", file("d.jsonl", '{"unit": 2, "verdict": "reject", "note": "empty"}'))
    for typed, code in (("y", 1), ("yes", 0)):
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            cli.words(("review", "send")),
            stdin=follower,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=cli._environment({}),
        )
        os.close(follower)
        os.write(leader, f"{typed}\n".encode())
        _, err = process.communicate(timeout=30)
        os.close(leader)
        assert process.returncode == code, err


def test_undo_takes_the_last_back(
    cli: CommandLine, submitted: list[int], file: Callable[..., str]
) -> None:
    cli.run("review", "apply", file("d.csv", "unit,verdict\n1,accept\n2,accept\n"))
    assert "unit 2 (accepted)" in cli.run("review", "undo").stderr
    assert [row["unit_id"] for row in cli.json("review", "staged")] == [1]


def test_a_compensation_is_paid_once(cli: CommandLine, submitted: list[int]) -> None:
    first = cli.run("compensate", "alice", "1.50", "the page broke")
    assert "was paid $1.50" in first.stderr, first.stderr
    assert "was paid that before" in cli.run("compensate", "alice", "1.50", "the page broke").stderr
    assert _paid(cli) == 150
    cli.run("compensate", "alice", "1.50", "the page broke", "--again")
    assert _paid(cli) == 300
    assert cli.run("compensate", "alice", "1.505", "odd").returncode == 2


def test_a_projects_budget_is_set_and_lifted(cli: CommandLine, submitted: list[int]) -> None:
    assert cli.run("money", "--project", "p", "--cap", "0.20").returncode == 1
    assert cli.run("money", "--project", "p", "--cap", "5").returncode == 0
    assert cli.json("money", "--project", "p")["budget"] == 500
    assert cli.run("money", "--project", "p", "--cap", "none").returncode == 0
    assert cli.json("money", "--project", "p")["budget"] is None


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("d.csv", "unit,note\n1,x\n", "columns unit and verdict"),
        ("d.csv", "unit,verdict\nx,accept\n", "not the number of a unit"),
        ("d.csv", "unit,verdict\n1,fine\n", "no verdict"),
        ("d.csv", "unit,verdict,bonus\n1,accept,lots\n", "not an amount"),
        ("d.csv", "unit,verdict,tell\n1,accept,maybe\n", "yes or no"),
        ("d.jsonl", "[" * 100_000, "not JSON"),
        ("d.jsonl", "17\n", "not an object"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(
    cli: CommandLine,
    submitted: list[int],
    file: Callable[..., str],
    name: str,
    text: str,
    said: str,
) -> None:
    done = cli.run("review", "apply", file(name, text))
    assert done.returncode in (1, 2)
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_send_that_is_killed_again_and_again_pays_everybody_once(
    cli: CommandLine, file: Callable[..., str]
) -> None:
    """The mock provider throttles, so that there is always something under way."""
    with MephistoDB.open(home=cli.home) as db:
        names = [f"worker-{number}" for number in range(40)]
        run = ReviewedRun(db, cli.home, *names, provider={"throttle": 0.3})
        units, stored = run.units, run.stored
    rows = "".join(f"{unit},accept,0.01\n" for unit in units)
    cli.run("review", "apply", file("d.csv", f"unit,verdict,bonus\n{rows}"))
    ledger = Ledger("MOCK_REQUESTER", cli.home / LEDGER)
    for number in (1, 7, 20, 45):
        process = cli.start("review", "send")
        wait_until(
            lambda: len(ledger.entries) >= number or process.poll() is not None,  # noqa: B023
            "the provider has paid somebody",
        )
        process.kill()
        process.communicate()
    with MephistoDB.open(home=cli.home) as db:
        # What the throttling provider has put off too often is left to one that does not.
        ReviewedRun.found(db, cli.home, stored, units).change_provider()
    assert cli.run("review", "send").returncode == 0
    assert ledger.paid_cents() == 40 * 11
    assert len(ledger.entries) == 80
    doctor = cli.run("doctor")
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr


def test_the_queue_has_the_data_and_checks_of_each_unit_where_they_are_asked_for(
    cli: CommandLine, submitted: list[int]
) -> None:
    (first, second) = cli.json("review", "queue", "--whole", "--limit", "2")
    assert [first["unit_id"], second["unit_id"]] == [1, 3]
    sections = {item["title"]: item for item in first["sections"]}
    assert sections["ANSWER"]["rows"] == [["answer", 0]]
    assert sections["CHECKS"]["rows"][0] == {"result": "passed", "text": "answered every field"}
    assert [moment["text"] for moment in sections["TIMELINE"]["moments"]][0] == "created"
    shown = cli.run("review", "queue", "--whole").stdout
    assert shown.count("✓ answered every field") == 3
    assert "\nANSWER\n answer  0\n" in shown
    assert cli.run("--ascii", "review", "queue", "--whole").stdout.isascii()
    assert "sections" not in cli.json("review", "queue")[0]
