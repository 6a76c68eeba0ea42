from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import mephisto_tui
from exporter import FORMATS, Exporter, contents, jsonl, read_csv, read_parquet
from full_world import ANN, BOB, LATE, NAMES, OPERATOR, fill
from stored_world import StoredWorld

from mephisto_engine.data_model import Worker
from mephisto_engine.database.operations import money, review, workers
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.operations.packaging.manifest import read_manifest, verify
from mephisto_engine.operations.packaging.request import Format


def test_everything_beside_the_units_has_a_table(world: StoredWorld, export: Exporter) -> None:
    full = fill(world)
    report = export(full.run_id)
    assert report.tables == {
        "other_agents": 1,
        "intents": 2,
        "qualifications": 2,
        "notes": 1,
        "feedback": 3,
        "onboarding": 1,
        "gold_results": 1,
    }
    manifest = verify(report.path)
    assert {name: facts["rows"] for name, facts in manifest["tables"].items()} == report.tables
    names = {row["unit_id"]: row["worker"] for row in jsonl(report)}
    (late,) = jsonl(report, "tables/other_agents")
    assert (late["unit_id"], late["agent_status"]) == (full.expired_unit, "timeout")
    assert late["is_late_answer"]
    assert late["data"]["outputs"]["said"] == f"sorry, {late['worker']}"
    assert (report.path / late["files"][0]["path"]).read_bytes() == b"late file"
    pay, bonus = jsonl(report, "tables/intents")
    assert (pay["kind"], pay["status"], pay["amount_cents"], pay["fee_cents"]) == (
        "approve",
        "confirmed",
        25,
        5,
    )
    assert (bonus["kind"], bonus["status"], bonus["amount_cents"]) == ("bonus", "failed", 50)
    assert bonus["unit_id"] == pay["unit_id"] == full.unit
    assert bonus["worker"] == names[full.unit]
    fluent, _ = jsonl(report, "tables/qualifications")
    assert (fluent["worker"], fluent["qualification"], fluent["value"]) == (
        names[full.unit],
        "fluent",
        3,
    )
    (note,) = jsonl(report, "tables/notes")
    assert note["text"] == f"{names[full.unit]} is careful"
    told = [(row["kind"], row["about"], row["text"]) for row in jsonl(report, "tables/feedback")]
    assert told == [
        ("tip", "A tip", f"ask {names[full.unit]}"),
        ("feedback", "q", "too long"),
        ("opinion", "q2", "fine"),
    ]
    (newcomer,) = jsonl(report, "tables/onboarding")
    assert newcomer["status"] == "rejected"
    assert newcomer["data"]["outputs"] == {"name": newcomer["worker"], "agrees": True}
    (gold,) = jsonl(report, "tables/gold_results")
    assert (gold["unit_id"], gold["kind"], gold["is_right"]) == (full.gold_unit, "gold", False)
    assert gold["expected"] == {"label": 2}


@pytest.mark.parametrize("file_format", FORMATS)
def test_no_worker_is_named_anywhere_in_an_export(
    world: StoredWorld, export: Exporter, file_format: Format
) -> None:
    full = fill(world)
    report = export(full.run_id, format=file_format)
    for path, data in contents(report.path).items():
        for name in NAMES:
            assert name.encode() not in data, (path, name)
            # Not as the ending of a file, either.
            assert name not in path
    assert read_manifest(report.path)["runs"][0]["config"]["mephisto"]["task"]["only_for"][1:] == [
        "someone else"
    ]


def test_a_partner_is_hidden_in_what_the_other_one_said(
    world: StoredWorld, export: Exporter
) -> None:
    full = fill(world)
    ann, bob = (row for row in jsonl(export(full.run_id)) if row["kind"] == "unit")
    assert ann["data"]["outputs"]["said"] == f"{bob['worker']} told me: hi {ann['worker']}"
    assert bob["data"]["outputs"]["said"] == f"{ann['worker']} was nice"


def test_names_are_kept_everywhere_when_they_are_asked_for(
    world: StoredWorld, export: Exporter
) -> None:
    report = export(fill(world).run_id, has_raw_workers=True)
    assert [row["worker"] for row in jsonl(report, "tables/other_agents")] == [LATE]
    pay, bonus = jsonl(report, "tables/intents")
    assert pay["provider_ref"] == f"assignment-of-{ANN}"
    assert bonus["error"] == f"no such worker: {ANN}"


def test_filters_hold_for_the_tables_too(world: StoredWorld, export: Exporter) -> None:
    full = fill(world)
    accepted = export(full.run_id, only_accepted=True)
    assert accepted.tables == {"intents": 2, "qualifications": 1, "notes": 1, "feedback": 3}
    (ann,) = {row["worker"] for row in jsonl(accepted)}
    for table in accepted.tables:
        assert {row["worker"] for row in jsonl(accepted, f"tables/{table}")} == {ann}
    plain = export(full.run_id, has_gold=False)
    assert "gold_results" not in plain.tables
    assert plain.tables["other_agents"] == 1
    alone = export(full.run_id, has_tables=False)
    assert not alone.tables
    assert not (alone.path / "tables").exists()
    assert "were left out" in (alone.path / "DATASHEET.md").read_text("utf-8")


def test_rows_of_another_run_stay_out(world: StoredWorld, export: Exporter) -> None:
    fill(world)
    other = world.answered_run(2, task="other")
    assert not export(other).tables


def test_a_worker_who_is_called_like_a_status_spoils_none(
    world: StoredWorld, export: Exporter
) -> None:
    run_id = world.add_run([{"text": "one"}])
    unit = world.units_of[run_id][0][0]
    agent_id = world.answer(run_id, unit, "completed", {"a": 1})
    world.tell(run_id, agent_id, {"tips": {"text": "completed"}})
    report = export(run_id)
    (row,) = jsonl(report)
    assert (row["status"], row["agent_status"]) == ("completed", "completed")
    (tip,) = jsonl(report, "tables/feedback")
    assert (tip["kind"], tip["text"]) == ("tip", row["worker"])


@pytest.mark.parametrize("file_format", FORMATS)
def test_tables_are_the_same_bytes_in_a_repeat(
    world: StoredWorld, export: Exporter, file_format: Format
) -> None:
    full = fill(world)
    first, second = (export(full.run_id, format=file_format) for _ in range(2))
    assert contents(first.path) == contents(second.path)


def test_tables_are_read_back_as_csv_and_as_parquet(world: StoredWorld, export: Exporter) -> None:
    full = fill(world)
    plain = export(full.run_id, format=Format.CSV)
    (late,) = read_csv(plain, "tables/other_agents")
    assert late["is_late_answer"] == "true"
    assert late["outputs.said"].startswith("sorry, worker_")
    assert json.loads(late["files"])[0]["size"] == len(b"late file")
    table = read_parquet(export(full.run_id, format=Format.PARQUET), "tables/intents")
    assert table.column("amount_cents").to_pylist() == [25, 50]
    assert str(table.schema.field("created_at").type) == "timestamp[ms, tz=UTC]"


def test_the_datasheet_names_the_tables_and_their_free_text(
    world: StoredWorld, export: Exporter
) -> None:
    report = export(fill(world).run_id)
    text = (report.path / "DATASHEET.md").read_text("utf-8")
    assert "`tables/intents` (2 rows)" in text
    assert "`notes.text`" in text
    assert "1 answers came too late" in text


def test_the_command_says_what_is_beside_the_units(world: StoredWorld, tmp_path: Path) -> None:
    full = fill(world)
    world.db.close()
    done = mephisto_tui(world.home, "export", full.run_id, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "2 intents" in done.stderr
    alone = mephisto_tui(
        world.home, "export", full.run_id, "--out", tmp_path / "bare", "--units-only"
    )
    assert alone.returncode == 0, alone.stderr
    assert BOB not in alone.stdout + alone.stderr
    assert sorted(path.name for path in (tmp_path / "bare").iterdir()) == [
        "DATASHEET.md",
        "SHA256SUMS",
        "manifest.json",
        "units.jsonl",
        "uploads",
    ]


def test_a_note_of_one_worker_names_no_other(world: StoredWorld, export: Exporter) -> None:
    run_id = world.answered_run(2)
    first, second = "WORKER-00000", "WORKER-00001"
    ann = world.db.read(lambda: Worker.get(Worker.name == first).id)
    said = f"the same person as {second}, see {first}"
    world.db.write_now(workers.note_worker, ann, said, OPERATOR)
    report = export(run_id)
    (note,) = jsonl(report, "tables/notes")
    names = {row["item_index"]: row["worker"] for row in jsonl(report)}
    assert note["text"] == f"the same person as {names[1]}, see {names[0]}"
    for data in contents(report.path).values():
        assert second.encode() not in data


def test_what_a_reviewer_wrote_names_nobody_of_the_run(
    world: StoredWorld, export: Exporter
) -> None:
    run_id = world.answered_run(2)
    unit = world.units_of[run_id][0][0]
    new = NewDecision(unit, "rejected", note="copied from WORKER-00001", is_note_sent=True)
    decision_id = world.db.write_now(review.stage, new, OPERATOR)
    (reject,) = world.db.write_now(money.plan_decision, decision_id, lambda cents: 5)
    world.db.write_now(money.begin, reject.id)
    world.db.write_now(money.confirm, reject.id)
    report = export(run_id)
    first, second = jsonl(report)
    assert first["review"]["note"] == f"copied from {second['worker']}"
    for data in contents(report.path).values():
        assert b"WORKER-00001" not in data
