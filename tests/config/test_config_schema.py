from __future__ import annotations

import subprocess
import sys

import pytest

from mephisto_engine.config.schema import describe
from mephisto_engine.errors import PluginError


def test_a_blueprint_is_described_with_its_shared_state(registry):
    about = describe("blueprint", "static_task", registry)
    args = {arg.name: arg for arg in about.args}
    assert about.summary == "Shows a page for each item."
    assert about.where == "mephisto.blueprint"
    assert args["task_source"].is_required
    assert args["units_per_assignment"].default == 1
    assert args["block_qualification"].help
    state = {arg.name: arg for arg in about.shared_state}
    assert state["static_task_data"].help == "Items, if no file gives them."
    assert state["on_unit_submitted"].help.startswith("Called after a unit's answer is stored")
    assert "Callable" in state["validate_onboarding"].type


def test_every_option_of_a_task_run_has_help(registry):
    about = describe("task", "", registry)
    assert {"task_name", "task_reward", "budget", "code"} < {arg.name for arg in about.args}
    assert all(arg.help for arg in about.args)


def test_architects_and_providers_have_no_shared_state(registry):
    about = describe("architect", "local", registry)
    assert about.shared_state == ()
    assert {arg.name: arg.choices for arg in about.args}["size"] == ("small", "large")


def test_an_unknown_plugin_is_an_error(registry):
    with pytest.raises(PluginError, match="no provider named 'nope'"):
        describe("provider", "nope", registry)


def test_importing_the_package_loads_no_hydra():
    heavy = "{'hydra', 'omegaconf', 'yaml', 'antlr4', 'importlib.metadata'}"
    code = f"import sys, mephisto_engine.config; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
