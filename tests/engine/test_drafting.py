from __future__ import annotations

import asyncio

import pytest

from mephisto_engine.abstractions.registry import PluginKind
from mephisto_engine.config.draft import LaunchDraft
from mephisto_engine.database.queries.runs import launched_configs
from mephisto_engine.errors import MephistoError
from mephisto_engine.operations.drafting import check_draft, save_draft, stored_draft
from mephisto_engine.operations.plan import StoredFacts

SOUND = {
    "mephisto.blueprint.num_assignments": 5,
    "mephisto.task.task_title": "Pairs",
    "mephisto.task.task_description": "Say whether two words belong together",
    "mephisto.task.task_reward": 0.1,
    "mephisto.task.task_tags": "words",
}


@pytest.fixture
def bare(world, tmp_path):
    draft = LaunchDraft(folder=tmp_path)
    for kind in PluginKind:
        draft = draft.with_plugin(kind, "mock", world.registry)
    return draft


@pytest.fixture
def sound(bare):
    for key, value in SOUND.items():
        bare = bare.edited(key, value)
    return bare


def test_nothing_at_all_is_a_draft_with_problems(world, tmp_path):
    check = check_draft(LaunchDraft(folder=tmp_path), world.registry)
    assert {f"mephisto.{kind}" for kind in PluginKind} < {item.where for item in check.problems}
    assert [section.kind for section in check.sections] == ["task"]
    assert "mock" in check.choices[PluginKind.PROVIDER]
    assert not check.can_launch


def test_a_draft_without_a_file_becomes_launchable(world, sound):
    check = check_draft(sound, world.registry)
    assert check.problems == ()
    assert check.can_launch
    assert check.plan.worst_cents == 50
    assert check.values["mephisto.task.task_reward"] == 0.1
    assert [section.kind for section in check.sections] == [
        "task", "blueprint", "architect", "provider",
    ]  # fmt: skip


def test_all_problems_come_at_once_with_the_values_that_were_given(world, sound):
    draft = sound.edited("mephisto.task.task_reward", "much").edited(
        "mephisto.blueprint.num_assignments", -1
    )
    check = check_draft(draft, world.registry)
    assert {item.where for item in check.problems} == {
        "mephisto.task.task_reward", "mephisto.blueprint.num_assignments",
    }  # fmt: skip
    assert check.values["mephisto.task.task_reward"] == "much"
    assert check.plan is None


def test_what_only_the_database_knows_is_a_problem_beside_the_plan(world, sound, tmp_path):
    (tmp_path / "task.py").write_text(
        "qualifications = [{'qualification_name': 'es', 'comparator': 'Exists'}]"
    )
    draft = sound.edited("mephisto.task.code", str(tmp_path / "task.py"))
    check = check_draft(draft, world.registry, StoredFacts(lambda names: names, lambda _: None))
    assert [item.where for item in check.problems] == ["qualifications"]
    assert check.plan is not None
    assert not check.can_launch


def test_a_saved_draft_is_launched_like_the_draft(world, sound, tmp_path):
    path = save_draft(sound, tmp_path / "new.yaml")
    assert check_draft(LaunchDraft(path=path), world.registry).plan == (
        check_draft(sound, world.registry).plan
    )


def test_saving_does_not_replace_a_file_unasked(sound, tmp_path):
    path = tmp_path / "new.yaml"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        save_draft(sound, path)
    assert path.read_text() == "mine"
    save_draft(sound, path, replaces=True)
    assert "task_reward: 0.1" in path.read_text()
    assert [item.name for item in tmp_path.iterdir() if item.is_file()] == ["new.yaml"]


@pytest.mark.parametrize("name", ["new.yml", "a@b.yaml", "missing/new.yaml"])
def test_a_draft_cannot_be_saved_just_anywhere(sound, tmp_path, name):
    with pytest.raises(MephistoError):
        save_draft(sound, tmp_path / name)


def test_a_draft_without_a_file_gets_one_to_be_launched_from(sound, tmp_path):
    first, second = stored_draft(sound, tmp_path), stored_draft(sound, tmp_path)
    assert first.path.name == "launch-1.yaml"
    assert second.path.name == "launch-2.yaml"
    assert stored_draft(first, tmp_path) is first


async def test_launched_configs_are_listed_newest_first_and_once(world, sound, tmp_path):
    for name in ("a.yaml", "b.yaml", "a.yaml"):
        path = save_draft(sound, tmp_path / name, replaces=True)
        check = await asyncio.to_thread(check_draft, LaunchDraft(path=path), world.registry)
        await world.operator.launch(check.config)
    found = world.db.read(launched_configs, 10)
    assert [(item.path, item.run_id) for item in found] == [
        (str(tmp_path / "a.yaml"), 3), (str(tmp_path / "b.yaml"), 2),
    ]  # fmt: skip
    assert found[0].task_name == "mock"
