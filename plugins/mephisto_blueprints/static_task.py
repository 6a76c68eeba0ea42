"""A task written as one HTML file with input fields; the page around it comes with us."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mephisto_blueprints.static.answer_checks import html_checks
from mephisto_blueprints.static.args import StaticArgs, given, key
from mephisto_blueprints.static.blueprint import StaticBlueprint
from mephisto_blueprints.static.example_answers import answer_form
from mephisto_blueprints.static.files import (
    PAGE_FILES,
    copy_folder,
    copy_page,
    copy_source,
    source_problems,
)
from mephisto_blueprints.static.form_fields import FormField, form_fields
from mephisto_blueprints.static.html_text import PAGE_FIELDS, fill, placeholders
from mephisto_blueprints.static.item_sources import Item
from mephisto_blueprints.static.state import SharedStaticTaskState
from mephisto_engine.abstractions.args import arg, required
from mephisto_engine.abstractions.blueprint import TaskBuilder
from mephisto_engine.abstractions.review_view import (
    ANSWER,
    PROMPT,
    Check,
    Section,
    SubmittedData,
    sections_of,
)
from mephisto_engine.analysis.fields import LabelField
from mephisto_engine.errors import Problem

PREVIEW = "preview.html"
ONBOARDING = "onboarding.html"
PAGE_FILE = "html"
"""Field of an item that tells the page which HTML to show."""
_TAKEN = (*PAGE_FILES, PREVIEW, ONBOARDING, "wrap_crowd_source.js")


@dataclass
class StaticTaskArgs(StaticArgs):
    """Options of `static_task`."""

    _blueprint_type: str = "static_task"
    task_source: str = required("HTML file with the task's text and input fields")
    preview_source: str | None = arg(
        None, "HTML file shown before a worker has accepted; the task itself if not given"
    )
    onboarding_source: str | None = arg(None, "HTML file of the onboarding task")


class StaticTaskBuilder(TaskBuilder):
    """Copies the page, the task's HTML files and the extra folder; nothing is compiled."""

    def build_in_dir(self, root: Path) -> None:
        args = self.blueprint.args
        copy_page(root, *PAGE_FILES)
        copy_source(args.task_source, root / Path(args.task_source).name)
        copy_source(given(args, "preview_source") or args.task_source, root / PREVIEW)
        onboarding = given(args, "onboarding_source")
        if onboarding:
            copy_source(onboarding, root / ONBOARDING)
        extra = given(args, "extra_source_dir")
        if extra:
            copy_folder(extra, root)


class StaticTaskBlueprint(StaticBlueprint):
    """Shows each item in an HTML form.

    `${field}` in the HTML is replaced by the item's value **as it is**: a value may hold HTML on
    purpose, so data that others wrote has to be escaped by who prepares it.
    """

    BLUEPRINT_TYPE = "static_task"
    ArgsClass = StaticTaskArgs
    SharedStateClass = SharedStaticTaskState
    TaskBuilderClass = StaticTaskBuilder

    @classmethod
    def page_problems(cls, args: Any, fields: set[str] | None) -> Iterable[Problem]:
        source = given(args, "task_source")
        yield from html_problems("task_source", source)
        for option in ("preview_source", "onboarding_source"):
            if given(args, option):
                yield from html_problems(option, given(args, option))
        if given(args, "onboarding_qualification") and not given(args, "onboarding_source"):
            yield Problem(
                key("onboarding_source"), "is needed for onboarding", "name the HTML file of it"
            )
        if source and Path(source).name in _TAKEN:
            yield Problem(
                key("task_source"), f"{Path(source).name} is the name of another file of the page"
            )
        if source and fields is not None:
            yield from unknown_placeholders(source, fields)

    @classmethod
    def get_label_fields(
        cls, args: Mapping[str, Any], shared: Mapping[str, Any]
    ) -> list[LabelField] | None:
        source = args.get("task_source")
        try:
            html = Path(str(source)).expanduser().read_text("utf-8-sig")
        except (OSError, ValueError):
            return None
        return [
            LabelField(fill(field.name, dict(shared)), tuple(field.values))
            for field in form_fields(html)
            if field.kind in ("radio", "select") and not field.is_multiple
        ]

    @classmethod
    def review_sections(cls, data: SubmittedData) -> list[Section]:
        inputs = {name: value for name, value in data.inputs.items() if name != PAGE_FILE}
        answer = data.answer
        if isinstance(answer, Mapping):
            # The page sends an empty place for each file, which comes beside the answer.
            answer = {name: value for name, value in answer.items() if value != {}}
        return [*sections_of(PROMPT, inputs), *sections_of(ANSWER, answer)]

    @classmethod
    def review_checks(cls, data: SubmittedData) -> Iterable[Check]:
        return html_checks(data)

    def page_item(self, item: Item) -> Item:
        return {**item, PAGE_FILE: Path(self.args.task_source).name}

    def example_answer(self, init_data: Any, rng: random.Random) -> dict[str, Any]:
        item = init_data if isinstance(init_data, dict) else {}
        return {**answer_form(self._form_fields, item, rng), "file1": {}}

    @cached_property
    def _form_fields(self) -> list[FormField]:
        return form_fields(Path(self.args.task_source).expanduser().read_text("utf-8-sig"))


def html_problems(option: str, path: str | None) -> Iterator[Problem]:
    """What keeps a file from being used as HTML."""
    problems = list(source_problems(option, path))
    yield from problems
    if path and not problems:
        try:
            Path(path).expanduser().read_text("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            yield Problem(key(option), f"{path}:{line} is not UTF-8 text", "save the file as UTF-8")


def unknown_placeholders(path: str, fields: set[str]) -> Iterator[Problem]:
    """Placeholders that would stay on the worker's screen as they are, for want of a value."""
    try:
        html = Path(path).expanduser().read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return
    for name in placeholders(html):
        if name not in fields | PAGE_FIELDS:
            yield Problem(
                key("task_source"),
                f"{path} has ${{{name}}}, which no item of the data provides",
                "fields: " + ", ".join(sorted(fields)),
            )
