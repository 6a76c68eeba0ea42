"""Options of `parlai_chat`, and what a run script gives to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mephisto_engine.abstractions.args import arg, required
from mephisto_engine.abstractions.blueprint import (
    BlueprintArgs,
    ConcurrentArgs,
    OnboardingArgs,
    OnboardingState,
    SharedTaskState,
)


@dataclass
class ParlAIChatArgs(OnboardingArgs, ConcurrentArgs, BlueprintArgs):
    """Options of `parlai_chat`."""

    _blueprint_type: str = "parlai_chat"
    world_file: str = required("Python file with `make_world` and `get_world_params`")
    preview_source: str | None = arg(
        None, "HTML file shown before a worker has accepted; the description if not given"
    )
    task_description_file: str | None = arg(
        None, "HTML file with the instructions, shown beside the chat"
    )
    custom_source_bundle: str | None = arg(
        None, "JavaScript bundle of a page of your own, already built; else the built-in page"
    )
    custom_source_dir: str | None = arg(
        None, "sources of a page of your own; build them, and give `custom_source_bundle`"
    )
    task_source_review: str | None = arg(None, "bundle that shows a conversation in a review")
    extra_source_dir: str | None = arg(
        None, "folder of files that the page asks for; copied over the page's own"
    )
    context_csv: str | None = arg(
        None, "CSV file, a conversation a row (UTF-8, first row names the columns)"
    )
    context_jsonl: str | None = arg(None, "JSON Lines file, a conversation a line")
    num_conversations: int | None = arg(
        None, "how many conversations there are, when no file gives a context to each"
    )


@dataclass
class SharedParlAITaskState(OnboardingState, SharedTaskState):
    """Shared state of `parlai_chat`."""

    frontend_task_opts: dict[str, Any] = field(default_factory=dict)
    """What the page gets as `taskConfig.frontend_task_opts`."""
    world_opt: dict[str, Any] = field(default_factory=dict)
    """First argument of `make_world`."""
    onboarding_world_opt: dict[str, Any] = field(default_factory=dict)
    """First argument of `make_onboarding_world`."""
    world_module: Any = None
    """A module, or anything else with its functions, in place of `world_file`."""
