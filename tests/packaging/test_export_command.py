from __future__ import annotations

import json
from pathlib import Path

from commands import mephisto_tui
from stored_world import StoredWorld

from mephisto_engine import Operator
from mephisto_engine.operations.packaging.manifest import verify


def test_a_run_or_a_task_or_a_project_is_exported(world: StoredWorld, tmp_path: Path) -> None:
    run_id = world.answered_run(3, project="lab")
    world.answered_run(2, project="lab")
    for number, (words, units) in enumerate(
        [((run_id,), 3), (("sample",), 5), (("--project", "lab"), 5)]
    ):
        out = tmp_path / str(number)
        done = mephisto_tui(world.home, "export", *words, "--out", out, "--format", "csv", "--json")
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert (report["units"], report["path"]) == (units, str(out))
        assert verify(out)["counts"]["units"] == units
        assert f"{units} units of 3 workers" in done.stderr


def test_what_cannot_be_exported_is_said(world: StoredWorld, tmp_path: Path) -> None:
    run_id = world.answered_run(1)
    refused = [
        ((99, "--out", tmp_path / "a"), 1, "There is no run 99"),
        (("nothing", "--out", tmp_path / "a"), 1, "There is no task 'nothing'"),
        ((run_id, "--out", tmp_path / "a", "--format", "xls"), 2, "There is no format 'xls'"),
        ((run_id, "--out", tmp_path), 1, "exists and is not empty"),
        (("--out", tmp_path / "a"), 1, "Name one run"),
        ((run_id, "--out", tmp_path / "a", "--reviewed", "--all"), 2, "Give one of --reviewed"),
    ]
    for words, code, text in refused:
        done = mephisto_tui(world.home, "export", *words)
        assert (done.returncode, text in done.stderr) == (code, True), done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "a").exists()


def test_a_script_packages_with_its_operator(world: StoredWorld, tmp_path: Path) -> None:
    run_id = world.answered_run(2)
    world.db.close()
    with Operator(home=world.home) as operator:
        report = operator.package(tmp_path / "out", run_id=run_id, format="jsonl")
    assert report.units == 2
    assert verify(report.path)["workers"]["names"] == "pseudonyms"
