from __future__ import annotations

from pathlib import Path

import pytest
from test_cli_qualifications import Shell

from mephisto_engine.data_model import OnboardingAgent, TaskRun
from mephisto_engine.database.operations import onboarding as operations

HOSTILE = "\x1b]0;owned\x07 answer"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "home")


def add_onboarding(
    shell: Shell, run: int, worker: int, *, has_passed: bool | None, name: str = "trained"
) -> None:
    """The worker has done the qualifying task, or is at it where there is no verdict."""
    with shell.database() as db:
        config = db.read(TaskRun.get_by_id, run).config
        config["mephisto"]["blueprint"]["onboarding_qualification"] = name
        query = TaskRun.update(config=config).where(TaskRun.id == run)
        db.write_now(lambda tx: tx.select(query))
        number = db.read(lambda: OnboardingAgent.select().count())
        stored = db.write_now(operations.begin, run, worker, "link", f"token-{number}")
        if has_passed is None:
            return
        db.write_now(operations.hand_in, run, stored.id, worker, {"capital": HOSTILE})
        db.write_now(operations.judge, run, stored.id, worker, name, has_passed)


def test_what_was_handed_in_can_be_read_without_steering_the_terminal(shell: Shell) -> None:
    run = shell.add_run()
    [worker] = shell.add_workers(run, "ann")
    add_onboarding(shell, run, worker, has_passed=False)
    shown = shell.ok("workers", "onboarding", "show", "ann")
    assert "verdict        rejected" in shown
    assert '"capital"' in shown
    assert "\x1b" not in shown
    [row] = shell.json("workers", "onboarding", "show", "ann", "--run", str(run))
    assert row["answer"] == {"capital": HOSTILE}
    assert shell.json("workers", "onboarding", "show", "ann", "--run", str(run + 1)) == []


def test_after_a_reset_the_same_link_leads_to_a_new_qualifying_task(shell: Shell) -> None:
    run = shell.add_run()
    [worker] = shell.add_workers(run, "ann")
    add_onboarding(shell, run, worker, has_passed=False)
    assert shell.grants() == [("mock", "ann", "trained", 0)]
    result = shell("workers", "onboarding", "reset", "ann")
    assert result.exit_code == 0
    assert "can do 'trained' again (they held 0)" in result.stderr
    assert shell.grants() == []
    with shell.database() as db:
        again = db.write_now(operations.begin, run, worker, "link", "another token")
    assert again.status == "onboarding"
    assert [row["status"] for row in shell.json("workers", "onboarding", "show", "ann")] == [
        "onboarding",
        "rejected",
    ]


def test_there_has_to_be_a_verdict_to_take_back(shell: Shell) -> None:
    run = shell.add_run()
    [worker] = shell.add_workers(run, "ann")
    assert "has done no qualifying task" in shell.refused("workers", "onboarding", "reset", "ann")
    assert "has done no qualifying task" in shell("workers", "onboarding", "show", "ann").stderr
    add_onboarding(shell, run, worker, has_passed=None)
    assert "has no verdict" in shell.refused("workers", "onboarding", "reset", "ann")


def test_of_several_qualifying_tasks_one_has_to_be_named(shell: Shell) -> None:
    first, second = shell.add_run(), shell.add_run()
    [worker] = shell.add_workers(first, "ann")
    add_onboarding(shell, first, worker, has_passed=True, name="one")
    add_onboarding(shell, second, worker, has_passed=True, name="two")
    assert "Say --qualification" in shell.refused("workers", "onboarding", "reset", "ann")
    shell.ok("workers", "onboarding", "reset", "ann", "--qualification", "two")
    assert [name for _, _, name, _ in shell.grants()] == ["one"]
