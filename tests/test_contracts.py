"""Promises that the documents and the packaging make, compared with what is there."""

from __future__ import annotations

import inspect
import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import typer.main

from mephisto_engine.abstractions.architect import Architect
from mephisto_engine.abstractions.blueprint import Blueprint, TaskBuilder, TaskRunner
from mephisto_engine.abstractions.channel import Backend, Channel
from mephisto_engine.abstractions.crowd_provider import (
    CrowdProvider,
    ProviderAgent,
    ProviderRequester,
    ProviderUnit,
    ProviderWorker,
)
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_tui.cli.exit_codes import ExitCode
from mephisto_tui.cli.main import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONTRACTS = [
    Architect,
    Backend,
    Blueprint,
    Channel,
    CrowdProvider,
    ProviderAgent,
    ProviderRequester,
    ProviderUnit,
    ProviderWorker,
    TaskBuilder,
    TaskRunner,
]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
def test_everything_that_a_plugin_author_implements_is_documented(contract: Any) -> None:
    assert inspect.getdoc(contract)
    for name, member in vars(contract).items():
        function = getattr(member, "__func__", member)
        if inspect.isfunction(function) and not name.startswith("_"):
            assert function.__doc__, f"{contract.__name__}.{name}"


@pytest.mark.parametrize("kind", PluginKind)
def test_every_built_in_plugin_comes_through_its_entry_point_and_loads(kind: PluginKind) -> None:
    promised = set(PROJECT["entry-points"][f"mephisto.{kind}s"])
    registry = Registry(only="")

    assert promised <= set(registry.names(kind))
    for name in promised:
        registry.load(kind, name)


def test_the_command_is_installed() -> None:
    scripts = entry_points(group="console_scripts", name="mephisto-tui")

    assert [script.value for script in scripts] == [PROJECT["scripts"]["mephisto-tui"]]


def test_readme_names_every_command() -> None:
    group: Any = typer.main.get_command(app)

    missing = {name for name in group.commands if f"`{name}" not in README} - {"version"}
    assert not missing - set(re.findall(r"`(\w+)", README))


def test_readme_names_every_exit_code() -> None:
    table = README.partition("## Exit codes")[2]

    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.M)} == set(ExitCode)


def test_readme_names_no_file_that_is_not_there() -> None:
    for name in re.findall(r"examples/[\w/.]+", README):
        assert (ROOT / name).exists(), name
