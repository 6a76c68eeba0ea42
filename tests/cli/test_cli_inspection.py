from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import CONFIG
from typer.testing import CliRunner, Result

from mephisto_engine.abstractions.registry import PluginInfo, PluginKind, Registry
from mephisto_engine.operations.checks import doctor
from mephisto_engine.operations.checks.findings import Finding
from mephisto_tui.cli.main import app


def invoke(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--home", str(home), *arguments])


def test_plugins_are_listed_with_their_package(tmp_path: Path) -> None:
    result = invoke(tmp_path / "home", "plugins", "--json")

    found = {(plugin["kind"], plugin["name"]): plugin for plugin in json.loads(result.stdout)}
    assert found["blueprint", "static_task"]["distribution"] == "mephisto-tui"
    assert found["provider", "mock"]["error"] is None
    assert not (tmp_path / "home").exists()


def test_a_broken_plugin_is_one_safe_line_and_its_traceback_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = PluginInfo(
        PluginKind.PROVIDER, "odd", "odd", "odd-pkg", "1", "No module\x1b[2J\nnamed 'x'", "Trace…"
    )
    monkeypatch.setattr(Registry, "survey", lambda _self: [broken])

    result = invoke(tmp_path, "plugins")

    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 2
    assert "\x1b" not in result.stdout
    path = tmp_path / "logs" / "plugins.txt"
    assert str(path) in result.stderr
    assert path.read_text() == "Trace…"
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("blueprint", "static_task"), {"task_source": True, "data_csv": False}),
        (("architect", "local"), {"port": False}),
        (("provider", "mock"), {"simulated_workers": False}),
        (("task",), {"task_reward": True, "task_name": False}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wut_explains_every_option(
    tmp_path: Path, arguments: tuple[str, ...], expected: dict[str, bool]
) -> None:
    sections = json.loads(invoke(tmp_path, "wut", *arguments, "--json").stdout)
    options = {option["name"]: option for option in sections[f"mephisto.{arguments[0]}"]}
    text = invoke(tmp_path, "wut", *arguments).stdout

    for name, is_required in expected.items():
        assert options[name]["is_required"] is is_required
        assert options[name]["help"]
        assert name in text
        assert options[name]["help"] in text


def test_wut_of_a_blueprint_names_what_the_task_code_may_define(tmp_path: Path) -> None:
    assert "static_task_data" in invoke(tmp_path, "wut", "blueprint", "static_task").stdout


def test_wut_without_a_name_lists_the_names(tmp_path: Path) -> None:
    assert json.loads(invoke(tmp_path, "wut", "provider", "--json").stdout) == {
        "provider": Registry().names("provider")
    }


def test_wut_of_an_unknown_plugin_names_the_near_one(tmp_path: Path) -> None:
    result = invoke(tmp_path, "wut", "blueprint", "statik_task")

    assert result.exit_code == 2
    assert "'static_task'" in result.stderr


def test_a_config_is_shown_resolved_without_secrets_and_nothing_is_made(tmp_path: Path) -> None:
    home = tmp_path / "home"
    override = "+my_project.api_key=hunter2"
    result = invoke(home, "config", "show", str(CONFIG), override, "demo.units=7", "--json")

    shown = json.loads(result.stdout)
    assert shown["demo"]["units"] == 7
    assert shown["mephisto"]["blueprint"]["task_source"] == str(CONFIG.parent / "task.html")
    assert "hunter2" not in result.stdout
    assert "hunter2" not in invoke(home, "config", "show", str(CONFIG), override).stdout
    assert not home.exists()


def test_the_doctor_looks_at_an_empty_place_without_making_anything(tmp_path: Path) -> None:
    result = invoke(tmp_path / "home", "doctor", "--json")

    findings = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {"python", "data folder", "port"} <= {finding["name"] for finding in findings}
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(("level", "code"), [("ok", 0), ("warn", 0), ("error", 1)])
def test_the_doctor_says_what_to_do_and_fails_on_errors_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: Any, code: int
) -> None:
    finding = Finding("disk", level, "is full", "Free some space.")
    monkeypatch.setattr(doctor, "check_health", lambda *_: [finding])

    result = invoke(tmp_path, "doctor")

    assert result.exit_code == code
    assert result.stdout.splitlines()[0].split(maxsplit=2) == [level, "disk", "is full"]
    assert "Free some space." in result.stdout.splitlines()[1]


def test_a_folder_that_others_can_enter_is_an_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    result = invoke(tmp_path, "doctor")

    assert result.exit_code == 1
    assert f"chmod 700 {tmp_path}" in result.stdout


@pytest.mark.parametrize("command", ["runs", "workers", "journal"])
def test_listings_of_an_empty_database_are_empty_lists(tmp_path: Path, command: str) -> None:
    result = invoke(tmp_path / "home", command, "--json")

    assert result.exit_code == 0
    assert json.loads(result.stdout) == []


@pytest.mark.parametrize("command", ["status", "units", "agents", "workers", "journal", "stop"])
def test_a_run_that_is_not_there_is_refused_by_every_command(tmp_path: Path, command: str) -> None:
    result = invoke(tmp_path / "home", command, "7")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "no run 7" in result.stderr


def test_options_come_from_the_environment_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEPHISTO_DB", str(tmp_path / "elsewhere.db"))
    monkeypatch.setenv("MEPHISTO_HOME", str(tmp_path / "home"))

    result = CliRunner().invoke(app, ["runs", "--json"])

    assert result.exit_code == 0
    assert (tmp_path / "elsewhere.db").exists()
    assert not (tmp_path / "home" / "data.db").exists()
