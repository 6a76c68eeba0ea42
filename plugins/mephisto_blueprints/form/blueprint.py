"""A task that is one form, written as YAML or JSON."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from mephisto_blueprints.form import authoring
from mephisto_blueprints.form.answers import answer_form
from mephisto_blueprints.form.insertions import with_insertions
from mephisto_blueprints.form.items import data_item_problems
from mephisto_blueprints.form.site import FormBuilder
from mephisto_blueprints.form.sources import MAX_PROBLEMS, FormItem, FormSource, find_source
from mephisto_blueprints.form.tokens import fill, unwrapped
from mephisto_blueprints.static.args import StaticArgs, given, key
from mephisto_blueprints.static.blueprint import StaticBlueprint
from mephisto_blueprints.static.item_sources import Item, chosen_data_file
from mephisto_blueprints.static.state import SharedStaticTaskState
from mephisto_engine.abstractions.args import required
from mephisto_engine.abstractions.blueprint import ItemSource, SharedTaskState
from mephisto_engine.errors import ConfigError, Problem


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
        yield from islice(_form_problems(args, shared_state), MAX_PROBLEMS)

    @classmethod
    def page_problems(cls, args: Any, fields: set[str] | None) -> Iterable[Problem]:
        return ()

    @cached_property
    def source(self) -> FormSource:
        """The forms of the task. Raises `ConfigError` if there are none."""
        return find_source(Path(self.args.form))

    def get_initialization_data(self) -> ItemSource:
        if _has_data(self.args, self.shared_state):
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


def _python_data(shared_state: SharedTaskState) -> Any:
    return getattr(shared_state, "static_task_data", ())


def _has_data(args: Any, shared_state: SharedTaskState) -> bool:
    """Whether the items come from elsewhere than the form's own file."""
    data = _python_data(shared_state)
    return chosen_data_file(args) is not None or not (isinstance(data, Sized) and not data)


def _with_the_files_items(shared_state: SharedTaskState) -> SharedTaskState:
    """The state as it is checked: no data beside the form is no lack of data."""
    data = _python_data(shared_state)
    if isinstance(shared_state, SharedStaticTaskState) and isinstance(data, Sized) and not data:
        return dataclasses.replace(shared_state, static_task_data=list)
    return shared_state


def _form_problems(args: Any, shared_state: SharedTaskState) -> Iterator[Problem]:
    path = given(args, "form")
    if path is None:
        yield Problem(key("form"), "is required", "the path of a file or folder")
        return
    if not Path(path).expanduser().exists():
        yield Problem(key("form"), f"cannot read {path}: there is no such file or folder")
        return
    try:
        source = find_source(Path(path))
        problems = source.problems()
        if problems:
            yield from problems
        elif _has_data(args, shared_state):
            yield from _data_problems(source, args, shared_state)
        else:
            list(source.own_items())
    except ConfigError as error:
        yield from error.problems


def _data_problems(
    source: FormSource, args: Any, shared_state: SharedTaskState
) -> Iterator[Problem]:
    if source.is_list:
        what = f"{source.path} is a list of finished forms, in which data has no place"
        yield Problem(key("form"), what, "leave the data out, or name a file with one form")
        return
    for where, item in _known_items(args, shared_state):
        yield from data_item_problems(source, item, where)


def _known_items(args: Any, shared_state: SharedTaskState) -> Iterator[tuple[str, Item]]:
    """Items that can be looked at before the launch, those left out that are no mappings."""
    data_file = chosen_data_file(args)
    data = _python_data(shared_state)
    found: Iterable[Any] = ()
    name = str(data_file.path) if data_file else "static_task_data"
    if data_file:
        found = data_file.read()
    elif isinstance(data, Sequence) and not isinstance(data, str | bytes):
        found = data
    for number, item in enumerate(found, start=1):
        if isinstance(item, Mapping):
            yield f"{name}: item {number}", dict(item)
