"""Longer texts of a form in files of their own: `insertions/name.html` as an attribute's value."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mephisto_blueprints.form.structure import HTML_ATTRIBUTES, Element, elements
from mephisto_engine.errors import ConfigError, Problem

_FILE_NAME = re.compile(r"\s*(?:\./)?(insertions/[^\s<>]+\.html?)\s*", re.IGNORECASE)


def inserted_file(value: Any) -> str | None:
    """The HTML file that a value consists of; None for any other text."""
    match = _FILE_NAME.fullmatch(value) if isinstance(value, str) else None
    return match.group(1) if match else None


def insertion_problems(element: Element, folder: Path) -> Iterator[Problem]:
    """Files that an element names and that cannot be put in."""
    for attribute in HTML_ATTRIBUTES:
        name = inserted_file(element.get(attribute))
        if name:
            try:
                read_insertion(name, folder)
            except ConfigError as error:
                yield Problem(element.at(attribute), error.problems[0].what)


def with_insertions(item: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A copy of a form in which files have become their contents.

    Raises:
        ConfigError: a file cannot be used.
    """
    filled = copy.deepcopy(item)
    for element in elements(filled["form"]):
        for attribute in HTML_ATTRIBUTES:
            name = inserted_file(element.get(attribute))
            if name:
                element.node[attribute] = read_insertion(name, folder)
    return filled


def read_insertion(name: str, folder: Path) -> str:
    """The content of a file below the form's folder.

    Raises:
        ConfigError: it cannot be read, or lies elsewhere.
    """
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ConfigError([Problem(name, f"{name} leads out of the form's folder")])
    try:
        return path.read_text("utf-8-sig").strip()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError([Problem(name, f"cannot read {folder / name}: {reason}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(name, f"{folder / name} is not UTF-8 text")]) from error
