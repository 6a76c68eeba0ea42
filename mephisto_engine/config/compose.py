"""Composes a launch config with Hydra, and says everything that is wrong with it at once.

Hydra stops at its first exception and answers for typed nodes with another. So plugins' Args are
put into its ConfigStore as *untyped* nodes (defaults only): composing then fails for a file that
cannot be read or an override that fits nothing, and types are checked afterwards, field by field
(`mephisto_engine.config.check`). What Hydra misses on the way (a plugin, a file of the defaults
list) gets a stand-in and a line in the report, and composing goes on.

Nothing of Hydra's outlives a call: no output folder, no change of folder, no logging set-up.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mephisto_engine.abstractions.args import arg
from mephisto_engine.abstractions.registry import PluginKind, Registry, did_you_mean
from mephisto_engine.config.check import defaults_of, literal
from mephisto_engine.config.faults import composition_problem, override_problem
from mephisto_engine.config.plain import to_plain
from mephisto_engine.config.task_args import TaskArgs
from mephisto_engine.errors import PluginError, Problem

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig

_LOCK = threading.RLock()
"""Hydra keeps its state in singletons: one composition at a time."""

_PRIMARY = "mephisto_launch_root"
_MOST_STAND_INS = 50


@dataclass
class MephistoConfig:
    """The `mephisto` node of a launch config."""

    blueprint: Any = arg(None, "the task's own options, see `wut blueprint`")
    provider: Any = arg(None, "the crowd provider's options, see `wut provider`")
    architect: Any = arg(None, "the architect's options, see `wut architect`")
    task: Any = arg(None, "options of the task run, see `wut task`")
    database: Any = arg(None, "kept for existing configs; `--db` says where runs are stored")
    log_level: str = arg(
        "info",
        "least severe message that is logged",
        choices=("debug", "info", "warning", "error", "critical", "fatal"),
    )


@dataclass
class Composition:
    """What Hydra made of a config file and overrides."""

    path: Path
    task_dir: Path
    tree: dict[str, Any] = field(default_factory=dict)
    """Plain and resolved, with secrets; ``???`` for what was not given; empty if nothing came."""
    problems: list[Problem] = field(default_factory=list)


def task_dir_of(path: Path) -> Path:
    """The task's folder: above ``hydra_configs`` if the file is in one, else the file's own."""
    for folder in path.parents:
        if folder.name == "hydra_configs":
            return folder.parent
    return path.parent


def compose(path: Path | str, overrides: Sequence[str], registry: Registry) -> Composition:
    """Compose a launch config; thread-safe, and raises nothing for what a person can get wrong.

    Args:
        path: the YAML file, in the shape of Mephisto's ``hydra_configs/conf/NAME.yaml`` or plain.
        overrides: Hydra's: ``mephisto.task.task_reward=0.1``, ``mephisto/architect=local``,
            ``+x=y``, ``~x``.
        registry: where plugins come from.
    """
    where = Path(path).expanduser().absolute()
    result = Composition(where, task_dir_of(where))
    with _LOCK:
        usable = list(_parsed(overrides, result.problems))
        readable = _check_file(where, result.problems)
        config = _Composer(result, registry).compose(usable) if readable else None
        if config is not None:
            result.tree = to_plain(_without_hydra(config), "", result.problems)
    if isinstance(result.tree.get("task_dir"), str):
        result.task_dir = Path(result.tree["task_dir"])
    return result


def _parsed(overrides: Sequence[str], problems: list[Problem]) -> Iterator[Override]:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    parser = OverridesParser.create()
    for text in overrides:
        try:
            override = parser.parse_override(text)
        except (HydraException, RecursionError):
            problems.append(Problem(text, "is not an override", "KEY=VALUE, +KEY=VALUE or ~KEY"))
            continue
        if override.is_sweep_override():
            problems.append(Problem(text, "has several values", "quote it: KEY='a,b' or KEY=[a,b]"))
            continue
        yield override


def _check_file(path: Path, problems: list[Problem]) -> bool:
    """Whether Hydra can be given the file; parses it first, for errors with line and column."""
    from omegaconf import DictConfig, OmegaConf

    if path.suffix != ".yaml" or "@" in path.name:
        problems.append(Problem(str(path), "cannot be used as a config", "name it NAME.yaml"))
        return False
    try:
        content = OmegaConf.load(path)
    except Exception as error:  # YAML tags and OmegaConf's constructors raise nearly anything
        problems.append(composition_problem(error, path))
        return False
    if not isinstance(content, DictConfig):
        problems.append(Problem(str(path), "is a list", "a mapping of keys to values"))
        return False
    return True


class _Composer:
    """One file and its overrides on their way through Hydra."""

    def __init__(self, result: Composition, registry: Registry) -> None:
        self._result = result
        self._registry = registry
        self._nodes: dict[tuple[PluginKind, str], dict[str, Any]] = {}
        self._absent: dict[str, Problem] = {}
        self._error: Exception | None = None

    def compose(self, overrides: list[Override]) -> DictConfig | None:
        """The composed config, or None if the files themselves cannot be composed."""
        config = self._try(overrides, {})
        if config is None or len(_chosen(config)) < len(PluginKind):
            config = self._compose_with_types(overrides)
        self._result.problems.extend(self._absent.values())
        return config

    def _compose_with_types(self, overrides: list[Override]) -> DictConfig | None:
        """Once more, with plugins that ``_blueprint_type`` and the like name, faults apart."""
        bare = self._try([], {})
        if bare is None:
            self._report_failure()
            return None
        types = self._types_beside_defaults(bare, overrides)
        config = self._try(overrides, types)
        return config if config is not None else self._compose_one_by_one(overrides, types)

    def _compose_one_by_one(
        self, overrides: list[Override], types: Mapping[PluginKind, str]
    ) -> DictConfig | None:
        good: list[Override] = []
        config = self._try(good, types)
        if config is None:
            self._report_failure()
            return None
        for override in overrides:
            attempt = self._try([*good, override], types)
            if attempt is not None:
                good.append(override)
                config = attempt
            elif not self._is_of_unknown_plugin(override, config):
                self._result.problems.append(override_problem(override, self._error, config))
        return self._try(good, types)

    def _report_failure(self) -> None:
        if self._error is not None:
            self._result.problems.append(composition_problem(self._error, self._result.path))

    def _types_beside_defaults(
        self, bare: DictConfig, overrides: list[Override]
    ) -> dict[PluginKind, str]:
        """Plugins that are named outside the defaults list, kind → name."""
        types: dict[PluginKind, str] = {}
        for kind in set(PluginKind) - set(_chosen(bare)):
            named = _type_in(bare, kind)
            for override in overrides:
                if override.key_or_group == _group(kind) and not override.is_add():
                    named = override.value()
            if named in self._registry.names(kind):
                types[kind] = str(named)
        return types

    def _is_of_unknown_plugin(self, override: Override, config: DictConfig) -> bool:
        """Whether nothing can be said of the key, since its plugin is not there."""
        for kind in PluginKind:
            if override.key_or_group.startswith(f"mephisto.{kind}."):
                return not self._load(kind, str(_type_in(config, kind)))[1]
        return False

    def _try(
        self, overrides: Sequence[Override], types: Mapping[PluginKind, str]
    ) -> DictConfig | None:
        """What Hydra composes, or None; then ``self._error`` says why."""
        from hydra.errors import MissingConfigException

        self._absent = {}
        texts = [override.input_line or "" for override in overrides]
        texts += _settled_types(overrides, types)
        with _config_store() as store:
            self._fill(store, types)
            for _ in range(_MOST_STAND_INS):
                try:
                    return self._run_hydra(texts)
                except MissingConfigException as error:
                    self._error = error
                    if not self._stand_in(store, error):
                        return None
                except Exception as error:  # Hydra lets through what its sources raise
                    self._error = error
                    return None
        return None

    def _run_hydra(self, overrides: list[str]) -> DictConfig:
        import hydra

        with _own_hydra():
            hydra.initialize_config_dir(str(self._result.path.parent), version_base="1.3")
            return hydra.compose(_PRIMARY, overrides, return_hydra_config=True)

    def _fill(self, store: Any, types: Mapping[PluginKind, str]) -> None:
        for (kind, name), node in self._nodes.items():
            store.store(group=_group(kind), name=name, node=node)
        for name in ("local", "singleton"):
            store.store(group="mephisto/database", name=name, node={"_database_type": name})
        chosen = [{f"/{_group(kind)}": name} for kind, name in types.items()]
        shared = self._result.task_dir / "hydra_configs"
        root = {
            "defaults": ["_self_", *chosen, self._result.path.stem],
            "mephisto": {
                "task": defaults_of(TaskArgs, "mephisto.task", []),
                "database": {"_database_type": "local"},
                "log_level": "info",
            },
            "task_dir": literal(str(self._result.task_dir)),
            "hydra": {"searchpath": [literal(f"file://{shared}")] if shared.is_dir() else []},
        }
        store.store(name=_PRIMARY, node=root)

    def _stand_in(self, store: Any, error: Any) -> bool:
        """Give Hydra what it missed; False if it misses the same thing again."""
        missing = str(error.missing_cfg_file or "").removesuffix(".yaml").strip("/")
        group, _, name = missing.rpartition("/")
        kind = next((kind for kind in PluginKind if _group(kind) == group), None)
        if kind and (kind, name) not in self._nodes:
            self._nodes[kind, name], _ = self._load(kind, name)
            store.store(group=group, name=name, node=self._nodes[kind, name])
            return True
        if kind or not name or missing in self._absent:
            return False
        options = [str(option) for option in error.options or ()]
        known = f"there are: {', '.join(options)}" if options else ""
        self._absent[missing] = Problem(
            f"{self._result.path.name}: defaults",
            f"there is no config {missing!r}",
            f"{did_you_mean(name, options)}{known}",
        )
        store.store(group=group or None, name=name, node={})
        return True

    def _load(self, kind: PluginKind, name: str) -> tuple[dict[str, Any], bool]:
        """The plugin's default options, and whether there is such a plugin."""
        node: dict[str, Any] = {}
        try:
            plugin = self._registry.load(kind, name)
        except PluginError:
            # Said once, with what is installed, where the launch config is checked.
            return {kind.type_key: name}, False
        node = defaults_of(plugin.ArgsClass, f"mephisto.{kind}", [])
        return {**node, kind.type_key: name}, True


def _group(kind: PluginKind) -> str:
    return f"mephisto/{kind}"


def _without_hydra(config: DictConfig) -> DictConfig:
    from omegaconf import open_dict

    with open_dict(config):
        del config["hydra"]
    return config


def _chosen(config: DictConfig) -> dict[PluginKind, str]:
    choices = config.hydra.runtime.choices
    return {kind: choices[_group(kind)] for kind in PluginKind if choices.get(_group(kind))}


def _type_in(config: DictConfig, kind: PluginKind) -> Any:
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        return OmegaConf.select(config, f"mephisto.{kind}.{kind.type_key}")
    except OmegaConfBaseException:
        return None


def _settled_types(overrides: Sequence[Override], types: Mapping[PluginKind, str]) -> Iterator[str]:
    """``mephisto/architect=local`` must win over an ``_architect_type`` in the file's body."""
    groups = {override.key_or_group for override in overrides}
    for kind, name in types.items():
        if _group(kind) in groups and re.fullmatch(r"[\w-]+", name):
            yield f"++mephisto.{kind}.{kind.type_key}={name}"


@contextmanager
def _own_hydra() -> Iterator[None]:
    """Hydra's global state set aside, for a script may itself run under `hydra.main`."""
    from hydra.core.global_hydra import GlobalHydra
    from hydra.version import VersionBase

    state, base = GlobalHydra.instance(), VersionBase.instance()
    hydra_before, base_before = state.hydra, base.version_base
    state.clear()
    try:
        yield
    finally:
        state.hydra, base.version_base = hydra_before, base_before


@contextmanager
def _config_store() -> Iterator[Any]:
    """Hydra's ConfigStore, as it was again afterwards."""
    from hydra.core.config_store import ConfigStore
    from hydra.core.plugins import Plugins

    # Hydra's own plugins store their configs when first asked for: before the copy, or never again.
    Plugins.instance()
    store = ConfigStore.instance()
    before = _copied(store.repo)
    try:
        yield store
    finally:
        store.repo = before


def _copied(repo: dict[str, Any]) -> dict[str, Any]:
    return {key: _copied(item) if isinstance(item, dict) else item for key, item in repo.items()}
