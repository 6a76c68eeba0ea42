"""Tokens: `{{name}}` in a form's texts stands for a value that differs from item to item."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mephisto_blueprints.form.insertions import inserted_file, read_insertion
from mephisto_blueprints.form.structure import HTML_ATTRIBUTES, Element, elements, page_text
from mephisto_engine.abstractions.registry import did_you_mean
from mephisto_engine.errors import ConfigError, Problem

TOKENS_VALUES = "tokens_values"
"""Key of a token set in FormComposer's files."""

TOKEN = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_CALL = re.compile(r"\{\{\s*(\w+)\s*\(.*?\)\s*\}\}", re.DOTALL)

TokenValues = Mapping[str, Any]


def tokens_of(form: Any) -> list[str]:
    """Names of the tokens of a form, in the order in which they first stand in it."""
    texts = (element.get(name) for element in elements(form) for name in HTML_ATTRIBUTES)
    found = (token for text in texts if isinstance(text, str) for token in TOKEN.findall(text))
    return list(dict.fromkeys(found))


def misplaced_tokens(element: Element) -> Iterator[Problem]:
    """Tokens that would stay as they are: in other attributes, or calls of procedures."""
    for attribute, value in element.node.items():
        if not isinstance(value, str):
            continue
        if attribute not in HTML_ATTRIBUTES and TOKEN.search(value):
            token = TOKEN.findall(value)[0]
            allowed = ", ".join(HTML_ATTRIBUTES)
            yield Problem(
                element.at(attribute), f"token {{{{{token}}}}} is not filled in here", allowed
            )
        for name in _CALL.findall(value):
            yield Problem(
                element.at(attribute),
                f"{{{{{name}(…)}}}} calls a procedure of the server, and there is none",
                "give the finished value as a token",
            )


def value_problems(values: Any, where: str) -> Iterator[Problem]:
    """Values that cannot be put into a text."""
    if not isinstance(values, Mapping):
        yield Problem(where, "is no mapping", "token names and their values")
        return
    for name, value in values.items():
        if not isinstance(value, str | int | float):
            yield Problem(f"{where}.{name}", "is no text or number")


def missing_tokens(needed: Sequence[str], given: Iterable[str], where: str) -> Iterator[Problem]:
    """Tokens of a form that get no value."""
    known = list(given)
    for name in needed:
        if name not in known:
            yield Problem(
                where, f"gives no value for token {name!r}", did_you_mean(name, known).strip()
            )


def surplus_tokens(needed: Sequence[str], given: Iterable[str], where: str) -> Iterator[Problem]:
    """Values for tokens that a form does not have."""
    for name in given:
        if name not in needed:
            hint = did_you_mean(name, needed) or f"tokens: {', '.join(needed) or 'none'}"
            yield Problem(f"{where}.{name}", "is no token of the form", hint.strip())


def fill(item: dict[str, Any], values: TokenValues, folder: Path) -> dict[str, Any]:
    """A copy of a form with the values put in as they are; unknown tokens stay.

    A value that names an HTML file of the folder `insertions` is replaced by its content.

    Raises:
        ConfigError: such a file cannot be read.
    """

    def value_of(match: re.Match[str]) -> str:
        if match.group(1) not in values:
            return match.group(0)
        value = values[match.group(1)]
        file = inserted_file(value)
        return read_insertion(file, folder) if file else page_text(value)

    filled = copy.deepcopy(item)
    for element in elements(filled["form"]):
        for attribute in HTML_ATTRIBUTES:
            text = element.get(attribute)
            if isinstance(text, str):
                element.node[attribute] = TOKEN.sub(value_of, text)
    return filled


def permute(separate: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Every combination of the values, the last token changing fastest."""
    for values in itertools.product(*separate.values()):
        yield dict(zip(separate, values, strict=True))


def read_token_sets(document: Any, name: str) -> list[dict[str, Any]]:
    """The token sets of a file, in any of the shapes that are in use.

    A list of ``{"tokens_values": {…}}``, a list of mappings, or one mapping of separate values
    (token → list), of which every combination is taken.

    Raises:
        ConfigError: it is none of them; ``name`` says which file.
    """
    if isinstance(document, Mapping):
        return list(permute(read_separate_values(document, name)))
    if not isinstance(document, list):
        raise ConfigError([Problem(name, "is no list of token sets")])
    sets = [unwrapped(item) for item in document]
    problems = [
        problem
        for index, values in enumerate(sets)
        for problem in value_problems(values, f"{name}[{index}]")
    ]
    if problems:
        raise ConfigError(problems)
    return sets


def unwrapped(item: Any) -> Any:
    """The values of a token set, whether or not they stand under ``tokens_values``."""
    if isinstance(item, Mapping) and set(item) == {TOKENS_VALUES}:
        return item[TOKENS_VALUES]
    return item


def read_separate_values(document: Any, name: str) -> dict[str, list[Any]]:
    """Token → its possible values.

    Raises:
        ConfigError: the document is something else; ``name`` says which file.
    """
    if not isinstance(document, Mapping):
        raise ConfigError([Problem(name, "is no mapping of tokens to lists of values")])
    problems: list[Problem] = []
    for token, values in document.items():
        where = f"{name}.{token}"
        if not isinstance(values, list) or not values:
            problems.append(Problem(where, "is no list of values", "one value or more"))
        else:
            problems += value_problems({str(i): v for i, v in enumerate(values)}, where)
    if problems or not document:
        raise ConfigError(problems or [Problem(name, "has no tokens")])
    return dict(document)
