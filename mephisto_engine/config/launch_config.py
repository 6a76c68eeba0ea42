"""A launch config that can be launched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mephisto_engine.abstractions.blueprint import SharedTaskState
from mephisto_engine.abstractions.qualifications import Requirement
from mephisto_engine.config.task_args import TaskArgs

SOURCE = "_source"
"""Where the resolved config says where it came from, for `resume`: its file, the task's folder, and
whether a script gave it a shared state, which is not stored.
"""


@dataclass(frozen=True)
class LaunchConfig:
    """A launch config that has been checked in every part; nothing has been created yet."""

    path: Path | None
    """File it was composed from; None for a script's own node."""
    task_dir: Path
    blueprint_type: str
    architect_type: str
    provider_type: str
    blueprint_args: Any
    """An instance of the plugin's ArgsClass; so are the next two."""
    architect_args: Any
    provider_args: Any
    task: TaskArgs
    """With ``task_name`` set."""
    pay_cents: int
    budget_cents: int | None
    shared_state: SharedTaskState
    requirements: tuple[Requirement, ...]
    """What the operator and the options ask of workers; the blueprint may add its own."""
    log_level: str
    resolved: dict[str, Any]
    """The whole config as JSON can hold it, without secrets; enough to build this anew."""
    warnings: tuple[str, ...] = ()
