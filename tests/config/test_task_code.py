"""The task's own Python gives the shared state of a run."""

from __future__ import annotations

import sys

import pytest
from fake_plugins import StaticState

from mephisto_engine.abstractions.qualifications import Comparator
from mephisto_engine.config import load_launch_config
from mephisto_engine.errors import ConfigError


@pytest.fixture
def launch(write, good, registry):
    def with_code(code: str, extra: str = ""):
        write(code, "task_code.py")
        path = write(good + extra)
        return load_launch_config(path, ["mephisto.task.code=task_code.py"], registry)

    return with_code


@pytest.fixture
def problems(launch):
    def of_code(code: str):
        with pytest.raises(ConfigError) as caught:
            launch(code)
        return caught.value.problems

    return of_code


def test_names_in_the_file_fill_the_shared_state(launch):
    config = launch(
        "static_task_data = [{'a': 1}]\n"
        "qualifications = [{'qualification_name': 'q', 'comparator': 'Exists'}]\n"
        "def worker_can_do_unit(worker, unit):\n    return worker == unit\n"
        "something_else = 3\n"
    )
    assert isinstance(config.shared_state, StaticState)
    assert config.shared_state.static_task_data == [{"a": 1}]
    assert config.shared_state.worker_can_do_unit(1, 1)
    assert config.requirements[0].comparator is Comparator.EXISTS
    assert config.warnings == ()


@pytest.mark.parametrize("result", ["dict(task_config=given)", "StaticState(task_config=given)"])
def test_a_factory_gets_the_config_and_makes_the_state(launch, result):
    config = launch(
        "from fake_plugins import StaticState\n"
        "def make_shared_state(config):\n"
        "    given = {'turns': config.num_turns, 'title': config.mephisto.task.task_title}\n"
        f"    return {result}\n",
        "num_turns: 3\n",
    )
    assert config.shared_state.task_config == {"turns": 3, "title": "Word pairs"}


def test_the_file_may_import_what_lies_beside_it(launch, write):
    write("ITEMS = [{'a': 1}]\n", "items_of_pairs.py")
    config = launch("from items_of_pairs import ITEMS\nstatic_task_data = ITEMS\n")
    assert config.shared_state.static_task_data == [{"a": 1}]
    # Another task's module of the same name must be found afresh.
    assert "items_of_pairs" not in sys.modules
    write("ITEMS = [{'b': 22}]\n", "items_of_pairs.py")
    assert launch("from items_of_pairs import ITEMS as static_task_data\n").shared_state == (
        StaticState(static_task_data=[{"b": 22}])
    )


def test_importing_leaves_the_path_as_it_was(launch):
    before = list(sys.path)
    launch("x = 1\n")
    assert sys.path == before


@pytest.mark.parametrize(
    ("code", "line", "what"),
    [
        ("x = 1\n1 / 0\n", 2, "ZeroDivisionError: division by zero"),
        ("def f(:\n", 1, "SyntaxError"),
        ("import nowhere_at_all\n", 1, "No module named 'nowhere_at_all'"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit: 3"),
        ("def make_shared_state(config):\n    return config.nope.nope\n", 2, "nope"),
        ("import json\n\njson.loads('{')\n", 3, "JSONDecodeError"),
    ],
)
def test_an_exception_names_the_line_of_the_file(problems, code, line, what):
    (problem,) = problems(code)
    assert problem.where.endswith(f"task_code.py:{line}")
    assert what in problem.what


def test_what_a_factory_returns_is_checked(problems):
    (problem,) = problems("def make_shared_state(config):\n    return 5\n")
    assert "int is not a StaticState" in problem.what
    (problem,) = problems("def make_shared_state(config):\n    return {'task_confg': {}}\n")
    assert "did you mean 'task_config'?" in problem.hint


def test_names_that_look_misspelt_are_warned_of(launch):
    config = launch("qualification = []\nworker_can_do_units = None\nunrelated = 1\n")
    assert len(config.warnings) == 2
    assert "did you mean 'qualifications'?" in config.warnings[0]


def test_a_path_that_is_no_python_file_is_a_problem(write, good, registry):
    write("x = 1", "code.txt")
    with pytest.raises(ConfigError) as caught:
        load_launch_config(write(good), ["mephisto.task.code=code.txt"], registry)
    assert "ends in .py" in str(caught.value)


def test_a_passed_state_goes_before_the_file(write, good, registry):
    path = write(good)
    config = load_launch_config(path, ["mephisto.task.code=x.py"], registry, StaticState())
    assert "mephisto.task.code is not used" in config.warnings[0]
