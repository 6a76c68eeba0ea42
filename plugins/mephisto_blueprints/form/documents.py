"""Reading the files of a form: YAML or JSON, by the ending of the name."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from mephisto_engine.errors import ConfigError, Problem

YAML_ENDINGS = (".yaml", ".yml")


def read_document(path: Path) -> Any:
    """What a file holds, as plain JSON data.

    Raises:
        ConfigError: it cannot be read, or is neither YAML nor JSON; says the line and column.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise _unusable(path, "is not UTF-8 text", "save the file as UTF-8") from error
    if not text.strip():
        raise _unusable(path, "is empty")
    return _read_yaml(path, text) if path.suffix in YAML_ENDINGS else _read_json(path, text)


def _read_json(path: Path, text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_as_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise _unusable(
            f"{path}:{error.lineno}:{error.colno}", f"is not JSON: {error.msg}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise _unusable(path, f"is not usable JSON: {error}") from error


def _as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"one object gives {key!r} twice")
        found[key] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _read_yaml(path: Path, text: str) -> Any:
    try:
        return yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise _unusable(where, f"is not YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _unusable(path, f"is not YAML: {error}") from error


class _Loader(yaml.SafeLoader):
    """YAML in which only what looks like JSON is no text.

    `yes`, `2024-01-31` and `12:30` are answers that people write; YAML 1.1 makes a truth value, a
    date and the number 750 of them.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        self.flatten_mapping(node)
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise _key_error(key_node, f"the key {key!r} is no text; put it in quotes")
            if key in seen:
                raise _key_error(key_node, f"{key!r} is given twice")
            seen.add(key)
        return super().construct_mapping(node, deep)


def _key_error(node: yaml.Node, what: str) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, what, node.start_mark)


_SCALARS = {
    "null": (r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    "bool": (r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    "int": (r"^-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    "float": (r"^-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?$", list("-0123456789")),
    "merge": (r"^<<$", ["<"]),
}
for _name, (_pattern, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_pattern), _first)


def _unusable(where: Path | str, what: str, hint: str = "") -> ConfigError:
    return ConfigError([Problem(str(where), what, hint)])
