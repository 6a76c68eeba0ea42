"""That what is imported late is imported late, which the static import graph cannot show."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = """
import json, runpy, sys
try:
    {statement}
except SystemExit as end:
    if end.code:
        raise
sys.stderr.write("\\n" + json.dumps(sorted(sys.modules)))
"""
MAIN = "from mephisto_tui.cli.main import main; main()"

PLUGINS = {"mephisto_architects", "mephisto_blueprints", "mephisto_providers"}
SCREEN = {"textual", "mephisto_tui.app", "mephisto_tui.screens", "mephisto_tui.widgets"}
HEAVY = {"aiohttp", "boto3", "botocore", "hydra", "omegaconf", "peewee", "uvloop", "yaml"}


def modules_after(statement: str, *arguments: str, home: Path) -> set[str]:
    """Every module that a clean interpreter holds after the statement."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(statement=statement), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": "", "MEPHISTO_HOME": str(home)},
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def loaded_of(modules: set[str], unwanted: set[str]) -> set[str]:
    return {name for name in modules if name in unwanted or name.partition(".")[0] in unwanted}


@pytest.mark.parametrize("arguments", [("--help",), ("launch", "--help"), ("--version",)], ids=str)
def test_help_loads_no_engine_no_plugin_and_no_screen(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    modules = modules_after(MAIN, *arguments, home=tmp_path)

    assert not loaded_of(modules, PLUGINS | SCREEN | HEAVY | {"rich", "pygments"})


@pytest.mark.parametrize("command", ["runs", "journal", "workers"])
def test_listings_load_no_screen_no_plugin_and_no_server(command: str, tmp_path: Path) -> None:
    modules = modules_after(MAIN, command, "--json", home=tmp_path)

    assert "peewee" in modules
    assert not loaded_of(modules, PLUGINS | SCREEN | (HEAVY - {"peewee"}))


def test_explaining_options_loads_no_database_and_no_screen(tmp_path: Path) -> None:
    modules = modules_after(MAIN, "wut", "--json", home=tmp_path)

    assert not loaded_of(modules, PLUGINS | SCREEN | {"hydra", "boto3", "aiohttp"})


def test_the_engine_imports_without_screens_and_command_line(tmp_path: Path) -> None:
    modules = modules_after("import mephisto_engine.engine", home=tmp_path)

    unwanted = {"textual", "rich", "typer", "mephisto_tui", "boto3", "hydra"} | PLUGINS
    assert not loaded_of(modules, unwanted)


def test_importing_the_package_alone_costs_nothing(tmp_path: Path) -> None:
    modules = modules_after("import mephisto_engine, mephisto_tui", home=tmp_path)

    inner = {name for name in modules if name.startswith("mephisto_engine.")}
    assert inner <= {"mephisto_engine.version"}


def test_the_commands_print_through_one_module() -> None:
    """Else a word lands in the data, or a foreign text in the terminal, sooner or later."""
    folder = Path(__file__).parents[1] / "mephisto_tui" / "cli"
    outlets = ("print(", "sys.stdout.write", "sys.stderr.write", "typer.secho", "typer.echo(")
    allowed = {"output.py": {"typer.echo("}, "main.py": {"typer.echo("}}

    for path in folder.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        found = {outlet for outlet in outlets if outlet in source}
        assert found <= allowed.get(path.name, set()), path
