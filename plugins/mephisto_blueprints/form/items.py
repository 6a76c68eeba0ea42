"""Items of a data file over a template: what is wrong with each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mephisto_blueprints.form.checks import Surroundings, item_problems
from mephisto_blueprints.form.insertions import inserted_file, read_insertion
from mephisto_blueprints.form.sources import FormSource
from mephisto_blueprints.form.tokens import (
    missing_tokens,
    surplus_tokens,
    unwrapped,
    value_problems,
)
from mephisto_engine.errors import ConfigError, Problem


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
