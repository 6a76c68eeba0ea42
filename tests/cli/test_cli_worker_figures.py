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
    found = CommandLine(tmp_path / "home")
    clock = FakeClock()
    with MephistoDB.open(home=found.home, clock=clock) as db:
        for project in (None, "chat"):
            minimum = {"mephisto": {"task": {"minimum_hourly_wage": 7.25 if project else None}}}
            changes = {"task_name": f"task-{project}", "project_name": project, "config": minimum}
            run = AnsweredRun(db, clock, items=2, changes=changes)
            run.answer(0, "ada", {"rating": "x"}, 60)
            run.answer(1, "ada", {"rating": "x"}, 120)
            run.answer(0, f"bea{HOSTILE}", {"rating": "x"}, 30)
    return found


def test_a_worker_is_shown_with_notes_blocks_and_work(line: CommandLine) -> None:
    assert line.run("workers", "note", "ada", "very careful").returncode == 0
    assert line.run("workers", "block", "ada", "--reason", "asked for it").returncode == 0
    found = line.json("workers", "show", "ada")

    assert found["overall"]["done"] == 4
    assert found["overall"]["median_seconds"] == 90
    assert set(found["by_project"]) == {"", "chat"}
    assert set(found["by_task"]) == {"task-None", "task-chat"}
    assert [note["text"] for note in found["notes"]] == ["very careful"]
    assert [block["reason"] for block in found["blocks"]] == ["asked for it"]
    shown = line.run("workers", "show", "mock/ada").stdout
    assert found["by_task"]["task-chat"]["minimum_hourly_cents"] == 725
    assert "task-chat: $3.00 an hour is below the minimum of $7.25" in shown
    for word in ("very careful", "blocked: asked for it", "1m30s", "task-chat", "AN HOUR"):
        assert word in shown


def test_figures_are_compared_by_worker_provider_and_project(line: CommandLine) -> None:
    workers = line.json("workers", "figures")
    projects = line.json("workers", "figures", "--by", "project")
    (provider,) = line.json("workers", "figures", "--by", "provider", "--project", "chat")

    assert [row["done"] for row in workers] == [4, 2]
    assert {row["project"]: row["done"] for row in projects} == {"": 3, "chat": 3}
    assert (provider["provider"], provider["done"]) == ("mock", 3)
    assert line.json("workers", "figures", "--task", "nope") == []


def test_hostile_names_stay_in_their_line(line: CommandLine) -> None:
    shown = line.run("workers", "figures")

    assert len(shown.stdout.splitlines()) == 3
    assert all(text.isprintable() for text in shown.stdout.splitlines())


def test_nobody_is_not_shown(line: CommandLine) -> None:
    assert line.run("workers", "show", "nobody").returncode != 0
