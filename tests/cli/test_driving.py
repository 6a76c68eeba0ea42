"""What staying with a run does when its surroundings fail."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from mephisto_engine.errors import StateError, StorageError
from mephisto_tui.cli import driving
from mephisto_tui.cli.exit_codes import ExitCode
from mephisto_tui.cli.interrupts import Interrupts


def engine_whose_stop(raises: Exception) -> Any:
    def stop(_run_id: int, now: bool = False) -> str:
        raise raises

    return cast(Any, SimpleNamespace(stop=stop))


def test_an_interrupt_on_a_full_disk_leaves_the_engine_running(
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = engine_whose_stop(StorageError("The disk is full.", "Free some space."))
    driving._obey(engine, 1, is_again=False)
    said = capsys.readouterr().err
    assert "The disk is full." in said
    assert "Free some space." in said
    assert "again ends it" not in said


def test_an_interrupt_after_the_end_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    driving._obey(engine_whose_stop(StateError("Run 1 is not live.")), 1, is_again=True)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("status", "is_driven", "code"),
    [
        ("live", True, ExitCode.LEASE_HELD),
        ("draining", False, ExitCode.REFUSED),
        ("failed", False, ExitCode.REFUSED),
        ("stopped", False, ExitCode.OK),
        ("completed", False, ExitCode.OK),
    ],
)
def test_a_run_that_was_let_go_is_no_success(status: str, is_driven: bool, code: ExitCode) -> None:
    run = cast(Any, SimpleNamespace(id=1, status=status, status_reason="", is_driven=is_driven))
    assert driving.exit_code_of_run(run, Interrupts()) is code
