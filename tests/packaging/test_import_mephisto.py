from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from commands import mephisto_tui
from exporter import Exporter, contents
from stored_world import StoredWorld

from mephisto_engine import DataBrowser
from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.data_model import Agent, Decision, OnboardingAgent, TaskRun, Unit, Worker
from mephisto_engine.database.operations import budgets
from mephisto_engine.database.queries import workers as worker_queries
from mephisto_engine.database.queries.answers import runs_of_project
from mephisto_engine.errors import ConfigError, NotFoundError
from mephisto_engine.operations.importing.bring import import_mephisto
from mephisto_engine.operations.packaging.package import package
from mephisto_engine.operations.packaging.request import Format, PackageRequest

WRITTEN_BY_MEPHISTO = Path(__file__).parent / "mephisto_1_1_1" / "directory"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy of the directory, to be changed at will."""
    return Path(shutil.copytree(WRITTEN_BY_MEPHISTO, tmp_path / "old"))


def change(old: Path, *statements: str) -> None:
    with sqlite3.connect(old / "database.db") as database:
        for statement in statements:
            database.execute(statement)


def statuses(world: StoredWorld, model: Any, run_id: int | None = None) -> Counter[str]:
    query = model.select(model.status)
    if run_id is not None:
        query = query.where(model.task_run == run_id)
    return Counter(status for (status,) in world.db.stream(query))


def everything(world: StoredWorld) -> dict[str, int]:
    names = [row[0] for row in world.db._reader.fetch("SELECT name FROM sqlite_master")]
    tables = [name for name in names if not name.startswith("sqlite") and name != "event"]
    return {
        name: world.db._reader.fetch(f'SELECT count(*) FROM "{name}"')[0][0]
        for name in tables
        if not name.startswith(("ix_", "agent_holds", "agent_once", "decision_staged"))
        and world.db._reader.fetch("SELECT type FROM sqlite_master WHERE name = ?", (name,))
        == [("table",)]
    }


def test_what_mephisto_wrote_comes_over_whole(world: StoredWorld) -> None:
    report = import_mephisto(world.db, world.home, WRITTEN_BY_MEPHISTO)
    assert report.counts == {
        "runs": 3,
        "assignments": 6,
        "units": 11,
        "workers": 4,
        "agents": 10,
        "answers": 8,
        "onboarding agents": 2,
        "qualifications": 2,
        "grants": 2,
        "decisions": 5,
        "files": 1,
        "live updates": 6,
        "metadata": 1,
    }
    assert report.notes == [
        "unit 6 was still launched; it is expired here",
        "mock.db of a provider: only blocks and ids of HITs were brought",
    ]
    assert statuses(world, Unit, 1) == {
        "accepted": 1,
        "rejected": 1,
        "soft_rejected": 1,
        "completed": 2,
        "expired": 3,
    }
    assert statuses(world, Agent)["returned"] == 1
    assert statuses(world, OnboardingAgent) == {"approved": 1, "rejected": 1}
    assert statuses(world, Decision) == {"sent": 5}


def test_brought_answers_read_as_mephistos_own_browser_reads_them(world: StoredWorld) -> None:
    import_mephisto(world.db, world.home, WRITTEN_BY_MEPHISTO)
    browser = DataBrowser(world.db)
    data = {item["unit_id"]: item for item in browser.get_data(task_name="label-sentences")}
    assert data[1]["data"] == {
        "inputs": {"text": "sentence 0"},
        "outputs": {"label": "good", "comment": "=1+1"},
    }
    assert data[1]["worker_name"] == "ANN-A1B2C3_sandbox"
    assert [tip["text"] for tip in data[1]["tips"]] == ["Read it twice."]
    assert [item["text"] for item in data[1]["feedback"]] == ["Fine."]
    assert 0 < data[1]["task_end"] - data[1]["task_start"] < 60
    (stored,) = data[3]["data"]["outputs"]["files"]
    picture = world.home / "runs" / "1" / "uploads" / stored
    assert picture.read_bytes() == b"\x89PNG small picture"
    (call,) = browser.get_data(task_name="edit-articles")
    requests = call["data"]["outputs"]["requests"]
    assert [item["target"] for item in requests] == ["shout", "r-1"]
    assert call["data"]["outputs"]["final_submission"] == {"article": "TEA", "is_done": True}
    first, _ = browser.get_data(task_name="chat-about")
    said = [message["text"] for message in first["data"]["outputs"]["messages"]]
    assert said == ["It rains.", "It does!"]


def test_people_money_and_labels_come_over(world: StoredWorld) -> None:
    import_mephisto(world.db, world.home, WRITTEN_BY_MEPHISTO)
    held = world.db.read(worker_queries.grants, "can-add")
    assert {grant.worker_name: grant.value for grant in held} == {
        "ANN-A1B2C3_sandbox": 1,
        "ZOE_sandbox": 0,
    }
    run = world.db.read(TaskRun.get_by_id, 1)
    assert (run.pay_cents, run.status, run.blueprint_type) == (37, "stopped", "static_task")
    assert run.config["mephisto"]["task"]["task_title"] == "Title of label-sentences"


def test_a_second_import_adds_nothing(world: StoredWorld) -> None:
    import_mephisto(world.db, world.home, WRITTEN_BY_MEPHISTO)
    before = everything(world)
    assert import_mephisto(world.db, world.home, WRITTEN_BY_MEPHISTO).counts == {}
    assert everything(world) == before


def test_an_import_from_elsewhere_is_the_same_import(world: StoredWorld, old: Path) -> None:
    import_mephisto(world.db, world.home, WRITTEN_BY_MEPHISTO)
    assert import_mephisto(world.db, world.home, old / "database.db").counts == {}


def test_what_has_happened_there_since_comes_with_the_next_import(
    world: StoredWorld, old: Path
) -> None:
    import_mephisto(world.db, world.home, old)
    change(
        old,
        "UPDATE units SET status = 'accepted' WHERE unit_id = 4",
        "UPDATE agents SET status = 'approved' WHERE agent_id = 4",
        "INSERT INTO agents (agent_id, worker_id, unit_id, task_id, task_run_id, assignment_id,"
        " task_type, provider_type, status) VALUES (50, 4, 6, 1, 1, 3, 'static_task', 'mock',"
        " 'completed')",
        "UPDATE units SET status = 'completed', agent_id = 50 WHERE unit_id = 6",
    )
    folder = old / "data/runs/NO_PROJECT/1/3/50"
    folder.mkdir()
    (folder / "agent_data.json").write_text('{"inputs": {}, "outputs": {"label": "late"}}')
    report = import_mephisto(world.db, world.home, old)
    assert report.counts == {"agents": 1, "answers": 1, "decisions": 1, "metadata": 1}
    assert statuses(world, Unit, 1)["accepted"] == 2
    data = {item["unit_id"]: item for item in DataBrowser(world.db).get_data(run_id=1)}
    assert data[6]["data"]["outputs"] == {"label": "late"}


def test_what_was_never_enforced_there_is_settled_and_said(world: StoredWorld, old: Path) -> None:
    change(
        old,
        # The same worker twice on one assignment; and two who have done one unit.
        "UPDATE agents SET worker_id = 1 WHERE agent_id = 2",
        "UPDATE agents SET status = 'completed' WHERE agent_id = 5",
        # A unit that says that it is open, and is done; and one that nobody has done.
        "UPDATE units SET status = 'assigned' WHERE unit_id = 4",
        "UPDATE units SET status = 'completed' WHERE unit_id = 8",
        # Somebody who is at work for ever.
        "UPDATE agents SET status = 'in task' WHERE agent_id = 7",
        "UPDATE units SET pay_amount = 0.005 WHERE unit_id = 7",
        # Rows that point at nothing.
        "UPDATE agents SET worker_id = 77 WHERE agent_id = 10",
        "UPDATE onboarding_agents SET worker_id = 77 WHERE onboarding_agent_id = 1",
        "UPDATE task_runs SET task_id = 77 WHERE task_run_id = 2",
        "UPDATE granted_qualifications SET worker_id = 77 WHERE granted_qualification_id = 1",
    )
    report = import_mephisto(world.db, world.home, old)
    notes = "\n".join(report.notes)
    for text in (
        "agent 2 was rejected on unit 2",
        "agent 5 was completed on unit 5",
        "unit 4 was assigned, but agent 4 had done it: it is completed here",
        "unit 8 was completed, but nobody who did it is stored",
        "agent 7 is still 'in task' there; it was left out",
        "unit 7 pays 0.500 cents; 1 here",
        "1 agents of",
        "run 2 has no task; it was left out",
    ):
        assert text in notes, notes
    assert report.counts["late answers"] == 1


def test_files_that_are_missing_or_damaged_are_said(world: StoredWorld, old: Path) -> None:
    runs = old / "data/runs/NO_PROJECT/1"
    (runs / "1/1/agent_data.json").unlink()
    (runs / "1/2/agent_data.json").write_text("{")
    (runs / "2/assign_data.json").write_text("[" * 100_000)
    (runs / "2/3/agent_data.json").write_text('{"outputs": {"x": NaN, "y": "\\ud800"}}')
    report = import_mephisto(world.db, world.home, old)
    notes = "\n".join(report.notes)
    assert "agent 1 is approved, but has no stored answer" in notes
    assert "1/2/agent_data.json cannot be read" in notes
    assert "2/assign_data.json cannot be read" in notes
    data = {item["unit_id"]: item for item in DataBrowser(world.db).get_data(run_id=1)}
    assert data[1]["data"]["outputs"] is None
    assert data[3]["data"]["outputs"] == {"x": None, "y": "?"}


def test_a_qualifying_answer_that_is_no_valid_text_is_brought(
    world: StoredWorld, old: Path
) -> None:
    (folder,) = list((old / "data").rglob("onboarding_1"))
    (folder / "agent_data.json").write_text('{"outputs": {"x": "\\ud800"}}')
    import_mephisto(world.db, world.home, old)
    found = world.db.read(lambda: list(OnboardingAgent.select().order_by(OnboardingAgent.id)))
    assert found[0].answer == {"x": "?"}


@pytest.mark.parametrize("depth", [390, 600])
@pytest.mark.parametrize("pair", ["[]", ('{"x":', "}")])
def test_what_is_nested_deeply_ends_neither_import_nor_export(
    world: StoredWorld, old: Path, export: Exporter, depth: int, pair: tuple[str, str]
) -> None:
    first, last = pair
    deep = first * depth + '"ANN-A1B2C3_sandbox"' + last * depth
    folder = old / "data/runs/NO_PROJECT/1/1"
    (folder / "1/agent_data.json").write_text(f'{{"inputs": {{}}, "outputs": {deep}}}')
    (folder / "assign_data.json").write_text(f'{{"shared": {{"a": {deep}}}, "unit_data": []}}')
    report = import_mephisto(world.db, world.home, old)
    is_left_out = sum("nested too deeply" in note for note in report.notes)
    assert is_left_out == (2 if depth > 400 else 0)
    for file_format in Format:
        written = contents(export(1, format=file_format).path)
        assert not any(b"ANN-A1B2C3" in data for data in written.values())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("agent_meta.json", '{"task_start": 1e400, "task_end": 1e300}'),
        ("state.json", '{"outputs": {"messages": 7, "requests": 7}}'),
        ("state.json", '{"outputs": {"requests": [{"uuid": [], "target": {}}, 7]}}'),
        ("picture\udcff.png", "x"),
    ],
)
def test_odd_files_of_an_agent_do_not_end_the_import(
    world: StoredWorld, old: Path, name: str, text: str
) -> None:
    (old / "data/runs/NO_PROJECT/1/1/1" / name).write_text(text)
    report = import_mephisto(world.db, world.home, old)
    assert report.counts["answers"] == 8
    DataBrowser(world.db).get_data(run_id=1)
    assert import_mephisto(world.db, world.home, old).counts == {}


def test_a_config_that_is_no_text_is_said(world: StoredWorld, old: Path) -> None:
    change(old, "UPDATE task_runs SET init_params = '7' WHERE task_run_id = 2")
    report = import_mephisto(world.db, world.home, old)
    assert "run 2 has no config that can be read" in report.notes


def test_newer_versions_log_of_reviews_and_blocks_comes_over(world: StoredWorld, old: Path) -> None:
    change(
        old,
        "CREATE TABLE worker_review (id INTEGER PRIMARY KEY, unit_id INTEGER, worker_id INTEGER,"
        " task_id INTEGER, status TEXT, review_note TEXT, bonus INTEGER, blocked_worker BOOLEAN,"
        " updated_qualification_id INTEGER, updated_qualification_value INTEGER,"
        " revoked_qualification_id INTEGER, creation_date DATETIME)",
        "INSERT INTO worker_review VALUES (1, 2, 2, 1, 'rejected', 'too short', NULL, 0, NULL,"
        " NULL, NULL, '2024-05-01 10:00:00.123')",
        "INSERT INTO worker_review VALUES (2, 1, 1, 1, 'approved', 'fine', 25, 0, 1, 3, NULL,"
        " '2024-05-01 10:00:00.123')",
        "INSERT INTO worker_review VALUES (3, NULL, 3, 1, NULL, 'spam', NULL, 1, NULL, NULL,"
        " NULL, '2024-05-01 10:00:00.123')",
        "ALTER TABLE qualifications ADD COLUMN description CHAR(500)",
        "UPDATE qualifications SET description = 'adds up' WHERE qualification_name = 'can-add'",
        "CREATE TABLE migrations (id INTEGER, name TEXT)",
        "CREATE TABLE notes_of_mine (id INTEGER)",
        "INSERT INTO notes_of_mine VALUES (1)",
    )
    with sqlite3.connect(old / "mock" / "mock.db") as mock:
        mock.execute("INSERT INTO workers VALUES ('4', 1)")
        mock.execute("CREATE TABLE hits (hit_id TEXT, unit_id TEXT)")
        mock.execute("INSERT INTO hits VALUES ('3ABC', '4'), ('3XYZ', NULL)")
    report = import_mephisto(world.db, world.home, old)
    assert world.db.read(Unit.get_by_id, 4).provider_ref == "3ABC"
    assert report.counts["blocks"] == 2
    assert "table notes_of_mine: 1 rows were left out" in report.notes
    rows = world.db.read(lambda: list(Decision.select().order_by(Decision.unit)))
    assert [(row.note, row.bonus_cents) for row in rows[:2]] == [("fine", 25), ("too short", 0)]
    blocked = world.db.read(lambda: list(Worker.select().where(Worker.blocked_at.is_null(False))))
    assert [(row.name, row.block_reason) for row in blocked] == [
        ("EVE_sandbox", "spam"),
        ("ZOE_sandbox", "blocked in Mephisto"),
    ]
    found = world.db.read(worker_queries.qualification, "can-add")
    assert found.description == "adds up"
    assert "blocks" not in import_mephisto(world.db, world.home, old).counts


def test_broken_limits_are_kept_beside_the_config(world: StoredWorld, old: Path) -> None:
    with sqlite3.connect(old / "database.db") as database:
        (text,) = database.execute("SELECT init_params FROM task_runs").fetchone()
        config = json.dumps(json.loads(text) + "  maximum_units_per_worker: 1\n")
        database.execute("UPDATE task_runs SET init_params = ? WHERE task_run_id = 1", (config,))
    import_mephisto(world.db, world.home, old)
    config = world.db.read(TaskRun.get_by_id, 1).config
    assert "maximum_units_per_worker" not in config["mephisto"]["task"]
    assert config["imported_limits"] == {"maximum_units_per_worker": 1}


def test_an_import_does_not_use_up_a_projects_budget(world: StoredWorld, old: Path) -> None:
    world.answered_run(1, task="mine", project="lab")
    world.db.write_now(budgets.set_project_budget, "lab", 100, "operator:tester")
    change(
        old,
        "INSERT INTO projects (project_id, project_name) VALUES (1, 'lab'), (2, 'other')",
        "UPDATE tasks SET project_id = 1 WHERE task_id = 1",
        "UPDATE tasks SET project_id = 2 WHERE task_id = 2",
    )
    shutil.move(old / "data/runs/NO_PROJECT/1", old / "data/runs/lab/1")
    shutil.move(old / "data/runs/NO_PROJECT/2", old / "data/runs/other/2")
    report = import_mephisto(world.db, world.home, old)
    assert any("project 'lab', which has a budget here" in note for note in report.notes)
    assert report.counts["answers"] == 8
    assert len(world.db.read(runs_of_project, "lab")) == 1
    assert len(world.db.read(runs_of_project, "other")) == 1


def test_imports_stand_beside_what_is_there(world: StoredWorld, old: Path) -> None:
    run_id = world.answered_run(2, task="label-sentences")
    world.answered_run(1, task="edit-articles", blueprint="static_task")
    report = import_mephisto(world.db, world.home, old)
    assert report.counts["runs"] == 2
    assert any("run 2 was left out: The task 'edit-articles' exists" in n for n in report.notes)
    names = {
        unit.task_run_id
        for unit in DataBrowser(world.db).get_units_for_task_name("label-sentences")
    }
    assert len(names) == 2
    assert run_id in names


def test_an_export_for_mephisto_can_be_brought_back(world: StoredWorld, tmp_path: Path) -> None:
    import_mephisto(world.db, world.home, WRITTEN_BY_MEPHISTO)
    request = PackageRequest(
        (1, 2, 3), tmp_path / "out", Format.MEPHISTO, has_every_status=True, has_raw_workers=True
    )
    package(world.db, world.home, Registry(), request)
    before = [item["data"] for item in DataBrowser(world.db).get_data(task_name="chat-about")]
    home = tmp_path / "other"
    done = mephisto_tui(home, "import-mephisto", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["counts"]
    assert (counts["units"], counts["answers"], counts["files"]) == (11, 8, 1)
    shown = mephisto_tui(home, "export", "chat-about", "--out", tmp_path / "again")
    assert shown.returncode == 0, shown.stderr
    lines = (tmp_path / "again" / "units.jsonl").read_text().splitlines()
    assert [json.loads(line)["data"] for line in lines] == before
    doctor = mephisto_tui(home, "doctor", "--json")
    assert not [item for item in json.loads(doctor.stdout) if item["level"] == "error"]


def test_a_rehearsal_brings_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = mephisto_tui(home, "import-mephisto", WRITTEN_BY_MEPHISTO, "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["is_rehearsal"]
    assert report["counts"]["units"] == 11
    runs = mephisto_tui(home, "runs", "--json")
    assert json.loads(runs.stdout) == []
    assert not (home / "runs").exists()


def test_what_is_no_data_directory_is_said(world: StoredWorld, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no database\.db"):
        import_mephisto(world.db, world.home, tmp_path)
    with sqlite3.connect(tmp_path / "database.db") as database:
        database.execute("CREATE TABLE other (id INTEGER)")
    with pytest.raises(ConfigError, match="no database of Mephisto"):
        import_mephisto(world.db, world.home, tmp_path)
    (tmp_path / "database.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(Exception, match="cannot be read"):
        import_mephisto(world.db, world.home, tmp_path)


def test_the_directory_is_not_changed(world: StoredWorld, old: Path) -> None:
    def state() -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in sorted(old.rglob("*")) if p.is_file()}

    before = state()
    import_mephisto(world.db, world.home, old)
    assert state() == before
