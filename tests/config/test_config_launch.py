"""A LaunchConfig holds real, checked values, and can be built anew from what is stored of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fake_plugins import LocalArgs, StaticArgs, StaticState

from mephisto_engine.abstractions.blueprint import SharedTaskState
from mephisto_engine.abstractions.qualifications import Comparator, Requirement
from mephisto_engine.config import launch_config_from_dict, load_launch_config
from mephisto_engine.config.redaction import MASK, is_secret, redacted
from mephisto_engine.config.task_args import to_cents
from mephisto_engine.errors import ConfigError, Problem

CONF = "word_pairs/hydra_configs/conf/pairs_local_mock.yaml"


def test_a_config_becomes_typed_values(data, registry):
    config = load_launch_config(
        data / CONF, ["mephisto.task.budget=12.5", "mephisto.architect.port=4000"], registry
    )
    assert isinstance(config.blueprint_args, StaticArgs)
    assert config.blueprint_args.units_per_assignment == 2
    assert isinstance(config.architect_args, LocalArgs)
    assert config.architect_args.port == "4000"
    assert config.architect_args.subdomain == "word-pairs"
    assert (config.pay_cents, config.budget_cents) == (7, 1250)
    assert config.task.task_name == "word-pairs"
    assert config.task_dir == data / "word_pairs"
    assert config.shared_state == StaticState()
    assert config.requirements == (Requirement("pairs-blocked", Comparator.DOES_NOT_EXIST),)
    assert config.warnings == ()


def test_a_run_without_a_name_is_called_after_its_blueprint(write, good, registry):
    config = load_launch_config(
        write(good.replace("    task_name: pairs\n", "")),
        ["mephisto.architect.subdomain=x"],
        registry,
    )
    assert config.task.task_name == "static_task"
    assert "static_task" in config.warnings[0]


def test_a_resolved_config_builds_the_same_launch_config(data, registry):
    first = load_launch_config(
        data / CONF, ["mephisto.task.code=pairs_code.py", "+note='a ${oc.env:HOME} b'"], registry
    )
    stored = json.loads(json.dumps(first.resolved))
    again = launch_config_from_dict(stored, registry)
    assert again.resolved == first.resolved
    assert (again.path, again.task_dir) == (first.path, first.task_dir)
    assert again.blueprint_args == first.blueprint_args
    assert again.task == first.task
    assert again.requirements == first.requirements
    assert again.shared_state.task_config == {"question": "Do they belong together?"}


def test_text_that_looks_like_an_interpolation_survives_a_resume(write, good, registry):
    path = write(good.replace("Word pairs", r"'Pay \${amount} now'"))
    first = load_launch_config(path, [], registry)
    assert first.task.task_title == "Pay ${amount} now"
    again = launch_config_from_dict(first.resolved, registry)
    assert again.task.task_title == "Pay ${amount} now"


def test_secrets_are_masked_and_read_from_the_file_again(write, good, registry, monkeypatch):
    text = good.replace(
        "task_source: page.html", "task_source: p\n    api_key: ${oc.env:PAIRS_KEY}"
    )
    monkeypatch.setenv("PAIRS_KEY", "s3cret")
    first = load_launch_config(write(text), [], registry)
    assert first.blueprint_args.api_key == "s3cret"
    assert "s3cret" not in json.dumps(first.resolved)
    assert first.resolved["mephisto"]["blueprint"]["api_key"] == MASK
    again = launch_config_from_dict(first.resolved, registry)
    assert again.blueprint_args.api_key == "s3cret"


def test_a_secret_that_is_nowhere_any_more_is_a_problem(write, good, registry):
    first = load_launch_config(write(good), ["mephisto.blueprint.api_key=s3cret"], registry)
    with pytest.raises(ConfigError) as caught:
        launch_config_from_dict(first.resolved, registry)
    assert [problem.where for problem in caught.value.problems] == ["mephisto.blueprint.api_key"]


@pytest.mark.parametrize(
    "name", ["api_key", "secret", "aws_secret_access_key", "accessKey", "PASSWORD", "auth_token"]
)
def test_names_of_secrets_are_known(name):
    assert is_secret(name)
    assert redacted({"a": [{name: "x"}]}) == {"a": [{name: MASK}]}


@pytest.mark.parametrize(
    "name", ["keywords", "tls_key", "tls_key_file", "tokenizer", "key_pair_name", "port"]
)
def test_names_that_only_resemble_secrets_are_left_alone(name):
    assert not is_secret(name)


def test_numbers_and_empty_values_are_no_secrets():
    value = {"max_token": 5, "password": None, "api_key": ""}
    assert redacted(value) == value


def test_a_script_may_pass_the_node_of_its_own_hydra_program(data, registry):
    from omegaconf import OmegaConf

    from mephisto_engine.config.compose import compose

    tree = compose(data / CONF, [], registry).tree
    whole = OmegaConf.create(tree)
    for node in (tree, tree["mephisto"], whole, whole.mephisto):
        config = launch_config_from_dict(node, registry, task_dir=data)
        assert config.blueprint_args.units_per_assignment == 2
        assert config.path is None
        assert config.task_dir == data


def test_a_partial_node_gets_the_plugins_defaults(registry):
    task = {
        "task_name": "t",
        "task_title": "t",
        "task_description": "d",
        "task_reward": "0.10",
        "task_tags": "",
    }
    node = {
        "blueprint": {"_blueprint_type": "static_task", "task_source": "p"},
        "architect": {"_architect_type": "local"},
        "provider": {"_provider_type": "mock"},
        "task": task,
    }
    config = launch_config_from_dict(node, registry)
    assert config.pay_cents == 10
    assert config.architect_args.subdomain == "t"
    assert config.task_dir == Path.cwd()


@pytest.mark.parametrize("node", [None, 5, [], {}, {"mephisto": None}, {"mephisto": []}])
def test_a_node_that_is_no_config_is_a_problem(registry, node):
    with pytest.raises(ConfigError):
        launch_config_from_dict(node, registry)


def test_a_passed_shared_state_is_used(write, good, registry):
    state = StaticState(static_task_data=[{"a": 1}])
    assert load_launch_config(write(good), [], registry, state).shared_state is state
    config = load_launch_config(write(good), [], registry, {"static_task_data": [1]})
    assert config.shared_state == StaticState(static_task_data=[1])
    config = load_launch_config(write(good), [], registry, SharedTaskState(task_config={"a": 1}))
    assert config.shared_state == StaticState(task_config={"a": 1})


def test_faults_of_a_shared_state_are_named(write, good, registry):
    state = StaticState(
        task_config=[],
        worker_can_do_unit=5,
        qualifications=[
            {"qualification_name": "q", "comparator": "Exists"},
            {"qualification_name": "q", "comparator": "Near"},
            {"qualification_name": "q", "comparator": "Exists", "applicable_providers": 5},
            "q",
        ],
    )
    with pytest.raises(ConfigError) as caught:
        load_launch_config(write(good), [], registry, state)
    assert {problem.where for problem in caught.value.problems} == {
        "qualifications[1].comparator",
        "qualifications[2].applicable_providers",
        "qualifications[3]",
        "task_config",
        "worker_can_do_unit",
    }


@pytest.mark.parametrize(
    ("dollars", "cents"), [(0, 0), (0.1, 10), (0.29, 29), (1.1, 110), (70, 7000), (1e-2, 1)]
)
def test_dollars_become_whole_cents(dollars, cents):
    assert to_cents("x", dollars) == cents


@pytest.mark.parametrize("dollars", [0.005, -1, -0.01, float("nan"), float("inf"), 1e-9])
def test_what_is_no_whole_amount_of_cents_is_a_problem(dollars):
    assert isinstance(to_cents("x", dollars), Problem)
