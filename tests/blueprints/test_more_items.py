"""Data files that a live run is extended by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mephisto_blueprints.mock import MockBlueprint
from mephisto_blueprints.static_task import StaticTaskBlueprint
from mephisto_engine.abstractions.blueprint import Blueprint
from mephisto_engine.errors import ConfigError

Make = Callable[..., Blueprint]


@pytest.fixture
def static(make: Make, task_files: Path) -> Blueprint:
    return make(
        StaticTaskBlueprint,
        task_source=str(task_files / "task.html"),
        data_csv=str(task_files / "data.csv"),
        units_per_assignment=2,
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("more.csv", "text\nthree\n"),
        ("more.json", '[{"text": "three"}]'),
        ("more.JSONL", '{"text": "three"}\n'),
    ],
)
def test_items_are_read_as_those_of_the_launch(
    static: Blueprint, tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    (item,) = static.read_items(tmp_path / name)
    assert item.shared == {"text": "three", "html": "task.html"}
    assert item.unit_data == [{}, {}]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("more.csv", "title\nthree\n", "no item of the data provides"),
        ("more.csv", "text,more\nthree\n", "more.csv:2:2"),
        ("more.csv", "text\n", "has no items"),
        ("more.txt", "text\nthree\n", "is no data file by its name"),
    ],
)
def test_a_file_that_does_not_fit_the_task_is_refused_whole(
    static: Blueprint, tmp_path: Path, name: str, text: str, words: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=words):
        static.read_items(tmp_path / name)


def test_a_file_that_is_not_there_is_refused(static: Blueprint, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        static.read_items(tmp_path / "none.csv")


def test_a_blueprint_without_data_files_says_so(make: Make, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="read no data files"):
        make(MockBlueprint, num_assignments=1).read_items(tmp_path / "more.csv")
