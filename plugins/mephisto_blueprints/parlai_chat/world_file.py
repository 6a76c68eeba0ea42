"""Loads a world file: the Python that leads conversations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from mephisto_blueprints.static.args import given, key
from mephisto_engine.abstractions.task_python import import_file, import_problem, importing_from
from mephisto_engine.errors import ConfigError, Problem

_NEEDED: Final = ("make_world", "get_world_params")


@dataclass(frozen=True)
class WorldModule:
    """The functions of a world file, checked."""

    agent_count: int
    """How many workers a conversation has."""
    make_world: Callable[..., Any]
    make_onboarding_world: Callable[..., Any] | None
    validate_onboarding: Callable[..., Any] | None


def load_world_module(args: Any, given_module: Any) -> WorldModule:
    """The module of the options, or the one that a run script gives.

    Raises:
        ConfigError: it cannot be imported, or lacks a function that a world file must have.
    """
    path = given(args, "world_file")
    if given_module is not None:
        return _checked(given_module, "world_module")
    if path is None:
        raise ConfigError([Problem(key("world_file"), "is required", "the path of a Python file")])
    return _checked(_import(Path(path).expanduser()), path)


def _checked(module: Any, where: str) -> WorldModule:
    names = ("make_world", "get_world_params", "make_onboarding_world", "validate_onboarding")
    found = {name: getattr(module, name, None) for name in names}
    problems = [
        Problem(where, f"has no function {name!r}")
        for name, function in found.items()
        if not callable(function) and (function is not None or name in _NEEDED)
    ]
    if problems:
        raise ConfigError(problems)
    count = _agent_count(module.get_world_params, where)
    return WorldModule(
        count, module.make_world, found["make_onboarding_world"], found["validate_onboarding"]
    )


def _agent_count(get_world_params: Callable[..., Any], where: str) -> int:
    try:
        params = get_world_params()
    except (Exception, SystemExit) as error:
        fault = Problem(where, f"get_world_params: {type(error).__name__}: {error}")
        raise ConfigError([fault]) from error
    count = params.get("agent_count") if isinstance(params, Mapping) else None
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        what = f"get_world_params gives {params!r}"[:200]
        hint = 'a dictionary such as {"agent_count": 2}, with 1 or more'
        raise ConfigError([Problem(where, what, hint)])
    return count


def _import(file: Path) -> ModuleType:
    if not file.is_file() or file.suffix != ".py":
        fault = Problem(key("world_file"), f"{file} is no Python file", "the path of a .py file")
        raise ConfigError([fault])
    try:
        with importing_from(file.resolve().parent):
            return import_file(file)
    except (Exception, SystemExit) as error:  # a world file may raise anything
        raise ConfigError([import_problem(file, error, _hint(error))]) from error


def _hint(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] == "parlai":
        return "install parlai, or write the world without it; see ChatWorld"
    return ""


def takes_initialization_data(function: Callable[..., Any]) -> bool:
    """Whether a `make_world` asks for the data of its conversation."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
    kinds = {parameter.kind for parameter in parameters.values()}
    return "initialization_data" in parameters or inspect.Parameter.VAR_KEYWORD in kinds
