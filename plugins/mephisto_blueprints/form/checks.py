"""What is wrong with a form, each thing at its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mephisto_blueprints.form.field_checks import field_problems
from mephisto_blueprints.form.insertions import insertion_problems
from mephisto_blueprints.form.scripts import Scripts, trigger_problems
from mephisto_blueprints.form.structure import (
    ROOT_ATTRIBUTES,
    Attribute,
    Element,
    attributes_of,
    elements,
)
from mephisto_blueprints.form.tokens import misplaced_tokens
from mephisto_engine.abstractions.registry import did_you_mean
from mephisto_engine.errors import Problem

_PROTOCOL_NAMES = frozenset(
    {
        "USED_AGENT_ID",
        "client_timestamp",
        "files",
        "filesByFields",
        "final_data",
        "final_string_data",
    }
)
"""What a submission holds beside the fields."""

_WORDS = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    dict: "a mapping",
    list: "a list",
}


@dataclass(frozen=True)
class Surroundings:
    """What stands beside a form's file."""

    folder: Path
    scripts: Scripts


def item_problems(item: Any, around: Surroundings, where: str = "") -> Iterator[Problem]:
    """Everything that is wrong with one form, given as ``{"form": …}``.

    Args:
        item: what the file holds.
        around: where its insertions are.
        where: put before the place of each problem, such as ``[3].``.
    """
    if not isinstance(item, dict):
        yield Problem(where.rstrip(".") or "form", f"is {described(item)}", "a mapping with `form`")
        return
    for name in item:
        if name not in ROOT_ATTRIBUTES:
            yield _unknown(f"{where}{name}", name, ROOT_ATTRIBUTES)
    if "form" not in item:
        yield Problem(f"{where}form", "is missing")
        return
    yield from _form_problems(list(elements(item["form"], f"{where}form")), around)


def _form_problems(parts: list[Element], around: Surroundings) -> Iterator[Problem]:
    for element in parts:
        sound = list(_element_problems(element))
        yield from sound
        if not isinstance(element.node, dict):
            continue
        if element.kind == "field":
            yield from field_problems(element, around.scripts)
        yield from trigger_problems(element, around.scripts)
        yield from misplaced_tokens(element)
        yield from insertion_problems(element, around.folder)
    yield from _repeated_names(parts)
    form = parts[0]
    if isinstance(form.get("sections"), list) and not any(part.kind == "field" for part in parts):
        yield Problem(form.where, "asks nothing: there is no field in it")


def _element_problems(element: Element) -> Iterator[Problem]:
    if not isinstance(element.node, dict):
        yield Problem(element.where, f"is {described(element.node)}", "a mapping of attributes")
        return
    known = attributes_of(element)
    for name, value in element.node.items():
        if name not in known:
            yield _unknown(element.at(name), name, known)
        elif not _fits(value, known[name]):
            allowed = " or ".join(dict.fromkeys(_WORDS[kind] for kind in known[name].kinds))
            yield Problem(element.at(name), f"is {described(value)}", allowed)
    for name, attribute in known.items():
        if attribute.is_required and name not in element.node:
            yield Problem(element.at(name), "is missing")


def _unknown(where: str, name: Any, known: Any) -> Problem:
    hint = did_you_mean(str(name), known) or f"known: {', '.join(sorted(known))}"
    return Problem(where, f"unknown attribute {name!r}", hint.strip())


def _fits(value: Any, attribute: Attribute) -> bool:
    # A truth value is an int to Python, and to nobody else.
    if isinstance(value, bool):
        return bool in attribute.kinds
    return isinstance(value, attribute.kinds)


def described(value: Any) -> str:
    """What kind of value it is, for a person."""
    return "empty" if value is None else _WORDS.get(type(value), f"a {type(value).__name__}")


def _repeated_names(parts: list[Element]) -> Iterator[Problem]:
    first: dict[tuple[str, str], str] = {}
    for element in parts:
        for attribute, scope in (("id", "id"), ("name", element.kind)):
            value = element.get(attribute)
            if not isinstance(value, str) or not value:
                continue
            where = element.at(attribute)
            earlier = first.setdefault((scope, value), where)
            if earlier != where:
                yield Problem(where, f"{value!r} is taken", f"it is that of {earlier}")
            yield from _unusable_name(element, attribute, value)


def _unusable_name(element: Element, attribute: str, value: str) -> Iterator[Problem]:
    if attribute == "id" and any(character.isspace() for character in value):
        yield Problem(element.at("id"), f"{value!r} has a blank in it")
    if attribute == "name" and element.kind == "field" and value in _PROTOCOL_NAMES:
        yield Problem(element.at("name"), f"{value!r} is a name that each submission has already")
