"""Configs, plugins and a way to launch for the tests of the console's launch screens."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from console_world import HOSTILE, ago

from mephisto_engine.abstractions.architect import Architect, ArchitectArgs
from mephisto_engine.abstractions.args import arg, required
from mephisto_engine.abstractions.blueprint import (
    Blueprint,
    BlueprintArgs,
    InitializationData,
    TaskBuilder,
)
from mephisto_engine.abstractions.crowd_provider import CrowdProvider, Payment, ProviderArgs
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.config.discovery import find_configs
from mephisto_engine.database.queries.runs import LaunchedConfig
from mephisto_engine.errors import Problem
from mephisto_engine.operations.drafting import DraftCheck
from mephisto_tui.launching import ConfigsAtHand, Launching


@dataclass
class PairsArgs(BlueprintArgs):
    _blueprint_type: str = "pairs"
    pairs: int = required("how many pairs of words there are")
    units_per_assignment: int = arg(1, "workers for each pair")
    order: str = arg("given", "in which order pairs come", choices=("given", "mixed"))
    shuffle: bool = arg(False, "whether the words of a pair change places")
    colors: list[str] = arg([], "a list of names")


class PairsBlueprint(Blueprint):
    """Shows two words."""

    BLUEPRINT_TYPE = "pairs"
    ArgsClass = PairsArgs
    TaskBuilderClass: ClassVar[type[TaskBuilder]] = TaskBuilder

    @classmethod
    def assert_task_args(cls, args: Any, shared_state: Any) -> Iterable[Problem]:
        if args.pairs < 1:
            yield Problem("mephisto.blueprint.pairs", f"{args.pairs} is too small", "1 or more")
        if args.pairs == 13:
            yield Problem("data/pairs.csv:13:2", "the row has 2 cells, the header 3")

    def get_initialization_data(self) -> Iterator[InitializationData]:
        for index in range(self.args.pairs):
            yield InitializationData({"index": index}, [{}] * self.args.units_per_assignment)


class OtherBlueprint(PairsBlueprint):
    """Something else."""

    BLUEPRINT_TYPE = "other"
    ArgsClass = BlueprintArgs


@dataclass
class DeskArgs(ArchitectArgs):
    _architect_type: str = "desk"
    port: int = arg(3000, "port to listen on")


class DeskArchitect(Architect):
    """Serves from here."""

    ARCHITECT_TYPE = "desk"
    ArgsClass = DeskArgs

    async def deploy(self) -> str:
        return ""

    async def shutdown(self) -> None: ...

    def get_channel(self) -> Any: ...


@dataclass
class MarketArgs(ProviderArgs):
    _provider_type: str = "market"
    api_key: str | None = arg(None, "what the market knows the account by")


class MarketProvider(CrowdProvider):
    """Real workers for real money."""

    PROVIDER_TYPE = "market"
    ArgsClass = MarketArgs
    DEFAULT_REQUESTER = "lab-main"

    @classmethod
    def fee(cls, args: Any, cents: int, payment: Payment, units_per_posting: int = 1) -> int:
        return 0 if cls.IS_SANDBOX else -(-cents // 5)

    @classmethod
    def page_script(cls) -> str:
        return ""

    def read_registration(self, provider_data: dict[str, Any]) -> Any: ...

    def worker_link(self, url: str, worker_name: str | None = None) -> str:
        return url


class SandProvider(MarketProvider):
    """Nobody and nothing."""

    PROVIDER_TYPE = "sand"
    ArgsClass = ProviderArgs
    IS_SANDBOX = True


CONFIG = """\
#@package _global_
defaults:
  - /mephisto/blueprint: pairs
  - /mephisto/architect: desk
  - /mephisto/provider: {provider}
mephisto:
  blueprint:
    pairs: {pairs}
    units_per_assignment: 2
  task:
    task_name: word-pairs
    task_title: Do these two words belong together?
    task_description: Say whether two words belong together, and how sure you are
    task_reward: 0.25
    task_tags: words,pairs
"""


def registry() -> Registry:
    return Registry(
        {
            PluginKind.BLUEPRINT: {"pairs": PairsBlueprint, "other": OtherBlueprint},
            PluginKind.ARCHITECT: {"desk": DeskArchitect},
            PluginKind.PROVIDER: {"market": MarketProvider, "sand": SandProvider},
        },
        only="none",
    )


class TestLaunching(Launching):
    """Checks like the real one; what is launched is only written down."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        super().__init__(None, folder / "home", start_detached=self._note, registry=registry())
        self.folder = folder
        self.launched: list[tuple[Path, list[str]]] = []
        self.failure: Exception | None = None
        self.has_failed_checks = False
        self.may_check = threading.Event()
        self.may_check.set()

    def configs_at_hand(self, folder: Path) -> Future[ConfigsAtHand]:
        future: Future[ConfigsAtHand] = Future()
        last = LaunchedConfig(str(self.folder / "lately.yaml"), "toxicity", 139, ago(days=2))
        future.set_result(ConfigsAtHand((last,), tuple(find_configs(folder))))
        return future

    def _check(self, draft: Any) -> Any:
        assert self.may_check.wait(10)
        return steady(super()._check(draft))

    def _note(self, path: Path, overrides: Sequence[str]) -> int:
        if self.failure is not None:
            raise self.failure
        self.launched.append((path, list(overrides)))
        return 142


SHOWN = (
    "task_name", "task_title", "task_description", "task_reward", "task_tags",
    "task_lifetime_in_seconds", "assignment_duration_in_seconds", "max_num_concurrent_units",
    "budget", "code", "pairs", "units_per_assignment", "order", "shuffle", "colors", "port",
    "requester_name", "api_key",
)  # fmt: skip


def steady(check: DraftCheck) -> DraftCheck:
    """The check with the options that these tests are about, whatever else tasks come to have."""
    sections = tuple(
        replace(section, args=tuple(info for info in section.args if info.name in SHOWN))
        for section in check.sections
    )
    problems = tuple(
        replace(problem, hint=problem.hint.partition("known keys:")[0])
        for problem in check.problems
    )
    resolved = dict(check.resolved)
    node = {
        key: {name: item for name, item in values.items() if name in SHOWN or name[0] == "_"}
        for key, values in resolved.get("mephisto", {}).items()
        if isinstance(values, dict)
    }
    # The rest names folders of the day.
    return replace(check, sections=sections, problems=problems, resolved={"mephisto": node})


def write_configs(folder: Path) -> None:
    """Sound on a live provider, sound on a sandbox, full of faults, far down; and an attack."""
    sound = CONFIG.format(provider="market", pairs=400)
    texts = {
        "live.yaml": sound,
        "sandbox.yaml": CONFIG.format(provider="sand", pairs=3),
        "faulty.yaml": sound.replace("0.25", "0.255")
        .replace("pairs: 400", "pairs: 13\n    pears: 1")
        .replace("    task_tags: words,pairs\n", ""),
        "deep/er/and/deeper/in/an/endless/tree/of/folders.yaml": sound,
        "hostile\x1b[31m[red].yaml": _hostile(sound),
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _hostile(sound: str) -> str:
    import json

    attack = json.dumps(HOSTILE.replace("\ud800", ""))
    return (
        sound.replace("word-pairs", attack)
        .replace("Do these two words belong together?", attack)
        .replace("words,pairs", attack)
        .replace("    pairs: 400", f"    pairs: {attack}\n    {attack}: 1")
    )


LAUNCH_EFFECTS = {
    "pick.open": "Launch › new",
    "pick.new": "Launch › new",
    "pick.type": "Path of a launch config",
    "pick.filter": "words · !without",
    "draft.edit": "⏎ choose",
    "draft.launch": "Type 240 to go on",
    "draft.save": "Save as YAML",
    "draft.undo": "nothing was changed in this option",
    "draft.next_problem": "nothing is wrong with these options",
    "draft.previous_problem": "nothing is wrong with these options",
    "draft.filter": "words · !without",
}
"""Command of the launch screens → words that its key brings."""
