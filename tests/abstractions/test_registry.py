"""Plugins are found by name, loaded one at a time, and held to their contract."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mephisto_engine.abstractions.architect import Architect, ArchitectArgs
from mephisto_engine.abstractions.args import arg
from mephisto_engine.abstractions.blueprint import Blueprint, SharedTaskState, TaskBuilder
from mephisto_engine.abstractions.crowd_provider import CrowdProvider
from mephisto_engine.abstractions.registry import PluginInfo, PluginKind, Registry, did_you_mean
from mephisto_engine.errors import PluginError


class Here(Architect):
    ARCHITECT_TYPE = "here"

    async def deploy(self) -> str:
        return ""

    async def shutdown(self) -> None: ...

    def get_channel(self) -> Any: ...


class Sheet(Blueprint):
    BLUEPRINT_TYPE = "sheet"
    TaskBuilderClass = TaskBuilder

    def get_initialization_data(self) -> list[Any]:
        return []


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a distribution with entry points and one module on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install_distribution(name: str, group: str, entries: str, module: str = "") -> None:
        folder = tmp_path / f"{name}-1.2.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        (folder / "entry_points.txt").write_text(f"[{group}]\n{entries}\n")
        (tmp_path / f"{name}_plugin.py").write_text(module)

    return install_distribution


ROOM = """
from mephisto_engine.abstractions.architect import Architect

class Room(Architect):
    ARCHITECT_TYPE = "room"
    async def deploy(self): return ""
    async def shutdown(self): ...
    def get_channel(self): ...
"""


def test_names_are_listed_without_importing_a_plugin(install):
    install("roomy", "mephisto.architects", "room = roomy_plugin:Room", "1 / 0")
    assert "room" in Registry().names("architect")
    assert "roomy_plugin" not in sys.modules


def test_exactly_the_named_plugin_is_imported(install):
    install("roomy2", "mephisto.architects", "room = roomy2_plugin:Room", ROOM)
    install("other", "mephisto.architects", "other = other_plugin:Other", "1 / 0")
    plugin = Registry().load(PluginKind.ARCHITECT, "room")
    assert plugin.ARCHITECT_TYPE == "room"
    assert "other_plugin" not in sys.modules


def test_a_broken_plugin_is_a_line_of_the_survey_and_stops_no_other(install):
    install("crash", "mephisto.architects", "crash = crash_plugin:Crash", "1 / 0")
    install("quits", "mephisto.providers", "quits = quits_plugin:Q", "raise SystemExit(3)")
    registry = Registry({PluginKind.ARCHITECT: {"here": Here}})
    found = {(info.kind, info.name): info for info in registry.survey()}
    crash = found[PluginKind.ARCHITECT, "crash"]
    assert (crash.distribution, crash.version, crash.module) == ("crash", "1.2", "crash_plugin")
    assert "ZeroDivisionError: division by zero" in (crash.error or "")
    assert "crash_plugin.py" in crash.traceback
    assert "SystemExit: 3" in (found[PluginKind.PROVIDER, "quits"].error or "")
    assert found[PluginKind.ARCHITECT, "here"].error is None


def test_a_plugin_that_is_not_there_is_named_with_those_that_are():
    registry = Registry({"architect": {"here": Here}}, only="none")
    with pytest.raises(PluginError) as caught:
        registry.load("architect", "her")
    assert caught.value.message == "no architect named 'her' is installed"
    assert caught.value.hint == "did you mean 'here'? installed: here"
    with pytest.raises(PluginError) as caught:
        registry.load("provider", "x")
    assert caught.value.hint == "no provider is installed"


def test_two_packages_that_offer_one_name_are_not_chosen_between(install):
    install("first", "mephisto.architects", "room = first_plugin:Room", ROOM)
    install("second", "mephisto.architects", "room = second_plugin:Room", ROOM)
    with pytest.raises(PluginError, match="'room' is offered by first and second"):
        Registry().load("architect", "room")


def test_a_local_plugin_goes_before_an_installed_one(install):
    install("roomy3", "mephisto.architects", "here = roomy3_plugin:Room", ROOM)
    registry = Registry()
    registry.register("architect", "here", Here)
    assert registry.load("architect", "here") is Here


@pytest.mark.parametrize(
    ("switch", "architects"), [("none", []), ("architect:one", ["one"]), ("provider:one", [])]
)
def test_the_environment_narrows_what_is_found(install, monkeypatch, switch, architects):
    install("both", "mephisto.architects", "one = both_plugin:One\ntwo = both_plugin:Two")
    monkeypatch.setenv("MEPHISTO_PLUGINS", switch)
    assert Registry().names("architect") == architects


@pytest.mark.parametrize("switch", ["all", "architect", "architect:", "stage:x"])
def test_a_switch_that_cannot_be_read_is_an_error(switch):
    with pytest.raises(PluginError, match="MEPHISTO_PLUGINS cannot be read"):
        Registry(only=switch)


@dataclass
class Helpless(ArchitectArgs):
    port: int = dataclasses.field(default=1)


class Undecorated(ArchitectArgs):
    port: int = arg(1, "port")


class UndecoratedState(SharedTaskState):
    items: list[int]


def variant(base: type[Any], **attributes: Any) -> type[Any]:
    return type("Variant", (base,), attributes)


@pytest.mark.parametrize(
    ("kind", "plugin", "fault"),
    [
        ("architect", 5, "not a subclass of Architect"),
        ("architect", Sheet, "not a subclass of Architect"),
        ("architect", variant(Here, ARCHITECT_TYPE="y"), "ARCHITECT_TYPE is 'y'"),
        ("architect", variant(Architect, ARCHITECT_TYPE="x"), "does not implement deploy, get_ch"),
        ("architect", variant(Here, ARCHITECT_TYPE="x", ArgsClass=dict), "ArgsClass is not a sub"),
        ("architect", variant(Here, ARCHITECT_TYPE="x", ArgsClass=Helpless), "'port' of Helpless"),
        ("architect", variant(Here, ARCHITECT_TYPE="x", ArgsClass=Undecorated), "lacks @dataclass"),
        ("blueprint", variant(Sheet, BLUEPRINT_TYPE="x", SharedStateClass=int), "SharedStateClass"),
        (
            "blueprint",
            variant(Sheet, BLUEPRINT_TYPE="x", SharedStateClass=UndecoratedState),
            "UndecoratedState lacks @dataclass",
        ),
        (
            "blueprint",
            type(
                "Bare",
                (Blueprint,),
                {"BLUEPRINT_TYPE": "x", "get_initialization_data": lambda _: 0},
            ),
            "does not set TaskBuilderClass",
        ),
        ("provider", CrowdProvider, "PROVIDER_TYPE is None"),
    ],
)
def test_a_plugin_that_breaks_its_contract_is_refused(kind, plugin, fault):
    registry = Registry({kind: {"x": plugin}}, only="none")
    with pytest.raises(PluginError, match="does not keep its contract") as caught:
        registry.load(kind, "x")
    assert fault in caught.value.message
    (info,) = registry.survey()
    assert isinstance(info, PluginInfo)
    assert info.error == caught.value.message


def test_an_unknown_kind_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="stage"):
        Registry(only="none").names("stage")


def test_a_close_name_is_offered_and_a_distant_one_is_not():
    assert did_you_mean("lokal", ["local", "mock"]) == "did you mean 'local'? "
    assert did_you_mean("xyz", ["local"]) == ""


def test_importing_the_registry_reads_no_metadata():
    code = (
        "import sys, mephisto_engine.abstractions.registry;"
        "print('importlib.metadata' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"
