"""The blueprint `parlai_chat`."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from mephisto_blueprints.parlai_chat.args import ParlAIChatArgs, SharedParlAITaskState
from mephisto_blueprints.parlai_chat.contexts import context_problems, contexts, contexts_in
from mephisto_blueprints.parlai_chat.review import chat_checks, chat_sections
from mephisto_blueprints.parlai_chat.runner import ChatRunner
from mephisto_blueprints.parlai_chat.site import ChatBuilder
from mephisto_blueprints.parlai_chat.world_file import WorldModule, load_world_module
from mephisto_blueprints.static.args import given, key, number_below_one
from mephisto_blueprints.static.files import folder_problems, source_problems
from mephisto_blueprints.static.item_sources import Item
from mephisto_blueprints.static_task import html_problems
from mephisto_engine.abstractions.blueprint import (
    AgentState,
    Blueprint,
    InitializationData,
    ItemSource,
    SharedTaskState,
)
from mephisto_engine.abstractions.review_view import Check, Section, SubmittedData
from mephisto_engine.data_model.records import RunRecord, UnitRecord
from mephisto_engine.errors import ConfigError, Problem

FRAME_HEIGHT = 650
"""Pixels that pages on `bootstrap-chat` give to the chat."""


class ChatState(AgentState):
    """What was said, and the final answer."""

    DATA_FILE = "state.json"

    def get_parsed_data(
        self, unit: UnitRecord, answer: Any, history: Sequence[Mapping[str, Any]] = ()
    ) -> dict[str, Any]:
        """As Mephisto's: ``outputs`` is ``{"messages": […], "final_submission": …}``."""
        data = super().get_parsed_data(unit, answer)
        outputs = {"messages": [dict(update) for update in history]}
        return {**data, "outputs": {**outputs, "final_submission": data["outputs"]}}


class ParlAIChatBlueprint(Blueprint):
    """Each context becomes one conversation, of as many workers as the world file says."""

    BLUEPRINT_TYPE = "parlai_chat"
    ArgsClass = ParlAIChatArgs
    SharedStateClass = SharedParlAITaskState
    TaskBuilderClass = ChatBuilder
    TaskRunnerClass = ChatRunner
    AgentStateClass = ChatState

    args: ParlAIChatArgs
    shared_state: SharedParlAITaskState

    def __init__(self, args: Any, shared_state: SharedTaskState, run: RunRecord) -> None:
        super().__init__(args, shared_state, run)
        if self.shared_state.validate_onboarding is None and self.worlds.validate_onboarding:
            self.shared_state.validate_onboarding = self._validate_onboarding

    @classmethod
    def assert_task_args(cls, args: Any, shared_state: SharedTaskState) -> Iterable[Problem]:
        yield from world_problems(args, shared_state)
        yield from context_problems(args)
        yield from number_below_one(args, "partner_wait_seconds")
        yield from number_below_one(args, "min_agents")
        yield from page_problems(args)

    @classmethod
    def review_sections(cls, data: SubmittedData) -> list[Section]:
        return chat_sections(data)

    @classmethod
    def review_checks(cls, data: SubmittedData) -> Iterable[Check]:
        return chat_checks(data)

    @cached_property
    def worlds(self) -> WorldModule:
        """What makes the run's worlds. Raises `ConfigError` if the world file cannot be used."""
        return load_world_module(self.args, self.shared_state.world_module)

    def get_initialization_data(self) -> ItemSource:
        return self._conversations(contexts(self.args))

    def read_items(self, path: Path) -> Iterable[InitializationData]:
        return self._conversations(contexts_in(path))

    def _conversations(self, found: Iterable[Item]) -> Iterator[InitializationData]:
        for context in found:
            units: list[dict[str, Any]] = [{} for _ in range(self.worlds.agent_count)]
            yield InitializationData(shared=context, unit_data=units)

    def get_frontend_args(self) -> dict[str, Any]:
        preview = given(self.args, "preview_source")
        return {
            "task_description": _html(given(self.args, "task_description_file")),
            "preview_html": _html(preview),
            "frame_height": FRAME_HEIGHT,
            "chat_title": self.run.task_name,
            "has_preview": preview is not None,
            "block_mobile": True,
            "frontend_task_opts": self.shared_state.frontend_task_opts,
            **super().get_frontend_args(),
        }

    def example_answer(self, init_data: Any, rng: random.Random) -> dict[str, Any]:
        """Chat pages hand in nothing at all: what counts was said before."""
        return {}

    def _validate_onboarding(self, data: Any) -> Any:
        """Judge by the world file's function, which gets what Mephisto gives to it."""
        judge = self.worlds.validate_onboarding
        if judge is None:
            return True
        outputs = {"messages": data.get("messages", []), "final_submission": data["outputs"]}
        return judge({"inputs": data["inputs"], "outputs": outputs, "metadata": {}})


def world_problems(args: Any, shared_state: SharedTaskState) -> Iterator[Problem]:
    """What is wrong with the world file, as far as it shows before a conversation."""
    try:
        worlds = load_world_module(args, getattr(shared_state, "world_module", None))
    except ConfigError as error:
        yield from error.problems
        return
    if args.onboarding_qualification and worlds.make_onboarding_world is None:
        hint = "the world file needs a function 'make_onboarding_world'"
        yield Problem(key("onboarding_qualification"), "there is no onboarding", hint)


def page_problems(args: Any) -> Iterator[Problem]:
    """What is wrong with the files of the page."""
    bundle = given(args, "custom_source_bundle")
    if bundle:
        yield from source_problems("custom_source_bundle", bundle)
    elif given(args, "custom_source_dir"):
        what = "nothing is compiled at a launch"
        hint = "build the page with npm, and give its bundle as custom_source_bundle"
        yield Problem(key("custom_source_dir"), what, hint)
    for option in ("task_description_file", "preview_source"):
        if given(args, option):
            yield from html_problems(option, given(args, option))
    yield from folder_problems(key("extra_source_dir"), given(args, "extra_source_dir"))


def _html(path: str | None) -> str:
    """The text of a file; raises `ConfigError` if it was checked and has gone since."""
    if path is None:
        return ""
    try:
        return Path(path).expanduser().read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
