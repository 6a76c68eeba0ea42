from __future__ import annotations

import json

from command_line import CommandLine

STATUSES = {
    "created",
    "launched",
    "assigned",
    "completed",
    "accepted",
    "soft_rejected",
    "rejected",
    "expired",
}


def test_demo_headless_json_prints_its_run_and_nothing_else(cli: CommandLine) -> None:
    done = cli.run("demo", "--headless", "--json", "--units", "6", "--speed", "50")

    run = json.loads(done.stdout)
    assert done.returncode == 0
    assert run["task_name"] == "demo"
    assert run["status"] == "completed"
    assert run["url"].startswith("http://")
    assert set(run["units"]) == STATUSES
    assert run["units"]["completed"] == run["done"] == run["total"] == 6


def test_a_demo_is_a_run_like_any_other(cli: CommandLine) -> None:
    cli.run("demo", "--headless", "--json", "--units", "4", "--workers", "2", "--speed", "50")

    (run,) = cli.json("runs")
    status = cli.json("status", str(run["id"]))
    assert run.items() <= status.items()
    units = cli.json("units", "1")
    assert len(units) == 4
    assert {unit["status"] for unit in units} == {"completed"}
    assert {agent["status"] for agent in cli.json("agents", "1")} >= {"completed"}
    names = {worker["name"] for worker in cli.json("workers", "1")}
    assert names == {worker["name"] for worker in cli.json("workers")}
    kinds = [event["kind"] for event in cli.json("journal", "1", "--limit", "1000")]
    assert kinds[0] == "run.created"
    assert kinds[-1] == "run.completed"
    assert kinds.count("agent.completed") == 4


def test_demo_headless_prints_a_line_an_event_and_then_the_run(cli: CommandLine) -> None:
    done = cli.run("demo", "--headless", "--units", "2", "--speed", "50")

    events, _, facts = done.stdout.partition("\n\n")
    assert "run 1 has completed" in events
    assert "2 of 2 done" in facts
    assert done.returncode == 0


def test_without_a_terminal_the_console_gives_way_to_lines_and_says_so(cli: CommandLine) -> None:
    done = cli.run("demo", "--units", "2", "--speed", "50")

    assert done.returncode == 0
    assert "No console" in done.stderr
    assert "run 1 has completed" in done.stdout


def test_the_same_seed_gives_the_same_answers(cli: CommandLine) -> None:
    for _ in range(2):
        cli.run("demo", "--headless", "--workers", "1", "--units", "3", "--speed", "50")

    answers = [[unit["preview"] for unit in cli.json("units", run)] for run in ("1", "2")]
    assert answers[0] == answers[1]
