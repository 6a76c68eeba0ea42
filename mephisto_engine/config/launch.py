"""From a config file, or a script's node, to a `LaunchConfig` in which everything is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mephisto_engine.abstractions.blueprint import SharedTaskState
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.config.assembly import Assembly
from mephisto_engine.config.check import defaults_of, literal
from mephisto_engine.config.compose import Composition, compose
from mephisto_engine.config.launch_config import SOURCE, LaunchConfig
from mephisto_engine.config.plain import first_line, to_plain
from mephisto_engine.config.secrets import with_secrets
from mephisto_engine.errors import ConfigError, PluginError, Problem


def load_launch_config(
    path: Path | str,
    overrides: Sequence[str],
    registry: Registry,
    shared_state: SharedTaskState | Mapping[str, Any] | None = None,
) -> LaunchConfig:
    """Compose a config file with overrides and check it.

    Args:
        path: YAML file.
        overrides: in Hydra's grammar.
        registry: where plugins come from.
        shared_state: a script's own, instead of the task's code file.

    Raises:
        ConfigError: with every problem that was found.
    """
    return check_composed(compose(path, overrides, registry), registry, shared_state)


def check_composed(
    composed: Composition,
    registry: Registry,
    shared_state: SharedTaskState | Mapping[str, Any] | None = None,
) -> LaunchConfig:
    """Check what Hydra has made of a file. Arguments and errors as `load_launch_config`."""
    if not composed.tree:
        raise ConfigError(composed.problems)
    draft = Assembly(composed.tree, registry, composed.task_dir, composed.path)
    draft.problems.extend(composed.problems)
    return draft.build(shared_state)


def launch_config_from_dict(
    node: Any,
    registry: Registry,
    shared_state: SharedTaskState | Mapping[str, Any] | None = None,
    task_dir: Path | str | None = None,
    *,
    is_only_read: bool = False,
) -> LaunchConfig:
    """Check a config that is composed already.

    Args:
        node: what a script passes (``cfg.mephisto``, or the whole ``cfg``; a dict or DictConfig),
            or the ``resolved`` of an earlier LaunchConfig.
        registry: where plugins come from.
        shared_state: the script's own; without it the task's code file is loaded.
        task_dir: the task's folder; by default the one in ``resolved``, else the current one.
        is_only_read: nothing is to begin with it: what architect and provider would need for that
            is not asked, such as a port that the run itself may hold.

    Raises:
        ConfigError: with every problem that was found.
    """
    problems: list[Problem] = []
    tree = _as_tree(node, problems)
    source = tree.pop(SOURCE, None)
    source = source if isinstance(source, Mapping) else {}
    path = Path(str(source["path"])) if source.get("path") else None
    folder = task_dir or source.get("task_dir") or tree.get("task_dir") or Path.cwd()
    tree = with_secrets(tree, path, registry, problems)
    tree = _with_defaults(tree, registry, problems)
    draft = Assembly(tree, registry, Path(str(folder)), path)
    draft.problems.extend(problems)
    return draft.build(shared_state, is_only_read=is_only_read)


def _as_tree(node: Any, problems: list[Problem]) -> dict[str, Any]:
    """The whole config as plain data, whichever part of it was passed."""
    from omegaconf import DictConfig

    if isinstance(node, DictConfig):
        node = to_plain(node, "mephisto" if "mephisto" not in node else "", problems)
    if not isinstance(node, Mapping):
        raise ConfigError([Problem("mephisto", "is not a mapping of keys to values")])
    tree = dict(node)
    return tree if "mephisto" in tree or not tree else {"mephisto": tree}


def _with_defaults(
    tree: dict[str, Any], registry: Registry, problems: list[Problem]
) -> dict[str, Any]:
    """The plugins' defaults below what was given: some of them refer to other keys."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    node = tree.get("mephisto")
    if not isinstance(node, Mapping):
        return tree
    filled = dict(literal(node))
    for kind in PluginKind:
        values = filled.get(kind.value)
        if isinstance(values, Mapping):
            filled[kind.value] = {**_defaults(kind, values, registry), **values}
    try:
        whole = OmegaConf.create({**literal(tree), "mephisto": filled})
    except OmegaConfBaseException as error:
        raise ConfigError([Problem("mephisto", first_line(error))]) from error
    plain: dict[str, Any] = to_plain(whole, "", problems)
    return plain


def _defaults(kind: PluginKind, values: Mapping[str, Any], registry: Registry) -> dict[str, Any]:
    try:
        plugin: type[Any] = registry.load(kind, str(values.get(kind.type_key)))
    except PluginError:
        return {}  # said when the plugin is chosen
    return defaults_of(plugin.ArgsClass, f"mephisto.{kind}", [])
