"""A Job: an Architect, a Blueprint and a CrowdProvider, configured for one TaskRun."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mephisto_engine.abstractions.architect import Architect, ArchitectContext
from mephisto_engine.abstractions.blueprint import AgentState, Blueprint, TaskRunner
from mephisto_engine.abstractions.channel import Backend
from mephisto_engine.abstractions.crowd_provider import CrowdProvider, ProviderContext
from mephisto_engine.abstractions.qualifications import Requirement
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.abstractions.site import Site
from mephisto_engine.abstractions.tips import read_tips, tips_path
from mephisto_engine.config.launch_config import LaunchConfig
from mephisto_engine.data_model.records import GOLD_INDEX, SCREENING_INDEX, RunRecord
from mephisto_engine.operations.runs.run_folders import run_folder, site_in, uploads_in


@dataclass
class Job:
    """The three plugins of a run, and what of its config the engine itself reads."""

    run: RunRecord
    blueprint: Blueprint
    runner: TaskRunner
    agent_state: AgentState
    provider: CrowdProvider
    architect_class: type[Architect]
    architect_args: Any
    requirements: tuple[Requirement, ...]
    folder: Path
    """Data folder of the run: site, uploads."""
    title: str
    assignment_duration_seconds: int
    submission_timeout_seconds: int
    no_submission_patience_seconds: int
    allowed_concurrent: int
    maximum_units_per_worker: int
    max_num_concurrent_units: int
    budget_cents: int | None

    @property
    def special_caps(self) -> dict[int, int]:
        """Place of screening and gold units, where the run has them → how many may be paid for."""
        return special_caps(self.blueprint.args)

    def make_site(self) -> Site:
        """The site to serve; its folder is empty until `build_site`."""
        root, uploads = site_in(self.folder), uploads_in(self.folder)
        if root.exists():
            # Of before the run was resumed; builders are promised an empty folder.
            shutil.rmtree(root)
        for part in (self.folder.parent, self.folder, root, uploads):
            part.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Site(
            root=root,
            uploads=uploads,
            task_config=self._task_config(),
            provider_script=self.provider.page_script(),
            title=self.title,
        )

    def _task_config(self) -> dict[str, Any]:
        path = tips_path(self.blueprint.args)
        tips = {} if path is None else {"tips": read_tips(path)}
        return {**tips, **self.blueprint.get_frontend_args()}

    def build_site(self, root: Path) -> None:
        """Have the task builder fill the folder; blocks."""
        self.blueprint.TaskBuilderClass(self.blueprint).build_in_dir(root)

    def make_architect(self, site: Site, backend: Backend) -> Architect:
        """The architect, given what it is to put on line."""
        return self.architect_class(self.architect_args, ArchitectContext(self.run, site, backend))


def special_caps(args: Any) -> dict[int, int]:
    """The same for a blueprint's options."""
    given = {
        SCREENING_INDEX: ("use_screening_task", "max_screening_units"),
        GOLD_INDEX: ("use_golds", "max_gold_units"),
    }
    return {
        index: int(getattr(args, option) or 0)
        for index, (switch, option) in given.items()
        if getattr(args, switch, False)
    }


def make_job(config: LaunchConfig, run: RunRecord, registry: Registry, home: Path) -> Job:
    """Load the three plugins that a config names and configure them for a run."""
    blueprint_class = registry.load(PluginKind.BLUEPRINT, config.blueprint_type)
    provider_class = registry.load(PluginKind.PROVIDER, config.provider_type)
    task = config.task
    blueprint: Blueprint = blueprint_class(config.blueprint_args, config.shared_state, run)
    requirements = (*config.requirements, *blueprint.get_required_qualifications())
    provider: CrowdProvider = provider_class(
        config.provider_args,
        ProviderContext(
            run=run,
            home=home,
            title=task.task_title,
            description=task.task_description,
            keywords=tuple(part.strip() for part in task.task_tags.split(",") if part.strip()),
            assignment_duration_seconds=task.assignment_duration_in_seconds,
            lifetime_seconds=task.task_lifetime_in_seconds,
            requirements=requirements,
        ),
    )
    _lend_answers(provider, blueprint.example_answer)
    return Job(
        run=run,
        blueprint=blueprint,
        runner=blueprint.TaskRunnerClass(blueprint),
        agent_state=blueprint.AgentStateClass(),
        provider=provider,
        architect_class=registry.load(PluginKind.ARCHITECT, config.architect_type),
        architect_args=config.architect_args,
        requirements=requirements,
        folder=run_folder(home, run.id),
        title=task.task_title,
        assignment_duration_seconds=task.assignment_duration_in_seconds,
        submission_timeout_seconds=task.submission_timeout,
        no_submission_patience_seconds=task.no_submission_patience,
        allowed_concurrent=task.allowed_concurrent,
        maximum_units_per_worker=task.maximum_units_per_worker,
        max_num_concurrent_units=task.max_num_concurrent_units,
        budget_cents=config.budget_cents,
    )


def _lend_answers(
    provider: CrowdProvider, answer: Callable[[Any, random.Random], dict[str, Any]]
) -> None:
    """A provider whose workers are simulated answers as the blueprint would have it."""
    if hasattr(provider, "example_answer"):
        provider.example_answer = answer
