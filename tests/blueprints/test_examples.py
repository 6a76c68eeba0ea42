"""The examples are sound: their configs compose, and their files have nothing wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mephisto_blueprints.static_react_task import StaticReactTaskBlueprint
from mephisto_blueprints.static_task import StaticTaskBlueprint
from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.config.check import build_args
from mephisto_engine.config.compose import compose
from mephisto_engine.config.launch import load_launch_config
from mephisto_engine.errors import Problem

EXAMPLES = Path(__file__).parents[2] / "examples"
CONFIGS = {
    "static_task/conf.yaml": (StaticTaskBlueprint, 12, 2),
    "static_react_task/conf.yaml": (StaticReactTaskBlueprint, 4, 1),
    "mephisto_layout/hydra_configs/conf/example_local_mock.yaml": (StaticTaskBlueprint, 3, 2),
    "mephisto_layout/hydra_configs/conf/one_unit_each.yaml": (StaticTaskBlueprint, 3, 1),
}


@pytest.mark.parametrize(("config", "expected"), CONFIGS.items(), ids=CONFIGS)
def test_an_example_composes_and_has_its_items(
    make: Any, config: str, expected: tuple[Any, int, int]
) -> None:
    blueprint_class, item_count, unit_count = expected
    composition = compose(EXAMPLES / config, [], Registry())
    assert composition.problems == []
    node = composition.tree["mephisto"]["blueprint"]
    problems: list[Problem] = []
    args = build_args(blueprint_class.ArgsClass, node, "mephisto.blueprint", problems)
    state = blueprint_class.SharedStateClass()
    assert [*problems, *blueprint_class.assert_task_args(args, state)] == []
    options = {name: value for name, value in vars(args).items() if not name.startswith("_")}
    items = list(make(blueprint_class, **options).get_initialization_data())
    assert len(items) == item_count
    assert len(items[0].unit_data) == unit_count


@pytest.mark.parametrize("kind", ["golds", "screening", "agreement"])
def test_an_example_of_quality_control_is_launchable(kind: str) -> None:
    path = EXAMPLES / "quality_control" / f"conf_{kind}.yaml"
    config = load_launch_config(path, ["mephisto.architect.port=0"], Registry())
    assert config.warnings == ()
