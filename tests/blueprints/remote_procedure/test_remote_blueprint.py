"""The blueprint's contract, and what it finds wrong before a launch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mephisto_blueprints.remote_procedure import RemoteProcedureBlueprint
from mephisto_blueprints.remote_procedure.blueprint import (
    RemoteProcedureArgs,
    SharedRemoteProcedureTaskState,
)
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.config import load_launch_config
from mephisto_engine.testing.conformance import BlueprintCase, BlueprintConformance


def double(args: Any) -> Any:
    return args * 2


class TestRemoteProcedureBlueprint(BlueprintConformance):
    @pytest.fixture
    def case(self, sources: Path) -> BlueprintCase:
        bundle, items = str(sources / "bundle.js"), str(sources / "data.jsonl")
        return BlueprintCase(
            RemoteProcedureBlueprint,
            RemoteProcedureArgs(task_source=bundle, data_jsonl=items),
            wrong_args=[
                RemoteProcedureArgs(task_source="/nowhere.js", data_jsonl=items),
                RemoteProcedureArgs(task_source=bundle, data_jsonl=items, call_timeout_seconds=0),
                RemoteProcedureArgs(
                    task_source=bundle, data_jsonl=items, call_timeout_seconds=float("nan")
                ),
                RemoteProcedureArgs(task_source=bundle, data_jsonl=items, units_per_assignment=0),
            ],
            shared_state=SharedRemoteProcedureTaskState(function_registry={"double": double}),
            page_files=["index.html", "bundle.js"],
        )


EXAMPLE = Path(__file__).parents[3] / "examples" / "remote_procedure"
ANY_PORT = ["mephisto.architect.port=0"]


def test_the_example_is_sound() -> None:
    config = load_launch_config(EXAMPLE / "conf.yaml", ANY_PORT, Registry())
    assert isinstance(config.shared_state, SharedRemoteProcedureTaskState)
    assert set(config.shared_state.function_registry) == {"check_headline", "suggest_start"}


def problems(make_blueprint: Callable[..., Any], registry: Any) -> list[str]:
    blueprint = make_blueprint({})
    state = SharedRemoteProcedureTaskState(function_registry=registry)
    return [str(item) for item in RemoteProcedureBlueprint.assert_task_args(blueprint.args, state)]


@pytest.mark.parametrize(
    ("registry", "start"),
    [
        ({}, "function_registry: is empty"),
        (None, "function_registry: is of type NoneType"),
        ([double], "function_registry: is of type list"),
        ({"f": "double"}, "function_registry['f']: is of type str"),
        ({7: double}, "function_registry: the name 7 is not a text"),
        ({"f": lambda a, b, c, d: 0}, "function_registry['f']: cannot be called"),
        ({"f": lambda args, *, key: 0}, "function_registry['f']: cannot be called"),
        ({"f": lambda request_id, a, b, c: 0}, "function_registry['f']: cannot be called"),
    ],
)
def test_a_function_that_cannot_be_called_is_named(
    make_blueprint: Callable[..., Any], registry: Any, start: str
) -> None:
    [problem] = problems(make_blueprint, registry)
    assert problem.startswith(start)


def test_everything_wrong_with_the_functions_is_said_at_once(
    make_blueprint: Callable[..., Any],
) -> None:
    registry = {"a": 1, "b": lambda a, b, c, d: 0, "c": double}
    assert len(problems(make_blueprint, registry)) == 2


@pytest.mark.parametrize("function", [double, functools.partial(double), len, max, type])
def test_whatever_can_be_called_is_a_function(
    make_blueprint: Callable[..., Any], function: Any
) -> None:
    assert problems(make_blueprint, {"f": function}) == []


def test_it_is_installed_with_the_options_of_a_react_task() -> None:
    loaded = Registry(only="blueprint:remote_procedure").load(
        PluginKind.BLUEPRINT, "remote_procedure"
    )
    assert loaded is RemoteProcedureBlueprint
    names = set(vars(RemoteProcedureArgs(task_source="bundle.js")))
    assert names >= {
        "task_source",
        "extra_source_dir",
        "link_task_source",
        "units_per_assignment",
        "data_csv",
        "data_json",
        "data_jsonl",
        "onboarding_qualification",
        "task_source_review",
        "call_timeout_seconds",
        "answer_errors",
    }
