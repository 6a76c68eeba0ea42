from __future__ import annotations

import json
from pathlib import Path

from command_line import CommandLine

CONFIG = Path(__file__).parents[2] / "examples" / "static_task" / "conf.yaml"


def test_a_dry_run_prints_the_plan_and_creates_nothing(cli: CommandLine) -> None:
    done = cli.run("launch", "--dry-run", str(CONFIG), "mephisto.task.budget=5")

    assert done.returncode == 0, done.stderr
    assert "24 units of 12 items" in done.stdout
    assert "$4.80 at worst" in done.stdout
    assert "8 will not be published" in done.stdout
    assert not cli.home.exists()


def test_a_dry_run_as_json_has_the_figures(cli: CommandLine) -> None:
    found = cli.json("launch", "--dry-run", str(CONFIG))

    assert found["problems"] == []
    assert found["plan"]["data"] == {
        "items": 12,
        "units": 24,
        "units_at_most": 24,
        "is_final": True,
    }
    assert found["plan"]["worst_cents"] == 720


def test_a_dry_run_of_a_wrong_config_says_so_in_both_ways(cli: CommandLine) -> None:
    wrong = ("launch", "--dry-run", str(CONFIG), "mephisto.task.task_reward=much", "--json")
    done = cli.run(*wrong)

    assert done.returncode == 2
    found = json.loads(done.stdout)
    assert found["plan"] is None
    assert found["problems"][0]["where"] == "mephisto.task.task_reward"
    assert "'much' is not a number" in done.stderr
    assert not cli.home.exists()


def test_a_dry_run_asks_the_database_that_is_there(cli: CommandLine, tmp_path: Path) -> None:
    code = tmp_path / "task.py"
    code.write_text("qualifications = [{'qualification_name': 'es', 'comparator': 'Exists'}]")
    line = ("launch", "--dry-run", str(CONFIG), f"mephisto.task.code={code}")

    assert "there is no qualification 'es'" in cli.run(*line).stderr
    assert cli.run("qualifications", "create", "es").returncode == 0
    done = cli.run(*line)
    assert done.returncode == 0, done.stderr


def test_without_a_terminal_the_bare_command_prints_help_and_the_console_refuses(
    cli: CommandLine,
) -> None:
    bare, console = cli.run(), cli.run("console")

    assert bare.returncode == 2
    assert bare.stdout == ""
    assert "Usage:" in bare.stderr
    assert console.returncode == 1
    assert "No console" in console.stderr
    assert not cli.home.exists()
