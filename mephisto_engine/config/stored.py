"""The provider's part of a config that was stored with a run, whatever became of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.config.check import build_args
from mephisto_engine.config.launch import SOURCE, with_secrets
from mephisto_engine.errors import ConfigError, Problem

_WHERE = f"mephisto.{PluginKind.PROVIDER}"


def stored_provider_args(config: Mapping[str, Any], provider_type: str, registry: Registry) -> Any:
    """The provider's options as a run was launched with them.

    Neither the task's data nor its code has to be there any more; only secrets are read again from
    the file that the config came from.

    Raises:
        PluginError: the provider is not installed or broken.
        ConfigError: its options do not fit any more.
    """
    problems: list[Problem] = []
    source = config.get(SOURCE) or {}
    path = Path(source["path"]) if source.get("path") else None
    tree = with_secrets(dict(config), path, registry, problems)
    values = (tree.get("mephisto") or {}).get(PluginKind.PROVIDER.value) or {}
    plugin = registry.load(PluginKind.PROVIDER, provider_type)
    args = build_args(plugin.ArgsClass, values, _WHERE, problems)
    if args is None:
        raise ConfigError([item for item in problems if item.where.startswith(_WHERE)] or problems)
    return args
