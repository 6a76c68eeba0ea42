"""The options of a run's task, out of the config that the Config pane shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def task_options(config: str) -> Mapping[str, Any]:
    """The `mephisto.task` node; empty where the config has none."""
    import yaml

    node: Any = yaml.safe_load(config) if config else {}
    for key in ("mephisto", "task"):
        node = node.get(key) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else {}
