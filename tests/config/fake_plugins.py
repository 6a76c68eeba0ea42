"""Plugins that only have options, and a config that names them: all that checking one needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from mephisto_engine.abstractions.architect import Architect, ArchitectArgs
from mephisto_engine.abstractions.args import arg, required
from mephisto_engine.abstractions.blueprint import (
    Blueprint,
    BlueprintArgs,
    SharedTaskState,
    TaskBuilder,
)
from mephisto_engine.abstractions.crowd_provider import CrowdProvider, ProviderArgs
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.errors import Problem

GOOD = """\
#@package _global_
defaults:
  - /mephisto/blueprint: static_task
  - /mephisto/architect: local
  - /mephisto/provider: mock
mephisto:
  blueprint:
    task_source: page.html
  task:
    task_name: pairs
    task_title: Word pairs
    task_description: Say whether two words belong together
    task_reward: 0.1
    task_tags: words,pairs
"""


@dataclass
class StaticArgs(BlueprintArgs):
    _blueprint_type: str = "static_task"
    task_source: str = required("HTML page of the task")
    data_csv: str | None = arg(None, "items, one a row")
    extra_source_dir: str | None = arg(None, "files copied beside the page")
    preview_source: str | None = arg(None, "page shown before a unit is accepted")
    units_per_assignment: int = arg(1, "workers for each item")
    onboarding_qualification: str | None = arg(None, "qualification that onboarding grants")
    shuffle: bool = arg(False, "whether items are mixed")
    ratio: float = arg(0.5, "a number")
    colors: list[str] = arg([], "a list of names")
    weights: dict[str, int] = arg({}, "a mapping of counts")
    api_key: str | None = arg(None, "a secret")


@dataclass
class StaticState(SharedTaskState):
    static_task_data: Iterable[dict[str, Any]] = field(default_factory=list)
    """Items, if no file gives them."""
    validate_onboarding: Callable[[Any], bool] | None = None


class StaticBlueprint(Blueprint):
    """Shows a page for each item.

    Only its options matter here.
    """

    BLUEPRINT_TYPE = "static_task"
    ArgsClass = StaticArgs
    SharedStateClass = StaticState
    TaskBuilderClass: ClassVar[type[TaskBuilder]] = TaskBuilder

    @classmethod
    def assert_task_args(cls, args: Any, shared_state: SharedTaskState) -> Iterable[Problem]:
        if args.data_csv and not Path(args.data_csv).is_file():
            yield Problem("mephisto.blueprint.data_csv", f"there is no file {args.data_csv}")

    def get_initialization_data(self) -> list[Any]:
        return []


@dataclass
class LocalArgs(ArchitectArgs):
    _architect_type: str = "local"
    hostname: str = arg("localhost", "address to listen on")
    port: str = arg("3000", "port to listen on")
    size: str = arg("small", "how large", choices=("small", "large"))
    subdomain: str = arg("${mephisto.task.task_name}", "first part of the address")


class LocalArchitect(Architect):
    ARCHITECT_TYPE = "local"
    ArgsClass = LocalArgs

    @classmethod
    def assert_task_args(cls, args: Any) -> Iterable[Problem]:
        if args.hostname == "explode":
            raise RuntimeError("boom")
        if args.hostname == "refuse":
            raise AssertionError("no such host")
        return None  # type: ignore[return-value] # as plugins of old do

    async def deploy(self) -> str:
        return ""

    async def shutdown(self) -> None: ...

    def get_channel(self) -> Any: ...


class OtherArchitect(LocalArchitect):
    ARCHITECT_TYPE = "other"
    ArgsClass = ArchitectArgs


class MockProvider(CrowdProvider):
    PROVIDER_TYPE = "mock"
    ArgsClass = ProviderArgs
    DEFAULT_REQUESTER = "MOCK_REQUESTER"

    @classmethod
    def page_script(cls) -> str:
        return ""

    def read_registration(self, provider_data: dict[str, Any]) -> Any: ...

    def worker_link(self, url: str, worker_name: str | None = None) -> str:
        return url


def fake_registry() -> Registry:
    return Registry(
        {
            PluginKind.BLUEPRINT: {"static_task": StaticBlueprint},
            PluginKind.ARCHITECT: {"local": LocalArchitect, "other": OtherArchitect},
            PluginKind.PROVIDER: {"mock": MockProvider},
        },
        only="none",
    )
