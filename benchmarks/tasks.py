"""The task runs that are measured, as launch configs."""

from __future__ import annotations

import json
from typing import Any

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.config import LaunchConfig, launch_config_from_dict
from mephisto_engine.database import default_home

_TASK = {
    "task_name": "benchmark",
    "task_title": "Benchmark",
    "task_description": "A task that nobody is paid for",
    "task_reward": 0.1,
    "task_tags": "benchmark",
}
_FORM = """<p>${text}</p>
<label><input type="radio" name="rating" value="good" required> good</label>
<label><input type="radio" name="rating" value="bad"> bad</label>
"""


def numbered(registry: Registry, assignments: int, units_each: int = 1) -> LaunchConfig:
    """A run of numbered assignments that no page can reach."""
    return _config(
        registry,
        blueprint={
            "_blueprint_type": "mock",
            "num_assignments": assignments,
            "units_per_assignment": units_each,
        },
        architect={"_architect_type": "mock"},
    )


def form(registry: Registry, items: int) -> LaunchConfig:
    """A run of a small HTML form, served on the loopback."""
    folder = default_home() / "task"
    folder.mkdir(parents=True)
    source = folder / "form.html"
    source.write_text(_FORM, "utf-8")
    data = [{"text": f"Sentence {number} that a worker is to rate."} for number in range(items)]
    # In a file, because a shared state is not stored with a run and could not be resumed.
    stored = folder / "data.json"
    stored.write_text(json.dumps(data), "utf-8")
    return _config(
        registry,
        blueprint={
            "_blueprint_type": "static_task",
            "task_source": str(source),
            "data_json": str(stored),
            "units_per_assignment": 1,
        },
        architect={"_architect_type": "local", "hostname": "127.0.0.1", "port": "0"},
    )


def _config(
    registry: Registry, blueprint: dict[str, Any], architect: dict[str, Any]
) -> LaunchConfig:
    node = {
        "blueprint": blueprint,
        "architect": architect,
        "provider": {"_provider_type": "mock"},
        "task": _TASK,
    }
    return launch_config_from_dict(node, registry)
