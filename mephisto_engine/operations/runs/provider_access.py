"""The provider of a run that nobody drives here: made from what is stored, nothing goes on line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mephisto_engine.abstractions.crowd_provider import CrowdProvider, ProviderContext
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.config.stored import stored_args
from mephisto_engine.config.task_args import TaskArgs
from mephisto_engine.data_model import TaskRun
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.queries.runs import find_run, run_record
from mephisto_engine.errors import MephistoError, PluginError


def provider_of_run(db: MephistoDB, home: Path, registry: Registry, run_id: int) -> CrowdProvider:
    """A run's provider, to pay, refuse and ask with. Blocks.

    Raises:
        NotFoundError: there is no such run.
        PluginError: the provider is not installed, or broken.
        ConfigError: its options do not fit any more.
    """
    run: TaskRun = db.read(find_run, run_id)
    provider_class = registry.load(PluginKind.PROVIDER, run.provider_type)
    args = stored_args(run.config, PluginKind.PROVIDER, run.provider_type, registry)
    task = (run.config.get("mephisto") or {}).get("task") or {}
    context = ProviderContext(
        run=db.read(run_record, run_id),
        home=home,
        title=task.get("task_title") or "",
        description=task.get("task_description") or "",
        keywords=(),
        assignment_duration_seconds=_seconds(task, "assignment_duration_in_seconds"),
        lifetime_seconds=_seconds(task, "task_lifetime_in_seconds"),
        requirements=(),
    )
    try:
        provider: CrowdProvider = provider_class(args, context)
    except MephistoError:
        raise
    except Exception as error:
        raise PluginError(
            f"The provider of run {run_id} could not be set up: {type(error).__name__}: {error}.",
            "Report this to the plugin's author.",
        ) from error
    return provider


def _seconds(task: dict[str, Any], name: str) -> int:
    return int(task.get(name) or getattr(TaskArgs, name, 0) or 0)
