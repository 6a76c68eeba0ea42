from __future__ import annotations

import csv
import json
import sqlite3
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from exporter import FORMATS, Exporter, contents, jsonl, read_csv, read_parquet
from stored_world import StoredWorld

from mephisto_engine.cells import FORMULA_STARTS, plain_cell
from mephisto_engine.data_model import Decision
from mephisto_engine.database.operations.judging import NewJudgement, judge_unit
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import NotFoundError, StateError
from mephisto_engine.operations.packaging import tables
from mephisto_engine.operations.packaging.manifest import read_manifest, verify
from mephisto_engine.operations.packaging.package import PackageReport
from mephisto_engine.operations.packaging.pseudonyms import KEY_FILE
from mephisto_engine.operations.packaging.request import Format, runs_of


def number_of_rows(report: PackageReport) -> int:
    if report.format == Format.JSONL:
        return len(jsonl(report))
    if report.format == Format.CSV:
        return len(read_csv(report))
    if report.format == Format.PARQUET:
        return int(read_parquet(report).num_rows)
    with sqlite3.connect(report.path / "database.db") as database:
        return int(database.execute("SELECT count(*) FROM units").fetchone()[0])


@pytest.mark.parametrize("file_format", FORMATS)
def test_as_many_rows_are_exported_as_are_stored(
    world: StoredWorld, export: Exporter, file_format: Format
) -> None:
    run_id = world.answered_run(7)
    world.answered_run(2, task="other")
    report = export(run_id, format=file_format)
    assert number_of_rows(report) == report.units == world.count(run_id, "completed") == 7
    assert verify(report.path)["counts"]["by_status"] == {"completed": 7}


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_export_of_nothing_is_whole_too(
    world: StoredWorld, export: Exporter, file_format: Format
) -> None:
    report = export(world.answered_run(1), format=file_format, only_accepted=True)
    assert number_of_rows(report) == report.units == report.workers == 0
    assert verify(report.path)["times"]["first_submission"] is None


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_same_export_gives_the_same_bytes(
    world: StoredWorld, export: Exporter, file_format: Format
) -> None:
    run_id = world.add_run([{"text": "one"}, {"text": "two"}])
    for unit, _ in world.units_of[run_id]:
        world.answer(run_id, unit, f"worker-{unit}", {"a": [1, {"b": None}]}, {"x.png": b"12"})
    first, second = (export(run_id, format=file_format) for _ in range(2))
    assert contents(first.path) == contents(second.path)


@pytest.mark.parametrize("file_format", FORMATS)
def test_workers_are_nowhere_in_a_default_export(
    world: StoredWorld, export: Exporter, file_format: Format
) -> None:
    name = "A2SECRETWORKER9"
    run_id = world.add_run([{"text": "one"}])
    unit = world.units_of[run_id][0][0]
    body = {"workerId": name, "deep": [{"said": f"I am {name}!"}], name: 1}
    agent_id = world.answer(run_id, unit, name, body, {f"{name}.png": b"png"})
    world.tell(run_id, agent_id, {"tips": {"text": f"ask {name}"}})
    report = export(run_id, format=file_format)
    for path, data in contents(report.path).items():
        assert name.encode() not in data, path
    assert read_manifest(report.path)["workers"]["replaced_in_answers"] == 1


def test_a_name_that_is_a_common_word_spoils_no_field(world: StoredWorld, export: Exporter) -> None:
    run_id = world.add_run([{"text": "one"}])
    world.answer(run_id, world.units_of[run_id][0][0], "data", {"data": "data", "x": "my data"})
    (row,) = jsonl(export(run_id))
    assert row["data"]["outputs"] == {"data": row["worker"], "x": "my data"}


def test_pseudonyms_are_the_same_in_every_export_and_differ_with_the_key(
    world: StoredWorld, export: Exporter
) -> None:
    first, second = world.answered_run(2), world.answered_run(2)
    names = [[row["worker"] for row in jsonl(export(run_id))] for run_id in (first, second)]
    assert names[0] == names[1]
    assert len(set(names[0])) == 2
    key = world.home / KEY_FILE
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_bytes().strip() not in (world.home / "data.db").read_bytes()
    key.unlink()
    assert not {row["worker"] for row in jsonl(export(first))} & set(names[0])


def test_raw_workers_keep_their_names(world: StoredWorld, export: Exporter) -> None:
    run_id = world.answered_run(2)
    rows = jsonl(export(run_id, has_raw_workers=True))
    assert [row["worker"] for row in rows] == ["WORKER-00000", "WORKER-00001"]


def test_filters_choose_by_review_and_by_kind(world: StoredWorld, export: Exporter) -> None:
    run_id = world.answered_run(4)
    units = [unit for unit, _ in world.units_of[run_id]]
    world.judge(units[0], 1, "accepted", "approved")
    world.judge(units[1], 2, "rejected", "rejected")

    def make_gold(tx: Transaction) -> None:
        tx.database.execute_sql("UPDATE unit SET unit_index = -2 WHERE id = ?", (units[3],))

    world.db.write_now(make_gold)
    world.db.write_now(judge_unit, NewJudgement(run_id, units[3], 4, False))
    assert [row["unit_id"] for row in jsonl(export(run_id))] == units
    assert [row["unit_id"] for row in jsonl(export(run_id, only_reviewed=True))] == units[:2]
    assert [row["unit_id"] for row in jsonl(export(run_id, only_accepted=True))] == units[:1]
    rows = jsonl(export(run_id, has_gold=False))
    assert [row["unit_id"] for row in rows] == units[:3]
    assert [row["is_right"] for row in jsonl(export(run_id))] == [None, None, None, False]
    assert Counter(row["kind"] for row in jsonl(export(run_id))) == {"unit": 3, "gold": 1}


def test_units_without_an_answer_come_only_when_asked_for(
    world: StoredWorld, export: Exporter
) -> None:
    run_id = world.add_run([{"text": "one"}, {"text": "two"}])
    world.answer(run_id, world.units_of[run_id][0][0], "ann")
    assert len(jsonl(export(run_id))) == 1
    rows = jsonl(export(run_id, has_every_status=True))
    assert [row["status"] for row in rows] == ["completed", "launched"]
    assert rows[1]["worker"] is rows[1]["agent_id"] is None


def test_a_decision_that_was_sent_is_exported(world: StoredWorld, export: Exporter) -> None:
    run_id = world.answered_run(2)
    unit = world.units_of[run_id][0][0]

    def decide(tx: Transaction, status: str, note: str) -> None:
        row = {"unit": unit, "task_run": run_id, "verdict": "accepted", "bonus_cents": 50}
        by = {"decided_by": "operator:ann", "created_at": tx.now, "status_at": tx.now}
        number = tx.select(Decision.insert(status="staged", note=note, **row, **by))
        tx.begin("decision", number, "staged", run=run_id)
        if status != "staged":
            tx.move("decision", number, status, run=run_id)

    world.db.write_now(decide, "withdrawn", "first thought")
    world.db.write_now(decide, "sent", "good")
    world.judge(unit, 1, "accepted", "approved")
    reviewed, other = jsonl(export(run_id))
    assert reviewed["review"]["verdict"] == "accepted"
    assert (reviewed["review"]["note"], reviewed["review"]["bonus_cents"]) == ("good", 50)
    assert other["review"] is None
    assert read_csv(export(run_id, format=Format.CSV))[0]["bonus_cents"] == "50"


HOSTILE = (
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "\nx",
    "'=1",
    "''+1",
    "＝1",
    'a "quoted", text\r\nover lines',
    "\x1b[31mred\x00",
    "\u202egnp.exe",
    "[bold]markup[/bold]",
    "x" * 1_000_000,
)


def test_no_text_in_a_csv_is_a_formula_and_every_text_comes_back(
    world: StoredWorld, export: Exporter
) -> None:
    run_id = world.add_run([{"text": text, "=title": 1} for text in HOSTILE])
    for index, (unit, _) in enumerate(world.units_of[run_id]):
        world.answer(run_id, unit, f"w{index}", {"said": HOSTILE[index], "number": -5})
    csv.field_size_limit(2_000_000)
    with (export(run_id, format=Format.CSV).path / "units.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for cells in [list(rows[0]), *(list(row.values()) for row in rows)]:
        assert not any(cell[:1] in FORMULA_STARTS for cell in cells if cell and cell != "-5")
    assert [plain_cell(row["outputs.said"]) for row in rows] == list(HOSTILE)
    assert [plain_cell(row["inputs.text"]) for row in rows] == list(HOSTILE)
    assert {row["outputs.number"] for row in rows} == {"-5"}
    assert [row["data"]["outputs"]["said"] for row in jsonl(export(run_id))] == list(HOSTILE)
    table = read_parquet(export(run_id, format=Format.PARQUET))
    assert table.column("outputs.said").to_pylist() == list(HOSTILE)


def test_columns_are_typed_where_all_values_are_of_one_type(
    world: StoredWorld, export: Exporter
) -> None:
    answers: list[Any] = [
        {"n": 1, "x": 1, "b": True, "mixed": 1, "list": [1], "big": 2**62, "both": 2**62},
        {"n": None, "x": 1.5, "b": False, "mixed": "a", "new": "late", "both": 0.5},
    ]
    run_id = world.add_run([{}, {}])
    for (unit, _), answer in zip(world.units_of[run_id], answers, strict=True):
        world.answer(run_id, unit, f"w{unit}", answer)
    table = read_parquet(export(run_id, format=Format.PARQUET))
    types = {name: str(table.schema.field(name).type) for name in table.column_names}
    assert types["outputs.n"] == types["unit_id"] == "int64"
    assert (types["outputs.x"], types["outputs.b"]) == ("double", "bool")
    assert types["outputs.mixed"] == types["outputs.list"] == "string"
    assert (types["outputs.big"], types["outputs.both"]) == ("int64", "string")
    assert types["submitted_at"] == "timestamp[ms, tz=UTC]"
    assert table.column("outputs.new").to_pylist() == [None, "late"]
    assert table.column("outputs.list").to_pylist() == ["[1]", None]


def test_answers_that_are_no_objects_or_have_endless_fields_are_one_column(
    world: StoredWorld, export: Exporter
) -> None:
    run_id = world.add_run([{}, {}])
    (first, _), (second, _) = world.units_of[run_id]
    world.answer(run_id, first, "ann", ["a", "list"])
    world.answer(run_id, second, "bob", {f"field {number}": number for number in range(900)})
    rows = read_csv(export(run_id, format=Format.CSV))
    assert json.loads(rows[0]["outputs"]) == ["a", "list"]
    assert len(json.loads(rows[1]["outputs"])) == 900


def test_an_answer_nested_as_deeply_as_it_can_be_stored_is_exported(
    world: StoredWorld, export: Exporter
) -> None:
    run_id = world.add_run([{}])
    deep: Any = "deep"
    for _ in range(250):
        deep = [deep]
    world.answer(run_id, world.units_of[run_id][0][0], "ann", {"a": deep})
    (row,) = jsonl(export(run_id))
    assert row["data"]["outputs"]["a"] == deep
    assert number_of_rows(export(run_id, format=Format.MEPHISTO)) == 1
    assert number_of_rows(export(run_id, format=Format.CSV)) == 1


def test_uploads_come_with_the_dataset_and_can_be_left_out(
    world: StoredWorld, export: Exporter
) -> None:
    run_id = world.add_run([{}])
    files = {"../../evil.png": b"one", "noname": b"two"}
    world.answer(run_id, world.units_of[run_id][0][0], "ann", {"a": 1}, files)
    report = export(run_id)
    (row,) = jsonl(report)
    assert [(report.path / file["path"]).read_bytes() for file in row["files"]] == [b"one", b"two"]
    assert [file["original_name"] for file in row["files"]] == ["../../evil.png", "noname"]
    assert row["files"][0]["path"].endswith(".png")
    assert all(".." not in file["path"] for file in row["files"])
    bare = export(run_id, has_uploads=False)
    assert not (bare.path / "uploads").exists()
    assert read_manifest(bare.path)["counts"]["files"] == 0


def test_files_that_are_gone_or_damaged_are_listed(world: StoredWorld, export: Exporter) -> None:
    run_id = world.add_run([{}])
    files = {"a.png": b"one", "b.png": b"two", "c.png": b"three"}
    world.answer(run_id, world.units_of[run_id][0][0], "ann", {}, files)
    gone, damaged, _ = sorted((world.home / "runs" / str(run_id) / "uploads").iterdir())
    gone.unlink()
    damaged.write_bytes(b"other")
    report = export(run_id)
    assert len(report.missing_files) == 2
    manifest = verify(report.path)
    assert manifest["missing_files"] == list(report.missing_files)
    assert manifest["counts"]["files"] == 1


def test_an_export_that_was_changed_does_not_verify(world: StoredWorld, export: Exporter) -> None:
    report = export(world.answered_run(2))
    verify(report.path)
    (report.path / "units.jsonl").write_text("{}")
    with pytest.raises(StateError, match=r"units\.jsonl is not as it was written"):
        verify(report.path)
    (report.path / "units.jsonl").unlink()
    with pytest.raises(StateError, match="missing"):
        verify(report.path)
    with pytest.raises(NotFoundError):
        verify(report.path.parent)


def test_nothing_is_written_over(world: StoredWorld, export: Exporter, tmp_path: Path) -> None:
    run_id = world.answered_run(1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    with pytest.raises(StateError, match="exists"):
        export(run_id, out=tmp_path / "mine")
    (tmp_path / "empty").mkdir()
    assert export(run_id, out=tmp_path / "empty").units == 1


def test_the_manifest_has_no_secrets(world: StoredWorld, export: Exporter) -> None:
    config = {"provider": {"api_token": "hunter2"}, "task": {"task_title": "t"}}
    run_id = world.answered_run(1, config=config)
    for file_format in FORMATS:
        report = export(run_id, format=file_format)
        assert all(b"hunter2" not in data for data in contents(report.path).values())
    (run,) = read_manifest(report.path)["runs"]
    assert run["config"]["mephisto"]["task"] == {"task_title": "t"}
    assert run["units_stored"] == {"completed": 1}


def test_runs_are_found_by_number_task_and_project(world: StoredWorld) -> None:
    first = world.answered_run(1, project="lab")
    second = world.answered_run(1, task="other", project="lab")
    third = world.answered_run(1, task="alone")
    assert runs_of(world.db, run_id=first) == (first,)
    assert runs_of(world.db, task_name="alone") == (third,)
    assert runs_of(world.db, project="lab") == (first, second)
    for nothing in ({"run_id": 99}, {"task_name": "x"}, {"project": "x"}):
        with pytest.raises(NotFoundError):
            runs_of(world.db, **nothing)  # type: ignore[arg-type]
    with pytest.raises(StateError):
        runs_of(world.db, run_id=first, project="lab")


def test_the_datasheet_answers_what_the_data_know_and_names_the_rest(
    world: StoredWorld, export: Exporter
) -> None:
    report = export(world.answered_run(3))
    text = (report.path / "DATASHEET.md").read_text("utf-8")
    assert "3 units (3 completed)" in text
    assert "3 workers" in text
    assert "$0.25 a unit" in text
    for blank in ("purpose", "license", "consent", "contact"):
        assert f"[[{blank}]]" in text


def test_an_interrupted_export_goes_on_and_ends_with_the_same_bytes(
    world: StoredWorld, export: Exporter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from mephisto_engine.operations.packaging import package as module
    from mephisto_engine.operations.packaging import view

    monkeypatch.setattr(view, "PART_UNITS", 2)
    run_id = world.answered_run(7)
    out = tmp_path / "exports" / "slow"

    def full_disk(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setitem(module._TABLES, Format.JSONL, full_disk)
        with pytest.raises(Exception, match="No space left"):
            export(run_id, out=out)
    assert not out.exists()
    report = export(run_id, out=out)
    assert report.resumed_units == 7
    assert contents(report.path) == contents(export(run_id).path)
    assert not list(out.parent.glob(".*"))


def test_what_has_changed_meanwhile_makes_an_interrupted_export_begin_anew(
    world: StoredWorld, export: Exporter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from mephisto_engine.operations.packaging import package as module

    run_id = world.answered_run(3)
    with monkeypatch.context() as patch:
        patch.setitem(module._TABLES, Format.JSONL, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            export(run_id, out=tmp_path / "e")
    world.judge(world.units_of[run_id][0][0], 1, "accepted", "approved")
    report = export(run_id, out=tmp_path / "e")
    assert report.resumed_units == 0
    assert jsonl(report)[0]["status"] == "accepted"


def test_parquet_without_pyarrow_says_what_to_install(
    world: StoredWorld, export: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Exception, match="pyarrow"):
        export(world.answered_run(1), format=Format.PARQUET)
    assert tables.ROW_GROUP > 0


def test_a_mephisto_export_has_mephistos_folders_and_shapes(
    world: StoredWorld, export: Exporter
) -> None:
    run_id = world.add_run([{"text": "one"}], each=2)
    (first, assignment), (second, _) = world.units_of[run_id]
    agent_id = world.answer(run_id, first, "ann-long-name", {"a": 1}, {"x.png": b"png"})
    world.answer(run_id, second, "bob-long-name", {"a": 2})
    world.tell(run_id, agent_id, {"tips": {"text": "a tip"}})
    folder = export(run_id, format=Format.MEPHISTO).path
    items = folder / f"data/runs/NO_PROJECT/{run_id}/{assignment}"
    assert json.loads((items / "assign_data.json").read_bytes()) == {
        "shared": {"text": "one"},
        "unit_data": [{}, {}],
    }
    agent = items / str(agent_id)
    data = json.loads((agent / "agent_data.json").read_bytes())
    assert data == {"inputs": {"text": "one"}, "outputs": {"a": 1}}
    metadata = json.loads((agent / "agent_meta.json").read_bytes())
    assert set(metadata) == {"task_start", "task_end", "tips", "feedback"}
    assert metadata["tips"] == [{"accepted": False, "text": "a tip"}]
    assert sum(path.read_bytes() == b"png" for path in agent.iterdir()) == 1
    with sqlite3.connect(folder / "database.db") as database:
        pay = database.execute("SELECT pay_amount, typeof(pay_amount) FROM units").fetchall()
        orphans = database.execute(
            "SELECT count(*) FROM units LEFT JOIN agents USING (agent_id) "
            "LEFT JOIN workers ON workers.worker_id = agents.worker_id WHERE worker_name IS NULL"
        ).fetchone()
    assert pay == [(0.25, "real")] * 2
    assert orphans == (0,)


def test_what_an_interrupted_export_left_is_compared_before_it_is_taken_up(
    world: StoredWorld, export: Exporter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As after a power cut: the notes of it are there, and a file of it is not as it was."""
    from mephisto_engine.operations.packaging import package as module
    from mephisto_engine.operations.packaging import view

    monkeypatch.setattr(view, "PART_UNITS", 2)
    run_id = world.answered_run(5)
    out = tmp_path / "exports" / "cut"
    with monkeypatch.context() as patch:
        patch.setattr(module, "write_manifest", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            export(run_id, out=out, format=Format.MEPHISTO)
    stage = out.parent / ".cut.partial"
    written = sorted(stage.rglob("agent_data.json"))
    written[0].write_bytes(b"")
    written[1].unlink()
    (stage / "parts" / "000001.jsonl").write_bytes(b"\0" * 100)
    (stage / "parts" / "000002.placed").write_bytes(b"{")
    report = export(run_id, out=out, format=Format.MEPHISTO)
    assert report.resumed_units == 3
    assert contents(report.path) == contents(export(run_id, format=Format.MEPHISTO).path)
