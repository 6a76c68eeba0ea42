"""A task that is one form, written as YAML or JSON."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from mephisto_blueprints.form import authoring
from mephisto_blueprints.form.answer_checks import form_checks
from mephisto_blueprints.form.answers import answer_form
from mephisto_blueprints.form.choices import choice_fields
from mephisto_blueprints.form.insertions import with_insertions
from mephisto_blueprints.form.items import form_problems, has_data, python_data
from mephisto_blueprints.form.review import form_sections
from mephisto_blueprints.form.site import FormBuilder
from mephisto_blueprints.form.sources import MAX_PROBLEMS, FormItem, FormSource, find_source
from mephisto_blueprints.form.tokens import fill, unwrapped
from mephisto_blueprints.static.args import StaticArgs
from mephisto_blueprints.static.blueprint import StaticBlueprint
from mephisto_blueprints.static.item_sources import Item
from mephisto_blueprints.static.state import SharedStaticTaskState
from mephisto_engine.abstractions.args import required
from mephisto_engine.abstractions.blueprint import ItemSource, SharedTaskState
from mephisto_engine.abstractions.review_view import Check, Section, SubmittedData
from mephisto_engine.analysis.fields import LabelField
from mephisto_engine.errors import Problem


@dataclass
class FormArgs(StaticArgs):
    """Options of `form`."""

    _blueprint_type: str = "form"
    form: str = required(
        "YAML or JSON file of one form or of a list of forms, or a folder with FormComposer's files"
    )


class FormBlueprint(StaticBlueprint):
    """Shows a form, which the page draws by itself.

    The items are the forms of the file, or the one form of the file with the tokens `{{name}}` in
    its texts filled in from a data file. Values are put in **as they are**: a value may hold HTML
    on purpose, so data that others wrote has to be escaped by who prepares it.
    """

    BLUEPRINT_TYPE = "form"
    ArgsClass = FormArgs
    SharedStateClass = SharedStaticTaskState
    TaskBuilderClass = FormBuilder

    check = staticmethod(authoring.check)
    """What `mephisto-tui forms check` prints."""
    extrapolate = staticmethod(authoring.extrapolate)
    """What `mephisto-tui forms extrapolate` writes."""
    permute = staticmethod(authoring.permute)
    """What `mephisto-tui forms permute` writes."""

    @classmethod
    def assert_task_args(cls, args: Any, shared_state: SharedTaskState) -> Iterable[Problem]:
        yield from super().assert_task_args(args, _with_the_files_items(shared_state))
        yield from islice(form_problems(args, shared_state), MAX_PROBLEMS)

    @classmethod
    def page_problems(cls, args: Any, fields: set[str] | None) -> Iterable[Problem]:
        return ()

    @classmethod
    def get_label_fields(
        cls, args: Mapping[str, Any], shared: Mapping[str, Any]
    ) -> list[LabelField] | None:
        return choice_fields(shared.get("form"))

    @classmethod
    def review_sections(cls, data: SubmittedData) -> list[Section]:
        return form_sections(data)

    @classmethod
    def review_checks(cls, data: SubmittedData) -> Iterable[Check]:
        return form_checks(data)

    @cached_property
    def source(self) -> FormSource:
        """The forms of the task. Raises `ConfigError` if there are none."""
        return find_source(Path(self.args.form))

    def get_initialization_data(self) -> ItemSource:
        if has_data(self.args, self.shared_state):
            return super().get_initialization_data()
        return self._initialize(self.source.own_items())

    def page_item(self, item: Item) -> Item:
        folder = self.source.folder
        if isinstance(item.get("form"), Mapping):
            return with_insertions(item, folder)
        values = unwrapped(item)
        return {**values, **fill(self.source.template, values, folder)}

    def preview_item(self) -> FormItem:
        """What somebody sees who has not accepted yet: the first form, tokens left open."""
        if self.source.is_list:
            return next(self.source.own_items())
        return fill(
            self.source.template, dict.fromkeys(self.source.tokens, "…"), self.source.folder
        )

    def example_answer(self, init_data: Any, rng: random.Random) -> dict[str, Any]:
        form = init_data.get("form") if isinstance(init_data, Mapping) else None
        return answer_form(form, rng)


def _with_the_files_items(shared_state: SharedTaskState) -> SharedTaskState:
    """The state as it is checked: no data beside the form is no lack of data."""
    data = python_data(shared_state)
    if isinstance(shared_state, SharedStaticTaskState) and isinstance(data, Sized) and not data:
        return dataclasses.replace(shared_state, static_task_data=list)
    return shared_state
