from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from mephisto_blueprints.mock import MockBlueprint
from mephisto_blueprints.static.state import SharedStaticTaskState


def test_assignments_are_numbered_and_made_one_by_one(make: Any) -> None:
    blueprint = make(MockBlueprint, num_assignments=10**12, units_per_assignment=2)
    first = list(islice(blueprint.get_initialization_data(), 3))
    assert [item.shared for item in first] == [{"index": 0}, {"index": 1}, {"index": 2}]
    assert first[0].unit_data == [{}, {}]


def test_as_many_assignments_come_as_were_asked_for(make: Any) -> None:
    blueprint = make(MockBlueprint, num_assignments=100_000)
    assert sum(1 for _ in blueprint.get_initialization_data()) == 100_000


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("num_assignments", 0),
        ("units_per_assignment", 0),
    ],
)
def test_an_unusable_option_is_named(option: str, value: Any) -> None:
    args = MockBlueprint.ArgsClass(**{"num_assignments": 1, option: value})
    [problem] = MockBlueprint.assert_task_args(args, SharedStaticTaskState())
    assert problem.where == f"mephisto.blueprint.{option}"


def test_the_site_has_a_page_with_one_question(make: Any, tmp_path: Path) -> None:
    blueprint = make(MockBlueprint, num_assignments=1)
    blueprint.TaskBuilderClass(blueprint).build_in_dir(tmp_path)
    assert 'name="answer"' in (tmp_path / "task.html").read_text()
    assert (tmp_path / "index.html").exists()
