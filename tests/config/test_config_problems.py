"""Whatever is wrong with a config is said by key, and all of it at once."""

from __future__ import annotations

import pytest

from mephisto_engine.config import load_launch_config
from mephisto_engine.errors import ConfigError, Problem


def problems_of(path, registry, *overrides) -> dict[str, Problem]:
    with pytest.raises(ConfigError) as caught:
        load_launch_config(path, overrides, registry)
    return {problem.where: problem for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("task_reward: 0.1", "task_reward: 0.005", "task.task_reward", "whole cents"),
        ("task_reward: 0.1", "task_reward: -1", "task.task_reward", "not an amount"),
        ("task_reward: 0.1", "task_reward: .nan", "task.task_reward", "finite"),
        ("task_reward: 0.1", "task_reward: much", "task.task_reward", "'much' is not a number"),
        ("task_reward: 0.1", "task_reward: [1]", "task.task_reward", "is not a number"),
        ("task_reward: 0.1", "task_rewrad: 0.1", "task.task_rewrad", "unknown key"),
        ("task_reward: 0.1", "task_rewrad: 0.1", "task.task_reward", "is required"),
        ("task_reward: 0.1", "task_reward: 1\n    budget: -1", "task.budget", "not an amount"),
        ("task_title: Word pairs", "task_title: ''", "task.task_title", "is empty"),
        ("task_title: Word pairs", "task_title: ???", "task.task_title", "is required"),
        ("task_title: Word pairs", "task_title: ${nope}", "task.task_title", "nope"),
        ("task_title: Word pairs", "task_title: ${oc.env:NOPE_}", "task.task_title", "NOPE_"),
        ("task_name: pairs", "allowed_concurrent: -1", "task.allowed_concurrent", "too small"),
        ("task_name: pairs", "submission_timeout: 0", "task.submission_timeout", "too small"),
        ("task_name: pairs", "submission_timeout: 1.5", "task.submission_timeout", "whole number"),
        ("task_name: pairs", "force_rebuild: maybe", "task.force_rebuild", "true or false"),
        ("task_name: pairs", "code: nowhere.py", "task.code", "there is no file"),
        ("task_source: page.html", "{}", "blueprint.task_source", "is required"),
        ("task_source: page.html", "task_source: null", "blueprint.task_source", "nothing is not"),
        ("task_source: page.html", "task_sorce: x", "blueprint.task_sorce", "unknown key"),
        (
            "task_source: page.html",
            "task_source: p\n    weights: {a: x}",
            "blueprint.weights.a",
            "is not dict",
        ),
        (
            "task_source: page.html",
            "task_source: p\n    data_csv: nowhere.csv",
            "blueprint.data_csv",
            "there is no file nowhere.csv",
        ),
        ("mephisto:\n", "mephisto:\n  log_level: loud\n", "log_level", "'loud' is not allowed"),
        ("mephisto:\n", "mephisto:\n  tsak: {}\n", "tsak", "unknown key"),
        ("mephisto:\n", "mephisto:\n  architect: 5\n", "architect", "is not a mapping"),
        ("architect: local", "architect: heroku", "architect", "no architect named 'heroku'"),
        ("  - /mephisto/provider: mock\n", "", "provider", "no provider is chosen"),
    ],
)
def test_each_fault_is_named_by_its_key(write, good, registry, old, new, where, what):
    assert old in good
    found = problems_of(write(good.replace(old, new)), registry)
    assert f"mephisto.{where}" in found, found
    assert what in found[f"mephisto.{where}"].what


@pytest.mark.parametrize(
    ("override", "where", "what"),
    [
        ("mephisto.task.task_rewrad=1", "mephisto.task.task_rewrad", "unknown key"),
        ("mephisto.tsak.task_name=x", "mephisto.tsak.task_name", "unknown key"),
        ("+mephisto.task.nonsense=1", "mephisto.task.nonsense", "unknown key"),
        ("nonsense=1", "nonsense", "unknown key"),
        ("mephisto.task.task_reward=1,2", "mephisto.task.task_reward=1,2", "several values"),
        ("mephisto.task.task_reward=[", "mephisto.task.task_reward=[", "is not an override"),
        ("", "", "is not an override"),
        ("~nonsense", "nonsense", "unknown key"),
        ("mephisto.architect.size=middling", "mephisto.architect.size", "is not allowed"),
        ("mephisto/architect=herku", "mephisto.architect", "no architect named 'herku'"),
        ("~mephisto/architect", "mephisto.architect", "no architect is chosen"),
        ("mephisto/nonsense=x", "mephisto/nonsense", "Could not override"),
        ("mephisto.provider=5", "mephisto.provider", "a mapping"),
        ("mephisto=5", "mephisto", "override"),
    ],
)
def test_each_bad_override_is_named(write, good, registry, override, where, what):
    found = problems_of(write(good), registry, override)
    assert list(found) == [where], found
    assert what in str(found[where])


def test_everything_that_is_wrong_is_said_at_once(write, good, registry):
    text = (
        good.replace("architect: local", "architect: heroku")
        .replace("task_source: page.html", "units_per_assignment: many\n    shufle: true")
        .replace("task_reward: 0.1", "task_reward: -1")
        .replace("task_title: Word pairs\n", "task_lifetime_in_seconds: 0\n")
    )
    found = problems_of(
        write(text.replace("  - /mephisto/provider: mock\n", "  - bas\n")),
        registry,
        "mephisto.task.allowed_concurent=1",
        "mephisto.architect.heroku_team=ours",
        "a=1,2",
        "mephisto.task.code=nowhere.py",
    )
    assert set(found) == {
        "a=1,2",
        "conf.yaml: defaults",
        "mephisto.architect",
        "mephisto.provider",
        "mephisto.blueprint.units_per_assignment",
        "mephisto.blueprint.shufle",
        "mephisto.blueprint.task_source",
        "mephisto.task.allowed_concurent",
        "mephisto.task.task_title",
        "mephisto.task.task_reward",
        "mephisto.task.task_lifetime_in_seconds",
        "mephisto.task.code",
    }


def test_hints_offer_what_was_probably_meant(write, good, registry):
    text = good.replace("task_title:", "task_titel:").replace(
        "architect: local", "architect: locale"
    )
    found = problems_of(write(text), registry, "mephisto.blueprint.unit_per_assignment=2")
    assert "did you mean 'task_title'?" in found["mephisto.task.task_titel"].hint
    assert "did you mean 'local'? installed: local, other" in found["mephisto.architect"].hint
    hint = found["mephisto.blueprint.unit_per_assignment"].hint
    assert "did you mean 'units_per_assignment'?" in hint
    assert "title that workers see" in found["mephisto.task.task_title"].hint


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("a: [1\nb: 2\n", "conf.yaml:2:2", "is not YAML"),
        ("a: 1\na: 2\n", "conf.yaml:2:1", "duplicate key"),
        ("a: \x01", "conf.yaml", "is not YAML"),
        ("a: *b", "conf.yaml:1:4", "undefined alias"),
        ("- a\n", "conf.yaml", "is a list"),
        ("5", "conf.yaml", "cannot be composed"),
        ("a: ${b", "a", "no viable alternative"),
        ("a: &x [*x]", "conf.yaml", "contains itself"),
        ("[" * 5000, "conf.yaml", "nested too deeply"),
    ],
)
def test_bad_yaml_is_named_by_line_and_column(write, registry, text, place, what):
    ((where, problem),) = problems_of(write(text), registry).items()
    assert where.endswith(place)
    assert what in problem.what


def test_a_fault_in_a_file_of_the_defaults_list_names_that_file(write, good, registry):
    write("a: [1\nb: 2\n", "base.yaml")
    found = problems_of(write(good.replace("defaults:", "defaults:\n  - base")), registry)
    assert [where.rpartition("/")[2] for where in found] == ["base.yaml:2:2"]


def test_files_that_cannot_be_read_are_named(tmp_path, write, registry):
    missing = tmp_path / "nowhere.yaml"
    assert problems_of(missing, registry)[str(missing)].what.startswith("cannot be read: No such")
    (tmp_path / "folder.yaml").mkdir()
    assert "cannot be read" in problems_of(tmp_path / "folder.yaml", registry).popitem()[1].what
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff\xfe\xfa")
    assert "UTF-8" in problems_of(tmp_path / "latin.yaml", registry).popitem()[1].what
    assert "NAME.yaml" in problems_of(write("", "conf.txt"), registry).popitem()[1].hint


def test_an_empty_file_lacks_all_three_plugins(write, registry):
    found = problems_of(write(""), registry)
    assert {"mephisto.blueprint", "mephisto.architect", "mephisto.provider"} < set(found)
    hint = found["mephisto.architect"].hint
    assert "/mephisto/architect: NAME" in hint
    assert "mephisto.architect._architect_type" in hint
    assert "installed: local, other" in hint


@pytest.mark.parametrize(
    "text", ["a: ${b}\nb: ${a}\n", "a:\n  b: ${a}\n", "a: ${oc.select:a}\n", "a: ${nope:1}\n"]
)
def test_interpolations_that_lead_nowhere_are_problems(write, good, registry, text):
    found = problems_of(write(good + text), registry)
    assert all(where.startswith(("a", "b")) for where in found)


def test_an_exception_of_a_plugin_becomes_a_problem_that_names_it(write, good, registry):
    path = write(good)
    found = problems_of(path, registry, "mephisto.architect.hostname=explode")
    assert found["mephisto.architect"].what == "architect 'local' refuses: RuntimeError: boom"
    found = problems_of(path, registry, "mephisto.architect.hostname=refuse")
    assert found["mephisto.architect"].what == "architect 'local' refuses: no such host"


def test_a_plugin_checks_what_is_right_beside_what_is_wrong(write, good, registry):
    text = good.replace(
        "task_source: page.html",
        "task_source: p\n    shufle: true\n    data_csv: nowhere.csv",
    )
    found = problems_of(write(text), registry, "mephisto.task.code=nowhere.py")
    assert set(found) == {
        "mephisto.blueprint.shufle",
        "mephisto.blueprint.data_csv",
        "mephisto.task.code",
    }
