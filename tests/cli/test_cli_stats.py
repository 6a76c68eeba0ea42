from __future__ import annotations

import sys
from pathlib import Path

import pytest
from command_line import CommandLine

from mephisto_engine.database import MephistoDB
from mephisto_engine.testing.clock import FakeClock

sys.path.append(str(Path(__file__).parent.parent / "analysis"))

from answered_world import AnsweredRun

HOSTILE = "\x1b[2J[red]x\u202e\x00\n"


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path / "home")


def fill(line: CommandLine, **extra: object) -> int:
    clock = FakeClock()
    with MephistoDB.open(home=line.home, clock=clock) as db:
        run = AnsweredRun(db, clock, items=12)
        if extra:
            for worker in ("a\x1b[31m", "b"):
                run.answer(0, worker, extra)
        else:
            run.fill()
        return run.id


def test_a_run_and_its_task_show_the_same_figures(line: CommandLine) -> None:
    run_id = fill(line)
    by_run, by_task = line.run("stats", str(run_id)), line.run("stats", "sample-task")

    assert by_run.returncode == 0, by_run.stderr
    assert by_run.stdout.splitlines()[0] == f"run {run_id}"
    assert by_run.stdout.splitlines()[1:] == by_task.stdout.splitlines()[1:]
    for word in ("Krippendorff alpha", "LABELS", "WORKERS", "hasty", "ITEMS WITH MOST", "▲"):
        assert word in by_run.stdout


def test_json_has_the_workers_with_quality_flags_and_confusion(line: CommandLine) -> None:
    found = line.json("stats", str(fill(line)))

    assert found["field"]["name"] == "rating"
    assert found["field"]["percent"] == pytest.approx(found["field"]["percent"])
    hasty = found["workers"][0]
    assert hasty["worker_name"] == "hasty"
    assert hasty["flags"][0]["sentence"]
    assert set(hasty["confusion"]) == {"safe", "unsafe"}
    assert found["field"]["hardest"][0]["counts"].keys() == {"safe", "unsafe"}


def test_bars_can_be_left_out_and_ascii_no_other_characters(line: CommandLine) -> None:
    run_id = str(fill(line))

    assert "█" in line.run("stats", run_id).stdout
    assert "█" not in line.run("stats", run_id, "--no-bars").stdout
    assert line.run("--ascii", "stats", run_id).stdout.isascii()
    assert "##" in line.run("--ascii", "stats", run_id).stdout


def test_a_field_can_be_named_and_one_that_is_not_there_is_explained(line: CommandLine) -> None:
    run_id = str(fill(line))
    named = line.run("stats", run_id, "--field", "why")
    missing = line.run("stats", run_id, "--field", "nope")

    assert "why  (1 of 2)" in named.stdout
    assert missing.returncode != 0
    assert "Fields with labels: rating." in missing.stderr


def test_what_workers_typed_cannot_steer_the_terminal(line: CommandLine) -> None:
    run_id = str(fill(line, **{f"field{HOSTILE}": HOSTILE, "why": HOSTILE * 30}))
    shown = line.run("stats", run_id)

    assert shown.returncode == 0, shown.stderr
    assert all(text.isprintable() for text in shown.stdout.splitlines())


def test_a_run_without_answers_says_so(line: CommandLine) -> None:
    with MephistoDB.open(home=line.home, clock=FakeClock()) as db:
        run_id = AnsweredRun(db, FakeClock(), items=1).id
    shown = line.run("stats", str(run_id))

    assert shown.returncode == 0
    assert "No answers yet." in shown.stderr
    assert line.run("stats", "nobody").returncode != 0


def test_every_item_has_its_majority_and_its_likely_label(line: CommandLine) -> None:
    run_id = str(fill(line))
    found = line.json("stats", run_id, "--labels")
    shown = line.run("stats", run_id, "--labels").stdout.splitlines()

    assert [row["item"] for row in found] == [str(item) for item in range(12)]
    assert {row["majority"] for row in found} <= {"safe", "unsafe"}
    assert all(row["estimated"] and row["probability"] > 0.3 for row in found)
    assert len(shown) == 13
    assert shown[0].split() == ["ITEM", "ALIKE", "MAJORITY", "LIKELY", "LABELS"]
