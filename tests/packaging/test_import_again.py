"""An import that is repeated brings what was missing before, and nothing twice."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from commands import mephisto_tui
from exporter import Exporter
from stored_world import StoredWorld
from test_import_mephisto import WRITTEN_BY_MEPHISTO, everything

from mephisto_engine import DataBrowser
from mephisto_engine.data_model import OnboardingAgent, Submission
from mephisto_engine.database.queries.answers import Selection
from mephisto_engine.database.queries.dataset import dataset_facts
from mephisto_engine.operations.importing.bring import import_mephisto
from mephisto_engine.operations.packaging.archive import carry_out, plan_archive

RUNS = ("label-sentences", "edit-articles", "chat-about")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WRITTEN_BY_MEPHISTO, tmp_path / "old"))


def answers(world: StoredWorld) -> list[Any]:
    browser = DataBrowser(world.db)
    found = [item for task in RUNS for item in browser.get_data(task_name=task)]
    return [
        {key: value for key, value in item.items() if not key.endswith(("_id", "status_at"))}
        for item in found
    ]


def test_files_that_were_missing_come_with_the_next_import(
    world: StoredWorld, old: Path, tmp_path: Path
) -> None:
    import_mephisto(world.db, world.home, WRITTEN_BY_MEPHISTO)
    whole, expected = everything(world), answers(world)
    other = StoredWorld(type(world.db).open(home=tmp_path / "other"), tmp_path / "other")
    with other.db:
        shutil.move(old / "data", tmp_path / "elsewhere")
        first = import_mephisto(other.db, other.home, old)
        assert any("has no stored answer" in note for note in first.notes)
        before = other.db.read(dataset_facts, Selection((1,), frozenset({"accepted"})))["as_of"]
        shutil.move(tmp_path / "elsewhere", old / "data")
        second = import_mephisto(other.db, other.home, old)
        assert second.counts == {
            "completed answers": 8,
            "completed items": 6,
            "completed onboarding answers": 2,
            "files": 1,
            "live updates": 6,
            "metadata": 1,
        }
        assert answers(other) == expected
        assert everything(other) == whole
        after = other.db.read(dataset_facts, Selection((1,), frozenset({"accepted"})))["as_of"]
        assert after != before, "an interrupted export would go on with the old answers"
        for body, digest in other.db.stream(Submission.select(Submission.body, Submission.sha256)):
            assert hashlib.sha256(body.encode()).hexdigest() == digest
        assert all(row[0] is not None for row in other.db.stream(OnboardingAgent.select("answer")))
        assert import_mephisto(other.db, other.home, old).counts == {}


def test_an_answer_that_has_come_is_not_replaced(world: StoredWorld, old: Path) -> None:
    import_mephisto(world.db, world.home, old)
    before = answers(world)
    path = old / "data/runs/NO_PROJECT/1/1/1/agent_data.json"
    path.write_text('{"inputs": {}, "outputs": {"label": "another"}}')
    assert import_mephisto(world.db, world.home, old).counts == {}
    assert answers(world) == before


def test_a_file_that_cannot_be_written_stops_the_import_in_words(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "runs").touch()
    done = mephisto_tui(home, "import-mephisto", WRITTEN_BY_MEPHISTO)
    assert "The import stopped at" in done.stderr
    assert "Fault" not in done.stderr
    (home / "runs").unlink()
    again = mephisto_tui(home, "import-mephisto", WRITTEN_BY_MEPHISTO)
    assert again.returncode == 0, again.stderr
    assert "8 answers" in again.stdout


def test_files_that_were_archived_stay_away(
    world: StoredWorld, old: Path, export: Exporter
) -> None:
    import_mephisto(world.db, world.home, old)
    plan = plan_archive(world.db, world.home, (1,), export(1).path)
    assert plan.files == 1
    carry_out(world.db, plan)
    assert import_mephisto(world.db, world.home, old).counts == {}
    assert not list((world.home / "runs/1/uploads").iterdir())


def test_a_file_is_durable_before_the_row_that_names_it(
    world: StoredWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    import_mephisto(world.db, world.home, WRITTEN_BY_MEPHISTO)
    folder = world.home / "runs/1/uploads"
    (picture,) = folder.iterdir()
    assert synced == [picture.stat().st_ino, folder.stat().st_ino]
