from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from mephisto_tui.cli.main import app


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        yield (*path, name), command


ALL = list(commands(typer.main.get_command(app)))
IDS = [" ".join(path) for path, _ in ALL]


@pytest.mark.parametrize(("path", "command"), ALL, ids=IDS)
def test_every_command_has_help_that_fits_a_line_of_the_list(
    path: tuple[str, ...], command: Any
) -> None:
    first = (command.help or "").partition("\n")[0]

    assert first.endswith(".")
    assert len(path[-1]) + len(first) <= 70


@pytest.mark.parametrize(("path", "command"), ALL, ids=IDS)
def test_every_option_has_help(path: tuple[str, ...], command: Any) -> None:
    for parameter in command.params:
        if not getattr(parameter, "hidden", False):
            assert parameter.help, f"{path}: {parameter.name}"


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=IDS)
def test_help_of_every_command_prints(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*path, "--help"])

    assert result.exit_code == 0
    assert "Usage:" in result.stdout


@pytest.mark.parametrize(
    "path",
    [
        ("runs",),
        ("status", "RUN"),
        ("units", "RUN"),
        ("agents", "RUN"),
        ("workers",),
        ("journal",),
        ("stats", "RUN"),
        ("plugins",),
        ("wut",),
        ("doctor",),
        ("config", "show"),
    ],
    ids=" ".join,
)
def test_every_listing_offers_json(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*(part for part in path if part != "RUN"), "--help"])

    assert "--json" in result.stdout


def test_a_command_line_that_makes_no_sense_has_exit_code_2_and_prints_no_data() -> None:
    for line in (["bogus"], ["status"], ["status", "seven"], ["demo", "--units", "0"]):
        result = CliRunner().invoke(app, line)

        assert result.exit_code == 2
        assert result.stdout == ""
        assert "Usage:" in result.stderr
