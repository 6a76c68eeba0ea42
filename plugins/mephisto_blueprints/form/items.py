"""The items of a run: which source they have, and what is wrong with form and data together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from pathlib import Path
from typing import Any

from mephisto_blueprints.form.checks import Surroundings, item_problems
from mephisto_blueprints.form.insertions import inserted_file, read_insertion
from mephisto_blueprints.form.sources import FormSource, find_source
from mephisto_blueprints.form.tokens import (
    missing_tokens,
    surplus_tokens,
    unwrapped,
    value_problems,
)
from mephisto_blueprints.static.args import given, key
from mephisto_blueprints.static.item_sources import Item, chosen_data_file
from mephisto_engine.abstractions.blueprint import SharedTaskState
from mephisto_engine.errors import ConfigError, Problem


def python_data(shared_state: SharedTaskState) -> Any:
    """Items, or token values, from the task's code."""
    return getattr(shared_state, "static_task_data", ())


def has_data(args: Any, shared_state: SharedTaskState) -> bool:
    """Whether the items come from elsewhere than the form's own file."""
    data = python_data(shared_state)
    return chosen_data_file(args) is not None or not (isinstance(data, Sized) and not data)


def form_problems(args: Any, shared_state: SharedTaskState) -> Iterator[Problem]:
    """What is wrong with the form of a launch config, and with what is filled into it."""
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
        elif has_data(args, shared_state):
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
    data = python_data(shared_state)
    found: Iterable[Any] = ()
    name = str(data_file.path) if data_file else "static_task_data"
    if data_file:
        found = data_file.read()
    elif isinstance(data, Sequence) and not isinstance(data, str | bytes):
        found = data
    for number, item in enumerate(found, start=1):
        if isinstance(item, Mapping):
            yield f"{name}: item {number}", dict(item)


def data_item_problems(
    source: FormSource, item: Mapping[str, Any], where: str
) -> Iterator[Problem]:
    """What keeps an item from being filled in.

    A plain item may have more fields than the form has tokens: they are stored with the answer. A
    token set of FormComposer (``tokens_values``) may not, and an item with a whole ``form`` of its
    own is checked as that.
    """
    if isinstance(item.get("form"), Mapping):
        form = {"form": item["form"]}
        yield from item_problems(form, Surroundings(source.folder, source.scripts), f"{where}: ")
        return
    values = unwrapped(item)
    if not isinstance(values, Mapping):
        yield from value_problems(values, where)
        return
    if "form" in values:
        yield Problem(f"{where}.form", "is no form", "a field of another name")
    yield from missing_tokens(source.tokens, values, where)
    if values is not item:
        yield from surplus_tokens(source.tokens, values, where)
    used = {name: value for name, value in values.items() if name in source.tokens}
    yield from value_problems(used, where)
    for name, value in used.items():
        file = inserted_file(value)
        if file:
            try:
                read_insertion(file, source.folder)
            except ConfigError as error:
                yield Problem(f"{where}.{name}", error.problems[0].what)
