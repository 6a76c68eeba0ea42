"""Checks a config node against a dataclass, field by field, so that nothing hides behind the first.

OmegaConf does the conversions (``"3"`` is a whole number where one is asked for); it would stop at
the first value that does not fit, so each field is given to it on its own.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mephisto_engine.abstractions.args import REQUIRED, ArgInfo, describe_args
from mephisto_engine.abstractions.registry import did_you_mean
from mephisto_engine.config.plain import dotted, first_line
from mephisto_engine.errors import Problem

if TYPE_CHECKING:
    from omegaconf import DictConfig

_INTERPOLATION = re.compile(r"(\\*)\$\{")


def build_args(
    args_class: type[Any],
    values: Any,
    where: str,
    problems: list[Problem],
    check: Callable[[Mapping[str, Any]], Iterable[Problem]] | None = None,
) -> Any | None:
    """An instance of the dataclass, or None if something is wrong with the values.

    Args:
        args_class: a dataclass of arguments.
        values: the node, plain and resolved; ``???`` stands for a value that was not given.
        where: dotted key of the node.
        problems: everything that is wrong is added here; what is there already is not said again.
        check: looks at the converted values, those that did not fit left out.
    """
    if not isinstance(values, Mapping):
        problems.append(Problem(where, f"is {_shown(values)}", "a mapping of keys to values"))
        return None
    node = _schema(args_class, where, problems)
    if node is None:
        return None
    _check_names(args_class, values, where, problems)
    faulty = _assign_all(node, args_class, values, where, problems)
    if check is not None:
        problems.extend(check(_converted(node, faulty)))
    if any(problem.where.startswith(f"{where}.") for problem in problems):
        return None
    return _instance(node, where, problems)


def _assign_all(
    node: DictConfig,
    args_class: type[Any],
    values: Mapping[Any, Any],
    where: str,
    problems: list[Problem],
) -> set[str]:
    """Give the node each value; the names of those that did not fit."""
    infos = {info.name: info for info in describe_args(args_class)}
    known_faults = {problem.where for problem in problems}
    faulty: set[str] = set()
    for item in dataclasses.fields(args_class):
        value = values.get(item.name, REQUIRED)
        info = infos.get(item.name)
        if value == REQUIRED:
            # What cannot be resolved was left out, and said already.
            found = [] if dotted(where, item.name) in known_faults else _absence(info, where)
        else:
            found = _assign(node, item.name, value, info, where)
        if found:
            faulty.add(item.name)
            problems.extend(found)
    return faulty


def _converted(node: DictConfig, faulty: set[str]) -> dict[str, Any]:
    from omegaconf import OmegaConf

    return {
        str(key): node[key]
        for key in node
        if key not in faulty and not OmegaConf.is_missing(node, key)
    }


def defaults_of(args_class: type[Any], where: str, problems: list[Problem]) -> dict[str, Any]:
    """The dataclass as an untyped node: its defaults, ``???`` for what has to be given."""
    from omegaconf import OmegaConf

    schema = _schema(args_class, where, problems)
    if schema is None:
        return {}
    plain: dict[str, Any] = OmegaConf.to_container(schema, enum_to_str=True)  # type: ignore[assignment]
    return plain


def _schema(args_class: type[Any], where: str, problems: list[Problem]) -> DictConfig | None:
    from omegaconf import OmegaConf

    try:
        schema: DictConfig = OmegaConf.structured(args_class)
    except Exception as error:  # a plugin's annotations can be anything
        fault = f"{args_class.__name__} cannot be used in a config: {first_line(error)}"
        problems.append(Problem(where, fault, "report this to the plugin's author"))
        return None
    return schema


def _check_names(
    args_class: type[Any], values: Mapping[Any, Any], where: str, problems: list[Problem]
) -> None:
    known = {item.name for item in dataclasses.fields(args_class)}
    public = sorted(name for name in known if not name.startswith("_"))
    for key in values:
        if key not in known:
            problems.append(unknown_key(where, key, public))


def unknown_key(where: str, key: Any, known: list[str]) -> Problem:
    """A key that means nothing there, with the one that was probably meant."""
    hint = f"{did_you_mean(str(key), known)}known keys: {', '.join(known)}"
    return Problem(dotted(where, key), "unknown key", hint)


def _absence(info: ArgInfo | None, where: str) -> list[Problem]:
    if info is None or not info.is_required:
        return []
    return [Problem(dotted(where, info.name), "is required", info.help)]


def _assign(
    node: DictConfig, name: str, value: Any, info: ArgInfo | None, where: str
) -> list[Problem]:
    from omegaconf.errors import OmegaConfBaseException

    key = dotted(where, name)
    wanted = info.type if info else "str"
    try:
        node[name] = literal(value)
        converted = node[name]
    except (OmegaConfBaseException, ValueError, TypeError) as error:
        fault = f"{_shown(value)} is not {_article(wanted)}"
        inner = str(getattr(error, "full_key", "") or name)
        return [Problem(key if inner == name else dotted(where, inner), fault)]
    if info and info.choices and converted is not None and converted not in info.choices:
        allowed = ", ".join(str(choice) for choice in info.choices)
        hint = f"{did_you_mean(str(value), map(str, info.choices))}one of: {allowed}"
        return [Problem(key, f"{_shown(value)} is not allowed", hint)]
    return []


def _instance(node: DictConfig, where: str, problems: list[Problem]) -> Any | None:
    from omegaconf import OmegaConf

    try:
        return OmegaConf.to_object(node)
    except Exception as error:  # the dataclass's own __post_init__ may refuse the values
        problems.append(Problem(where, first_line(error)))
        return None


def literal(value: Any) -> Any:
    """The value with no interpolation in it: what looks like one now is meant as text."""
    if isinstance(value, str):
        return _INTERPOLATION.sub(lambda match: match[1] * 2 + "\\${", value)
    if isinstance(value, Mapping):
        return {key: literal(item) for key, item in value.items()}
    return [literal(item) for item in value] if isinstance(value, list | tuple) else value


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


_WORDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text"}


def _article(type_name: str) -> str:
    """The type in words for somebody who writes YAML."""
    words = [_WORDS.get(part.strip(), part.strip()) for part in type_name.split("|")]
    return " or ".join("nothing" if word in ("None", "NoneType") else word for word in words)
