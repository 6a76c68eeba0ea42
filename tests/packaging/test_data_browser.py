from __future__ import annotations

import subprocess
import sys

import pytest
from stored_world import StoredWorld

import mephisto_engine
from mephisto_engine import DataBrowser
from mephisto_engine.database.operations import workers
from mephisto_engine.errors import NotFoundError, StateError

KEYS_OF_MEPHISTO = {
    "assignment_id",
    "data",
    "metadata",
    "status",
    "task_end",
    "task_start",
    "unit_id",
    "worker_id",
    "worker_name",
    "tips",
    "feedback",
}


@pytest.fixture
def browser(world: StoredWorld) -> DataBrowser:
    return DataBrowser(world.db)


def test_a_units_data_has_mephistos_keys(world: StoredWorld, browser: DataBrowser) -> None:
    run_id = world.add_run([{"text": "one"}])
    unit = world.units_of[run_id][0][0]
    agent_id = world.answer(run_id, unit, "ann", {"label": 3}, {"cat.png": b"png"})
    world.tell(run_id, agent_id, {"tips": {"header": "h", "text": "t", "type": "tips"}})
    world.tell(run_id, agent_id, {"feedback": {"data": [{"question": "q", "text": "a"}]}})
    data = browser.get_data_from_unit(browser.get_units_for_run_id(run_id)[0])
    assert set(data) >= KEYS_OF_MEPHISTO
    assert data["data"] == {"inputs": {"text": "one"}, "outputs": {"label": 3}}
    assert (data["worker_name"], data["status"], data["unit_id"]) == ("ann", "completed", unit)
    assert data["tips"] == [{"accepted": False, "header": "h", "text": "t"}]
    assert data["feedback"] == [{"reviewed": False, "toxicity": None, "question": "q", "text": "a"}]
    assert data["task_end"] >= data["task_start"] > 1e9


def test_units_of_a_task_are_those_of_all_its_runs_that_are_done(
    world: StoredWorld, browser: DataBrowser
) -> None:
    first, second = world.answered_run(3), world.answered_run(2)
    open_run = world.add_run([{"text": "open"}])
    world.answered_run(1, task="other")
    units = browser.get_units_for_task_name("sample")
    assert [unit.task_run_id for unit in units] == [first] * 3 + [second] * 2
    world.end(open_run)
    assert len(browser.get_all_units_for_task_name("sample")) == 6
    assert browser.get_task_name_list() == ["sample", "other"]
    matching = browser.collect_matching_units_from_task_runs([first, open_run], ["expired"])
    assert [unit.task_run_id for unit in matching] == [open_run]


def test_a_conversation_reads_as_its_blueprint_says(
    world: StoredWorld, browser: DataBrowser
) -> None:
    run_id = world.add_run([{"topic": "tea"}], blueprint="parlai_chat")
    unit = world.units_of[run_id][0][0]
    agent_id, worker_id = world.come(run_id, unit, "ann")
    world.talk(agent_id, (True, {"text": "hi"}), (False, {"text": "ho"}))
    world.submit(run_id, unit, agent_id, worker_id, {"rating": 5})
    (data,) = browser.get_data(run_id=run_id)
    assert data["data"]["outputs"] == {
        "messages": [{"text": "hi"}, {"text": "ho"}],
        "final_submission": {"rating": 5},
    }


def test_an_answer_whose_blueprint_is_gone_is_still_read(
    world: StoredWorld, browser: DataBrowser
) -> None:
    run_id = world.add_run([{"text": "one"}], task="gone", blueprint="gone_blueprint")
    world.answer(run_id, world.units_of[run_id][0][0], "ann", {"a": 1})
    (data,) = browser.get_data(run_id=run_id)
    assert data["data"] == {"inputs": {"text": "one"}, "outputs": {"a": 1}}


def test_metadata_is_collected_over_a_task(world: StoredWorld, browser: DataBrowser) -> None:
    run_id = world.answered_run(2)
    for number, (unit, _) in enumerate(world.units_of[run_id]):
        record = browser.get_data_from_unit(unit)
        assert record["tips"] == []
        agent_id = number + 1
        world.tell(run_id, agent_id, {"tips": {"text": f"tip {number}"}})
    tips = browser.get_metadata_property_from_task_name("sample", "tips")
    assert [tip["text"] for tip in tips] == ["tip 0", "tip 1"]
    with pytest.raises(StateError, match="nonsense"):
        browser.get_metadata_property_from_task_name("sample", "nonsense")


def test_the_qualified_are_those_who_hold_the_value_one(
    world: StoredWorld, browser: DataBrowser
) -> None:
    world.answered_run(3)
    world.db.write_now(workers.create_qualification, "good", "", "operator:t")
    for worker_id, value in ((1, 1), (2, 0), (3, 1)):
        world.db.write_now(workers.grant_qualification, worker_id, "good", value, "operator:t")
    assert [worker.id for worker in browser.get_workers_with_qualification("good")] == [1, 3]


def test_what_is_not_there_is_said(world: StoredWorld, browser: DataBrowser) -> None:
    run_id = world.add_run([{"text": "open"}])
    with pytest.raises(NotFoundError):
        browser.get_units_for_task_name("nothing")
    with pytest.raises(NotFoundError):
        browser.get_units_for_run_id(99)
    with pytest.raises(NotFoundError):
        browser.get_workers_with_qualification("nothing")
    with pytest.raises(StateError):
        browser.get_data_from_unit(world.units_of[run_id][0][0])


def test_many_units_are_read_with_few_queries(
    world: StoredWorld, browser: DataBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = world.answered_run(1200)
    asked = 0
    execute = type(world.db._reader).execute_sql

    def counting(self: object, *args: object, **kwargs: object) -> object:
        nonlocal asked
        asked += 1
        return execute(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(type(world.db._reader), "execute_sql", counting)
    assert sum(1 for _ in browser.get_data(run_id=run_id)) == 1200
    assert asked < 120


def test_another_process_reads_while_the_database_is_written(world: StoredWorld) -> None:
    world.answered_run(2)
    script = (
        "from mephisto_engine import DataBrowser\n"
        "with DataBrowser() as browser:\n"
        "    print(len(list(browser.get_data(task_name='sample'))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"MEPHISTO_HOME": str(world.home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "2\n", done.stderr
    world.answered_run(1)


def test_the_browser_is_a_public_name() -> None:
    assert mephisto_engine.DataBrowser is DataBrowser
    assert "DataBrowser" in mephisto_engine.__all__
