"""Configs of Mephisto's shape compose unchanged, and leave nothing of Hydra's behind."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mephisto_engine.abstractions.registry import PluginKind
from mephisto_engine.config.compose import Composition, compose, task_dir_of

CONF = "word_pairs/hydra_configs/conf"


def composed(path, registry, *overrides) -> Composition:
    result = compose(path, overrides, registry)
    assert result.problems == []
    return result


def test_a_mephisto_config_composes_unchanged(data, registry):
    result = composed(data / CONF / "pairs_local_mock.yaml", registry)
    folder = data / "word_pairs"
    node = result.tree["mephisto"]
    assert result.task_dir == folder
    assert node["blueprint"]["data_csv"] == f"{folder}/data/pairs.csv"
    assert node["blueprint"]["_blueprint_type"] == "static_task"
    assert node["architect"]["port"] == "3000"
    assert node["provider"]["_provider_type"] == "mock"
    assert node["task"]["submission_timeout"] == 600
    assert result.tree["num_turns"] == 3


@pytest.mark.parametrize("name", ["pairs_local_mock", "no_self"])
def test_a_file_wins_over_its_defaults_with_and_without_self(data, registry, name):
    result = composed(data / CONF / f"{name}.yaml", registry)
    assert result.tree["mephisto"]["task"]["max_num_concurrent_units"] == 40
    assert result.tree["mephisto"]["task"]["allowed_concurrent"] == 1


def test_a_default_may_interpolate_another_key(data, registry):
    result = composed(data / CONF / "pairs_local_mock.yaml", registry)
    assert result.tree["mephisto"]["architect"]["subdomain"] == "word-pairs"


def test_overrides_change_add_and_delete(data, registry):
    result = composed(
        data / CONF / "pairs_local_mock.yaml",
        registry,
        "mephisto.task.task_reward=0.10",
        "mephisto/architect=other",
        "+note=hello",
        "~num_turns",
        "+profile=lab",
        "mephisto.blueprint.colors=[red,blue]",
    )
    node = result.tree["mephisto"]
    assert node["task"]["task_reward"] == 0.10
    assert node["architect"]["_architect_type"] == "other"
    assert node["architect"]["hostname"] == "lab.example.org"
    assert node["blueprint"]["colors"] == ["red", "blue"]
    assert result.tree["note"] == "hello"
    assert "num_turns" not in result.tree


def test_a_plain_file_names_its_plugins_by_type(data, registry):
    result = composed(
        data / "plain/pairs.yaml", registry, "mephisto.blueprint.units_per_assignment=4"
    )
    node = result.tree["mephisto"]
    assert node["blueprint"]["units_per_assignment"] == 4
    assert node["architect"]["hostname"] == "localhost"
    assert node["architect"]["port"] == 3001
    assert result.task_dir == data / "plain"


def test_a_group_override_replaces_the_type_of_a_plain_file(data, registry):
    result = composed(data / "plain/pairs.yaml", registry, "mephisto/architect=other")
    assert result.tree["mephisto"]["architect"]["_architect_type"] == "other"


def test_a_group_override_may_be_the_only_choice(write, good, registry):
    path = write(good.replace("  - /mephisto/architect: local\n", ""))
    result = composed(path, registry, "mephisto/architect=local")
    assert result.tree["mephisto"]["architect"]["hostname"] == "localhost"


def test_the_environment_can_be_read(write, good, registry, monkeypatch):
    monkeypatch.setenv("PAIRS_TITLE", "From outside")
    path = write(good.replace("Word pairs", "${oc.env:PAIRS_TITLE}"))
    assert composed(path, registry).tree["mephisto"]["task"]["task_title"] == "From outside"


def test_odd_folder_names_do_no_harm(tmp_path, good, registry):
    folder = tmp_path / "a b=c,ü'${x}"
    folder.mkdir()
    path = folder / "conf.v2.yaml"
    path.write_text(good.replace("page.html", "${task_dir}/page.html"))
    source = composed(path, registry).tree["mephisto"]["blueprint"]["task_source"]
    assert source == f"{folder}/page.html"


@pytest.mark.parametrize(
    ("path", "task_dir"),
    [
        ("/t/hydra_configs/conf/a.yaml", "/t"),
        ("/t/hydra_configs/a.yaml", "/t"),
        ("/t/conf/a.yaml", "/t/conf"),
    ],
)
def test_the_task_folder_is_above_hydra_configs(path, task_dir):
    assert task_dir_of(Path(path)) == Path(task_dir)


def test_composing_leaves_nothing_behind(data, registry, tmp_path, monkeypatch):
    from hydra.core.config_store import ConfigStore
    from hydra.core.global_hydra import GlobalHydra

    monkeypatch.chdir(tmp_path)
    store = ConfigStore.instance()
    store.store(group="mephisto/architect", name="mine", node={"a": 1})
    before = list(store.repo["mephisto"]["architect"])
    composed(data / CONF / "pairs_local_mock.yaml", registry)
    assert not GlobalHydra.instance().is_initialized()
    assert list(store.repo["mephisto"]["architect"]) == before
    assert os.getcwd() == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_composing_works_inside_a_hydra_program(data, registry):
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.version import getbase

    with initialize_config_dir(str(data / "plain"), version_base="1.2"):
        base = getbase()
        composed(data / CONF / "pairs_local_mock.yaml", registry)
        assert hydra_compose("pairs").mephisto.task.task_name == "plain-pairs"
        assert getbase() == base


def test_threads_compose_one_after_the_other(data, registry):
    paths = [data / CONF / "pairs_local_mock.yaml", data / "plain/pairs.yaml"] * 2
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda path: composed(path, registry), paths))
    names = [result.tree["mephisto"]["task"]["task_name"] for result in results]
    assert names == ["word-pairs", "plain-pairs"] * 2


def test_only_the_chosen_plugins_are_loaded(data, registry):
    class Broken:
        """Not a plugin at all."""

    registry.register(PluginKind.ARCHITECT, "broken", Broken)
    assert composed(data / CONF / "pairs_local_mock.yaml", registry).tree
