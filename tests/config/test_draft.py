from __future__ import annotations

from pathlib import Path

import pytest

from mephisto_engine.abstractions.registry import PluginKind
from mephisto_engine.config.compose import compose
from mephisto_engine.config.discovery import find_configs
from mephisto_engine.config.draft import LaunchDraft
from mephisto_engine.config.literals import overrides, typed_value, value_text

TEXTS = [
    "plain", "it's 'so'", "back\\slash", "ends in \\", "\\' both", "a,b=c {x} [y]", "  spaces  ",
    "#no comment", "a: b", 'dq " x', "日本語 ünï", "null", "true", "1e3", "$x $(y)", "", "[/x]",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_comes_through_hydra_as_it_was_typed(write, good, registry, text):
    composed = compose(write(good), overrides("mephisto.task.task_title", text), registry)
    assert composed.problems == []
    assert composed.tree["mephisto"]["task"]["task_title"] == text


@pytest.mark.parametrize("value", [[1, "a,b"], ["it's"], {"a": 1, "b": [True, None]}, 0.1, False])
def test_every_value_comes_through_hydra(write, good, registry, value):
    name = "weights" if isinstance(value, dict) else "colors"
    composed = compose(write(good), overrides(f"mephisto.blueprint.{name}", value), registry)
    assert composed.tree["mephisto"]["blueprint"][name] == value


@pytest.mark.parametrize(
    ("text", "type_name", "value"),
    [
        ("7", "int", 7), ("0.10", "float", 0.1), ("yes", "bool", True), ("07", "str", "07"),
        ("", "str | None", None), ("", "str", ""), ("", "int | None", None),
        ("[a, b]", "list", ["a", "b"]),
        ("{a: 1}", "dict[str, int]", {"a": 1}), ("much", "float", "much"), ("[", "list", "["),
        ("${oc.env:X}", "int", "${oc.env:X}"),
    ],
)  # fmt: skip
def test_typed_text_is_read_by_the_type_of_the_option(text, type_name, value):
    assert typed_value(text, type_name) == value


@pytest.mark.parametrize(
    ("value", "type_name"), [(["a", 1], "list"), (None, "str | None"), (0.5, "float"), ("x", "str")]
)
def test_what_is_shown_for_editing_reads_back_the_same(value, type_name):
    assert typed_value(value_text(value), type_name) == value


def test_a_saved_draft_composes_to_the_same_config(write, good, registry, tmp_path):
    draft = LaunchDraft(path=write(good))
    draft = draft.with_plugin(PluginKind.ARCHITECT, "other", registry)
    draft = draft.edited("mephisto.task.task_title", "it's ${new}: #1".replace("${new}", "new"))
    saved = tmp_path / "sub" / "saved.yaml"
    saved.parent.mkdir()
    saved.write_text(draft.as_yaml(saved))
    by_overrides = compose(draft.path, draft.overrides(), registry)
    assert compose(saved, [], registry).tree == by_overrides.tree


def test_references_stay_as_they_were_written(write, good, registry, tmp_path):
    path = write(good.replace("page.html", "${task_dir}/${oc.env:PAGE}.html"))
    text = LaunchDraft(path=path).as_yaml(tmp_path / "other.yaml")
    assert "${task_dir}/${oc.env:PAGE}.html" in text


def test_no_secret_gets_into_a_saved_config_or_an_override(write, good, registry, tmp_path):
    path = write(good.replace("task_source:", "api_key: hunter2\n    task_source:"))
    draft = LaunchDraft(path=path).edited("mephisto.blueprint.api_key", "hunter3")
    assert "hunter" not in draft.as_yaml(tmp_path / "other.yaml")
    assert "${oc.env:MEPHISTO_BLUEPRINT_API_KEY}" in draft.as_yaml(tmp_path / "other.yaml")
    assert draft.overrides() == []
    assert [problem.where for problem in draft.secrets_in_plain()] == ["mephisto.blueprint.api_key"]
    by_name = draft.edited("mephisto.blueprint.api_key", "${oc.env:KEY}")
    assert by_name.overrides() == ["mephisto.blueprint.api_key='${oc.env:KEY}'"]
    assert by_name.secrets_in_plain() == []


def test_another_plugin_takes_along_only_what_it_knows(write, good, registry):
    path = write(good + "  architect:\n    port: '3001'\n")
    draft = LaunchDraft(path=path).edited("mephisto.architect.size", "large")
    draft = draft.with_plugin(PluginKind.ARCHITECT, "other", registry)
    assert draft.overrides() == ["mephisto/architect=other", "~mephisto.architect.port"]
    assert draft.changes == 1
    back = draft.with_plugin(PluginKind.ARCHITECT, "local", registry)
    assert back.overrides() == ["mephisto/architect=local"]


def test_an_edit_can_be_taken_back():
    draft = LaunchDraft().edited("mephisto.task.budget", 5)
    assert draft.restored("mephisto.task.budget") == LaunchDraft()


def test_launch_configs_are_found_below_a_folder_nearest_first(tmp_path, good):
    for name in ("a.yaml", "deep/er/b.yaml", ".git/c.yaml", "node_modules/d.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(good)
    (tmp_path / "other.yaml").write_text("jobs:\n  - uses: x\n")
    (tmp_path / "broken.yaml").write_bytes(b"\xff\xfe mephisto: [")
    found = find_configs(tmp_path)
    assert [config.path.relative_to(tmp_path) for config in found] == [
        Path("a.yaml"),
        Path("deep/er/b.yaml"),
    ]
    assert found[0].task_name == "pairs"


def test_a_folder_that_cannot_be_read_has_no_configs(tmp_path):
    assert find_configs(tmp_path / "missing") == []
