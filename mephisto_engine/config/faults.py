"""Exceptions of YAML, OmegaConf and Hydra, as problems in a person's words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mephisto_engine.abstractions.registry import did_you_mean
from mephisto_engine.config.plain import first_line
from mephisto_engine.errors import Problem

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig


def composition_problem(error: BaseException, path: Path) -> Problem:
    """Why a file, or one that it names in its defaults, cannot be composed."""
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    for cause in _causes(error):
        if isinstance(cause, YAMLError):
            return _yaml_problem(cause, path)
        if isinstance(cause, OmegaConfBaseException) and cause.full_key:
            return Problem(str(cause.full_key), first_line(cause))
    if isinstance(error, OSError) and error.strerror:
        return Problem(str(path), f"cannot be read: {error.strerror}")
    if isinstance(error, UnicodeDecodeError):
        return Problem(str(path), "is not UTF-8 text")
    if isinstance(error, RecursionError):
        return Problem(str(path), "is nested too deeply, or contains itself")
    return Problem(str(path), f"cannot be composed: {first_line(error)}")


def override_problem(override: Override, error: Exception | None, config: DictConfig) -> Problem:
    """Why one override cannot be applied to a config that composes without it."""
    key = override.key_or_group
    absent = None if "/" in key else _absent_part(key.split("."), config)
    if absent:
        known, name = absent
        hint = f"{did_you_mean(name, known)}known keys: {', '.join(known)}"
        if not key.startswith("mephisto."):
            hint += f"; +{key}=VALUE adds a key"
        return Problem(key, "unknown key", hint)
    return Problem(key, first_line(error) if error else "cannot be overridden")


def _absent_part(parts: list[str], config: DictConfig) -> tuple[list[str], str] | None:
    """The first part of a dotted key that is not there, and what is there instead."""
    from omegaconf import DictConfig, OmegaConf

    node = config
    for part in parts:
        if part not in node:
            known = sorted(str(key) for key in node if not str(key).startswith("_"))
            return [key for key in known if key != "hydra"], part
        if not OmegaConf.is_dict(node.get(part)) or OmegaConf.is_missing(node, part):
            return None
        inner = node[part]
        if not isinstance(inner, DictConfig):
            return None
        node = inner
    return None


def _yaml_problem(error: BaseException, path: Path) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or first_line(error)
    where = str(path)
    if mark is not None:
        where = f"{mark.name}:{mark.line + 1}:{mark.column + 1}"
    return Problem(where, f"is not YAML: {what}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and what led to it, outermost first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
