from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import mephisto_tui
from stored_world import StoredWorld

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.data_model import Event, Project
from mephisto_engine.database.operations import agents, runs, submissions
from mephisto_engine.errors import NotFoundError, StateError
from mephisto_engine.operations.data_browser import DataBrowser
from mephisto_engine.operations.packaging.archive import carry_out, plan_archive
from mephisto_engine.operations.packaging.manifest import verify
from mephisto_engine.operations.packaging.package import package
from mephisto_engine.operations.packaging.request import Format, PackageRequest


def run_with_files(world: StoredWorld, **options: Any) -> int:
    run_id = world.add_run([{"text": str(number)} for number in range(3)], **options)
    for unit, _ in world.units_of[run_id]:
        world.answer(run_id, unit, f"worker-{unit}", {"a": unit}, {"x.png": b"p" * 1000})
    site = world.home / "runs" / str(run_id) / "site"
    site.mkdir()
    (site / "index.html").write_text("x" * 500)
    world.end(run_id)
    return run_id


def exported(world: StoredWorld, out: Path, *run_ids: int, **options: Any) -> Path:
    return package(world.db, world.home, Registry(), PackageRequest(run_ids, out, **options)).path


def on_disk(world: StoredWorld, run_id: int) -> list[str]:
    folder = world.home / "runs" / str(run_id)
    return sorted(path.parent.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("file_format", [Format.JSONL, Format.MEPHISTO])
def test_what_the_export_has_is_freed_and_every_answer_stays(
    world: StoredWorld, tmp_path: Path, file_format: Format
) -> None:
    run_id = run_with_files(world)
    out = exported(world, tmp_path / "out", run_id, format=file_format)
    plan = plan_archive(world.db, world.home, (run_id,), out)
    assert (plan.files, plan.kept_files, plan.size) == (3, 0, 3500)
    assert on_disk(world, run_id) == ["site", "uploads", "uploads", "uploads"]
    carry_out(world.db, plan)
    assert on_disk(world, run_id) == []
    assert len(list(DataBrowser(world.db).get_data(run_id=run_id))) == 3
    (event,) = world.db.read(lambda: list(Event.select().where(Event.kind == "run.archived")))
    assert (event.data["files"], event.data["bytes"]) == (3, 3500)
    again = plan_archive(world.db, world.home, (run_id,), out)
    assert (again.files, again.size) == (0, 0)


@pytest.mark.parametrize("has_tables", [True, False])
def test_a_file_that_the_export_lacks_stays(
    world: StoredWorld, tmp_path: Path, has_tables: bool
) -> None:
    run_id = world.add_run([{"text": "one"}])
    unit = world.units_of[run_id][0][0]
    agent_id, worker_id = world.come(run_id, unit, "late")
    lost = ("disconnect", "launched", "engine", "gone")
    world.db.write_now(agents.end_agent, agent_id, unit, run_id, *lost)
    files = [world._file(run_id, "late.png", b"late")]
    new = submissions.NewSubmission(agent_id, unit, run_id, worker_id, "{}", files, None)
    assert world.db.write_now(submissions.submit, new) == "late"
    world.answer(run_id, unit, "ann", {}, {"x.png": b"png"})
    world.end(run_id)
    out = exported(world, tmp_path / "out", run_id, has_tables=has_tables)
    plan = plan_archive(world.db, world.home, (run_id,), out)
    # The file of the answer that came late is in a table beside the units.
    assert (plan.files, plan.kept_files) == ((2, 0) if has_tables else (1, 1))
    carry_out(world.db, plan)
    assert on_disk(world, run_id) == ([] if has_tables else ["uploads"])


def test_live_runs_are_refused(world: StoredWorld, tmp_path: Path) -> None:
    run_id = world.answered_run(1)
    out = exported(world, tmp_path / "out", run_id)
    with pytest.raises(StateError, match="only runs that have ended"):
        plan_archive(world.db, world.home, (run_id,), out)
    world.end(run_id)
    out = exported(world, tmp_path / "after", run_id)
    plan = plan_archive(world.db, world.home, (run_id,), out)
    world.db.write_now(runs.move_run, run_id, "launching", "operator:tester")
    with pytest.raises(StateError, match="launching"):
        carry_out(world.db, plan)
    world.end(run_id)


def test_an_export_that_is_not_of_all_of_it_does_not_count(
    world: StoredWorld, tmp_path: Path
) -> None:
    run_id, other = run_with_files(world), run_with_files(world)

    def refusal(out: Path, *run_ids: int) -> str:
        with pytest.raises((StateError, NotFoundError)) as raised:
            plan_archive(world.db, world.home, run_ids or (run_id,), out)
        return raised.value.message

    assert "is no export" in refusal(tmp_path)
    for number, options in enumerate(
        ({"only_accepted": True}, {"has_gold": False}, {"has_uploads": False})
    ):
        out = exported(world, tmp_path / f"part-{number}", run_id, **options)
        assert "only a part" in refusal(out)
    out = exported(world, tmp_path / "one", run_id)
    assert f"does not have run {other}" in refusal(out, run_id, other)
    (next((out / "uploads").rglob("*.png"))).write_bytes(b"other")
    assert "not as it was written" in refusal(out)
    out = exported(world, tmp_path / "old", run_id)
    world.judge(world.units_of[run_id][0][0], 1, "accepted", "approved")
    assert "has changed since" in refusal(out)
    assert len(on_disk(world, run_id)) == 4


def test_the_command_says_first_and_frees_then(world: StoredWorld, tmp_path: Path) -> None:
    run_id = run_with_files(world, project="lab")
    words = ("archive", "--project", "lab", "--export", tmp_path / "out")
    done = mephisto_tui(world.home, "export", "--project", "lab", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    dry = mephisto_tui(world.home, *words, "--dry-run", "--json")
    assert json.loads(dry.stdout)["runs"][0]["bytes"] == 3500
    assert len(on_disk(world, run_id)) == 4
    asked = mephisto_tui(world.home, *words)
    assert asked.returncode == 2
    assert "removed for good" in asked.stderr
    assert len(on_disk(world, run_id)) == 4
    freed = mephisto_tui(world.home, *words, "--yes")
    assert freed.returncode == 0, freed.stderr
    assert freed.stdout.splitlines()[1].split() == [str(run_id), "3", "1", "3500", "0"]
    assert on_disk(world, run_id) == []
    project = world.db.read(Project.get, Project.name == "lab")
    assert project.archived_at is not None


def test_an_archived_run_is_exported_again_from_the_export_that_has_its_files(
    world: StoredWorld, tmp_path: Path
) -> None:
    run_id = run_with_files(world)
    out = exported(world, tmp_path / "out", run_id)
    carry_out(world.db, plan_archive(world.db, world.home, (run_id,), out))
    assert on_disk(world, run_id) == []
    for file_format in (Format.JSONL, Format.MEPHISTO):
        request = PackageRequest((run_id,), tmp_path / file_format, file_format)
        again = package(world.db, world.home, Registry(), request)
        assert (again.files, again.missing_files, again.absent_archives) == (3, (), ())
        verify(again.path)
    (out / "SHA256SUMS").rename(tmp_path / "elsewhere")
    request = PackageRequest((run_id,), tmp_path / "alone")
    alone = package(world.db, world.home, Registry(), request)
    assert (alone.files, len(alone.missing_files)) == (0, 3)
    assert alone.absent_archives == (str(out),)


def test_whoever_looks_at_a_file_that_was_archived_is_told_where_it_is(
    world: StoredWorld, tmp_path: Path
) -> None:
    run_id = run_with_files(world)
    out = exported(world, tmp_path / "out", run_id)
    unit = world.units_of[run_id][0][0]
    world.db.close()
    for command in (("unit", unit), ("agent", 1)):
        assert "archived in" not in mephisto_tui(world.home, *command).stdout
    words = ("archive", run_id, "--export", out, "--yes")
    assert mephisto_tui(world.home, *words).returncode == 0
    again = mephisto_tui(world.home, *words)
    assert (again.returncode, again.stderr) == (0, "There is nothing to free.\n")
    for command in (("unit", unit), ("agent", 1)):
        assert f"archived in {out}" in mephisto_tui(world.home, *command).stdout
    out.rename(tmp_path / "moved")
    told = mephisto_tui(world.home, "export", run_id, "--out", tmp_path / "late").stderr
    assert f"Files were archived in {out}, which is not there" in told
