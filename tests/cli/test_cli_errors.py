from __future__ import annotations

import stat
from pathlib import Path

import pytest
import typer

from mephisto_engine.errors import (
    ArchitectError,
    ConfigError,
    LeaseHeldError,
    MephistoError,
    MigrationError,
    NotFoundError,
    PluginError,
    Problem,
    ProviderError,
    StateError,
    StorageError,
)
from mephisto_tui.cli.errors import describe, errors_as_words, exit_code_of
from mephisto_tui.cli.exit_codes import ExitCode
from mephisto_tui.cli.settings import Settings


def raised(error: BaseException, home: Path) -> int:
    with pytest.raises(typer.Exit) as caught, errors_as_words(lambda: Settings(home=home)):
        raise error
    return caught.value.exit_code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), ExitCode.USAGE),
        (PluginError("x"), ExitCode.USAGE),
        (NotFoundError("x"), ExitCode.REFUSED),
        (StateError("x"), ExitCode.REFUSED),
        (StorageError("x"), ExitCode.REFUSED),
        (MigrationError("x"), ExitCode.REFUSED),
        (ArchitectError("x"), ExitCode.OUTSIDE),
        (ProviderError("x"), ExitCode.OUTSIDE),
        (LeaseHeldError("x"), ExitCode.LEASE_HELD),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.name,
)
def test_each_kind_of_error_has_its_exit_code(error: MephistoError, code: ExitCode) -> None:
    assert exit_code_of(error) == code


def test_exit_codes_are_the_published_ones() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "OK": 0,
        "REFUSED": 1,
        "USAGE": 2,
        "OUTSIDE": 3,
        "LEASE_HELD": 4,
        "CRASHED": 70,
        "INTERRUPTED": 130,
    }


def test_an_error_is_told_as_title_message_and_hint() -> None:
    error = StateError("Run 3 has completed.", "Launch it anew.")

    assert describe(error) == ["Refused: Run 3 has completed.", "  hint: Launch it anew."]


def test_each_problem_of_a_config_has_a_line_of_its_own() -> None:
    error = ConfigError(
        [
            Problem("mephisto.task.task_reward", "is negative", "0 or more"),
            Problem("items.csv:7:2", "has no 'reply'"),
        ],
        "Nothing was created.",
    )

    assert describe(error) == [
        "Config: 2 problems",
        "  mephisto.task.task_reward: is negative (0 or more)",
        "  items.csv:7:2: has no 'reply'",
        "  hint: Nothing was created.",
    ]


def test_a_single_problem_is_one_line() -> None:
    assert describe(ConfigError([Problem("a.b", "is wrong")])) == ["Config: a.b: is wrong"]


def test_words_of_an_error_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = raised(StateError("worker \x1b[2J\u202eevil said\rno"), tmp_path)

    captured = capsys.readouterr()
    assert code == ExitCode.REFUSED
    assert captured.out == ""
    assert not set(captured.err) & {"\x1b", "\u202e", "\r"}
    assert "evil" in captured.err


def test_a_fault_of_our_own_is_one_line_and_a_file_for_its_owner_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = raised(KeyError("lost"), tmp_path)

    lines = capsys.readouterr().err.splitlines()
    assert code == ExitCode.CRASHED
    assert lines[0].startswith("Fault in mephisto-tui: KeyError")
    path = Path(lines[1].partition("traceback in ")[2])
    assert path.parent == tmp_path / "logs"
    assert "Traceback (most recent call last)" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_fault_is_told_even_where_no_file_can_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home").write_text("in the way")

    assert raised(KeyError("lost"), tmp_path / "home") == ExitCode.CRASHED
    assert "could not be stored" in capsys.readouterr().err


def test_an_interrupt_has_its_own_exit_code_and_no_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert raised(KeyboardInterrupt(), tmp_path) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == ""
