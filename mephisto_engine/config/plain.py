"""From OmegaConf's nodes to plain data, interpolations resolved, every failure on its own line."""

from __future__ import annotations

import math
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mephisto_engine.abstractions.args import REQUIRED
from mephisto_engine.errors import Problem

if TYPE_CHECKING:
    from omegaconf import DictConfig, ListConfig

_MAX_DEPTH = 40
"""Deeper than any config; a node that interpolates its own ancestor has no bottom."""

_DROPPED = object()


def to_plain(
    node: DictConfig | ListConfig, where: str, problems: list[Problem], depth: int = 0
) -> Any:
    """A dict or list of plain values; what cannot be resolved is left out and reported.

    A value that is still missing stays as OmegaConf's ``???``.
    """
    from omegaconf import ListConfig

    is_list = isinstance(node, ListConfig)
    found = []
    for key in range(len(node)) if is_list else list(node):
        its_where = f"{where}[{key}]" if is_list else dotted(where, key)
        value = _value(node, key, its_where, problems, depth)
        if value is not _DROPPED:
            found.append((key, value))
    return [value for _, value in found] if is_list else dict(found)


def _value(node: Any, key: Any, where: str, problems: list[Problem], depth: int) -> Any:
    from omegaconf import DictConfig, ListConfig, MissingMandatoryValue

    try:
        value = node[key]
    except MissingMandatoryValue:
        return REQUIRED
    except (Exception, RecursionError) as error:  # resolvers are strangers' code too
        problems.append(Problem(where, first_line(error)))
        return _DROPPED
    if isinstance(value, DictConfig | ListConfig):
        if depth >= _MAX_DEPTH:
            problems.append(Problem(where, "refers to itself"))
            return _DROPPED
        return to_plain(value, where, problems, depth + 1)
    if isinstance(value, float) and not math.isfinite(value):
        problems.append(Problem(where, f"{value} is not a finite number"))
        return _DROPPED
    return value


def to_json(value: Any) -> Any:
    """Plain data as JSON can hold it."""
    if isinstance(value, dict):
        return {_json_key(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Path):
        return str(value)
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _json_key(key: Any) -> str:
    return key.name if isinstance(key, Enum) else str(key)


def dotted(where: str, key: Any) -> str:
    """The key below another."""
    return f"{where}.{key}" if where else str(key)


def first_line(error: BaseException) -> str:
    """What an exception says, without the details that only a programmer wants."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
