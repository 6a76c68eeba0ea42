"""An import leaves the budgets of projects here alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from stored_world import StoredWorld
from test_import_mephisto import WRITTEN_BY_MEPHISTO, change

from mephisto_engine.data_model import TaskRun
from mephisto_engine.database import ledger
from mephisto_engine.database.operations import budgets
from mephisto_engine.operations.importing.bring import import_mephisto


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WRITTEN_BY_MEPHISTO, tmp_path / "old"))


def of_lab(world: StoredWorld, budget: int | None) -> None:
    world.db.write_now(budgets.set_project_budget, "lab", budget, "operator:tester")


def free(world: StoredWorld) -> int | None:
    return ledger.left_of_project(world.db.rows, "lab")


def test_a_run_of_a_task_that_a_budget_covers_here_is_left_out(
    world: StoredWorld, old: Path
) -> None:
    world.answered_run(1, task="label-sentences", project="lab")
    of_lab(world, 100)
    before = free(world)
    report = import_mephisto(world.db, world.home, old)
    assert free(world) == before
    assert any("run 1 was left out" in note and "budget" in note for note in report.notes)
    assert report.counts["runs"] == 2
    of_lab(world, None)
    assert import_mephisto(world.db, world.home, old).counts["runs"] == 1


def test_units_that_have_come_since_a_budget_was_set_do_not_pass_it(
    world: StoredWorld, old: Path
) -> None:
    change(
        old,
        "INSERT INTO projects (project_id, project_name) VALUES (1, 'lab')",
        "UPDATE tasks SET project_id = 1 WHERE task_id = 1",
    )
    shutil.move(old / "data/runs/NO_PROJECT/1", old / "data/runs/lab/1")
    import_mephisto(world.db, world.home, old)
    run = world.db.read(TaskRun.get_by_id, 1)
    of_lab(world, ledger.worst_of_run(world.db.rows, run.id, run.unit_cost_cents, 0))
    assert free(world) == 0
    change(
        old,
        "INSERT INTO agents (agent_id, worker_id, unit_id, task_id, task_run_id, assignment_id,"
        " task_type, provider_type, status) VALUES (50, 4, 6, 1, 1, 3, 'static_task', 'mock',"
        " 'completed')",
        "UPDATE units SET status = 'completed', agent_id = 50 WHERE unit_id = 6",
    )
    report = import_mephisto(world.db, world.home, old)
    assert free(world) == 0
    assert any("run 1" in note and "budget of project lab" in note for note in report.notes)
    of_lab(world, None)
    assert import_mephisto(world.db, world.home, old).counts["agents"] == 1
