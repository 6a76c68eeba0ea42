"""What is wrong with a field beyond its attributes' kinds: type, options, value, validators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from mephisto_blueprints.form.regular_expressions import regexp_fault
from mephisto_blueprints.form.scripts import VALIDATORS_FILE, Scripts
from mephisto_blueprints.form.structure import (
    FIELD_TYPES,
    WITH_OPTIONS,
    Element,
    option_values,
    page_text,
)
from mephisto_engine.abstractions.registry import did_you_mean
from mephisto_engine.errors import Problem


def field_problems(field: Element, scripts: Scripts) -> Iterator[Problem]:
    """What is wrong with a field that is a mapping."""
    kind = field.get("type")
    if not isinstance(kind, str):
        return
    if kind not in FIELD_TYPES:
        hint = did_you_mean(kind, FIELD_TYPES) or f"known: {', '.join(FIELD_TYPES)}"
        yield Problem(field.at("type"), f"unknown {kind!r}", hint.strip())
    for attribute in ("name", "label"):
        if field.get(attribute) == "" and not (attribute == "label" and kind == "hidden"):
            yield Problem(field.at(attribute), "is empty")
    if kind in WITH_OPTIONS and isinstance(field.get("options"), list):
        yield from _option_problems(field)
        yield from _value_problems(field)
    if isinstance(field.get("validators"), dict):
        yield from _validator_problems(field, scripts)


def _option_problems(field: Element) -> Iterator[Problem]:
    values = option_values(field.node)
    if not field.get("options"):
        yield Problem(field.at("options"), "is empty", "one option or more")
    for value, count in Counter(values).items():
        if count > 1:
            yield Problem(field.at("options"), f"the value {value!r} is given {count} times")
    checked = [
        item for item in field.get("options") if isinstance(item, dict) and item.get("checked")
    ]
    is_single = field.get("type") == "radio" or _is_single_select(field)
    if is_single and len(checked) > 1:
        yield Problem(
            field.at("options"), f"{len(checked)} options are checked, at most one can be"
        )


def _is_single_select(field: Element) -> bool:
    return field.get("type") == "select" and not field.get("multiple")


def _value_problems(field: Element) -> Iterator[Problem]:
    value, known = field.get("value"), option_values(field.node)
    chosen: list[Any] = []
    if isinstance(value, dict) or (isinstance(value, list) and not _is_single_select(field)):
        chosen = list(value)
    elif isinstance(value, list):
        yield Problem(field.at("value"), "is a list", "a text, or `multiple: true`")
    elif isinstance(value, str) and value:
        chosen = [value]
    for one in chosen:
        if page_text(one) not in known:
            hint = did_you_mean(page_text(one), known) or f"options: {', '.join(known)}"
            yield Problem(field.at("value"), f"{one!r} is none of the options", hint.strip())
    if isinstance(value, dict):
        for name, state in value.items():
            if not isinstance(state, bool):
                yield Problem(f"{field.at('value')}.{name}", f"is {state!r}", "true or false")


def _validator_problems(field: Element, scripts: Scripts) -> Iterator[Problem]:
    validators: dict[str, Any] = field.get("validators")
    for name, argument in validators.items():
        where = f"{field.at('validators')}.{name}"
        check = _BUILT_IN.get(name)
        if check:
            fault = check(argument)
            if fault:
                yield Problem(where, fault)
        elif not scripts.validators.has(name):
            known = [*_BUILT_IN, *scripts.validators.names]
            hint = did_you_mean(name, known) or f"no function of {VALIDATORS_FILE}"
            yield Problem(where, f"unknown validator {name!r}", hint.strip())
    if not any(_BUILT_IN[name](validators.get(name, 0)) for name in ("minLength", "maxLength")):
        yield from _length_problems(field, validators)


def _length_problems(field: Element, validators: dict[str, Any]) -> Iterator[Problem]:
    least, most = validators.get("minLength", 0), validators.get("maxLength")
    if most is not None and most < least:
        yield Problem(field.at("validators"), f"minLength {least} is more than maxLength {most}")
    count = len(option_values(field.node))
    counts_choices = field.get("type") == "checkbox" or field.get("multiple") is True
    if counts_choices and count and least > count:
        where = f"{field.at('validators')}.minLength"
        yield Problem(where, f"asks for {least} of {count} options")


def _flag_fault(argument: Any) -> str:
    return "" if isinstance(argument, bool) else f"is {argument!r}, not true or false"


def _length_fault(argument: Any) -> str:
    is_length = isinstance(argument, int) and not isinstance(argument, bool) and argument >= 0
    return "" if is_length else f"is {argument!r}, not a whole number from 0 upwards"


def _regexp_fault(argument: Any) -> str:
    parts = argument if isinstance(argument, list) else [argument]
    if not 1 <= len(parts) <= 2 or not all(isinstance(part, str) for part in parts):
        return f"is {argument!r}, not a regular expression, or a list of one and its flags"
    return regexp_fault(*parts)


def _extension_fault(argument: Any) -> str:
    names = argument if isinstance(argument, list) else [argument]
    is_sound = names and all(isinstance(name, str) and name.strip(". ") for name in names)
    return "" if is_sound else f"is {argument!r}, not a list of file name extensions"


_BUILT_IN: dict[str, Callable[[Any], str]] = {
    "required": _flag_fault,
    "minLength": _length_fault,
    "maxLength": _length_fault,
    "regexp": _regexp_fault,
    "fileExtension": _extension_fault,
}
