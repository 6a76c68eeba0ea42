"""However a config is mangled, what comes out is a LaunchConfig or a ConfigError."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml
from fake_plugins import GOOD, fake_registry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mephisto_engine.config import launch_config_from_dict, load_launch_config
from mephisto_engine.errors import ConfigError

SETTINGS = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
REGISTRY = fake_registry()

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**30),
    st.floats(),
    st.sampled_from(
        ["", "???", "${task_dir}", "${x", "${oc.env:NOPE}", "mock", "a/b", "x@y", "=", "~"]
    ),
    st.text(max_size=8),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(scalars, inner, max_size=3),
    max_leaves=6,
)


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node)
    found = []
    for key, item in items:
        found.append((*path, key))
        if isinstance(item, dict | list):
            found.extend(_places(item, (*path, key)))
    return found


PLACES = _places(yaml.safe_load(GOOD))


def _mangled(changes: list[tuple[tuple[Any, ...], Any]]) -> Any:
    tree = yaml.safe_load(GOOD)
    for place, value in changes:
        node = tree
        for key in place[:-1]:
            node = node[key] if isinstance(node, dict) and key in node else None
        if isinstance(node, dict):
            node[place[-1]] = value
    return tree


def _load(text: str, overrides: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "conf.yaml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        outcome: Any
        try:
            outcome = load_launch_config(path, overrides, REGISTRY)
        except ConfigError as error:
            outcome = error.problems
        assert outcome


changes = st.lists(st.tuples(st.sampled_from(PLACES), values), min_size=1, max_size=3)


@SETTINGS
@given(changes)
def test_mangled_values_never_escape(changes):
    _load("#@package _global_\n" + yaml.safe_dump(_mangled(changes), allow_unicode=True), [])


@SETTINGS
@given(
    st.integers(0, len(GOOD)),
    st.integers(0, 12),
    st.text("{}[]:-,&*!|>'\"%@`#$?\n\t a1", max_size=6),
)
def test_mangled_text_never_escapes(at, cut, text):
    _load(GOOD[:at] + text + GOOD[at + cut :], [])


@SETTINGS
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "+", "++", "~"]),
            st.sampled_from(
                ["mephisto.task.task_reward", "mephisto/architect", "mephisto.x", "a.b"]
            ),
            st.sampled_from(["=", ""]),
            st.text("{}[]:,'\"$\\ =1ab.", max_size=6),
        ).map("".join),
        max_size=3,
    )
)
def test_mangled_overrides_never_escape(overrides):
    _load(GOOD, overrides)


@SETTINGS
@given(changes)
def test_mangled_nodes_of_scripts_never_escape(changes):
    outcome: Any
    try:
        outcome = launch_config_from_dict(_mangled(changes), REGISTRY)
    except ConfigError as error:
        outcome = error.problems
    assert outcome
