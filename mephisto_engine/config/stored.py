"""One plugin's part of a config that was stored with a run, whatever became of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.config.check import build_args
from mephisto_engine.config.launch_config import SOURCE
from mephisto_engine.config.secrets import with_secrets
from mephisto_engine.errors import ConfigError, Problem


def is_of_script(config: Mapping[str, Any]) -> bool:
    """Whether a script gave the run a shared state, which is not stored with it."""
    return bool((config.get(SOURCE) or {}).get("is_of_script"))


def stored_args(
    config: Mapping[str, Any], kind: PluginKind, plugin_type: str, registry: Registry
) -> Any:
    """A plugin's options as a run was launched with them.

    Neither the task's data nor its code has to be there any more; only secrets are read again from
    the file that the config came from.

    Raises:
        PluginError: the plugin is not installed or broken.
        ConfigError: its options do not fit any more.
    """
    problems: list[Problem] = []
    source = config.get(SOURCE) or {}
    path = Path(source["path"]) if source.get("path") else None
    tree = with_secrets(dict(config), path, registry, problems)
    values = (tree.get("mephisto") or {}).get(kind.value) or {}
    plugin = registry.load(kind, plugin_type)
    where = f"mephisto.{kind}"
    args = build_args(plugin.ArgsClass, values, where, problems)
    if args is None:
        raise ConfigError([item for item in problems if item.where.startswith(where)] or problems)
    return args
