"""Loads the Python file with a task's code: the shared state of its run.

The file either defines names that are fields of the blueprint's `SharedStateClass`
(``static_task_data``, ``worker_can_do_unit``, ``on_unit_submitted`` …), or a function
``make_shared_state(config)`` that returns such a state or a dict of its fields.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from mephisto_engine.abstractions.blueprint import SharedTaskState
from mephisto_engine.abstractions.registry import did_you_mean
from mephisto_engine.abstractions.task_python import import_file, import_problem, importing_from
from mephisto_engine.errors import ConfigError, Problem

FACTORY = "make_shared_state"


def load_shared_state(
    file: Path,
    task_dir: Path,
    state_class: type[SharedTaskState],
    config: Any,
    warnings: list[str],
) -> SharedTaskState:
    """The shared state that a task's code file describes.

    Args:
        file: the Python file.
        task_dir: put first on ``sys.path`` while the file is imported and its factory runs.
        state_class: the blueprint's class of shared state.
        config: what ``make_shared_state`` gets: the composed config, with attribute access.
        warnings: names that look like misspelt fields are reported here.

    Raises:
        ConfigError: the file cannot be imported, or what it gives is no shared state.
    """
    if not file.is_file():
        raise ConfigError([Problem("mephisto.task.code", f"there is no file {file}")])
    with importing_from(task_dir):
        try:
            module = import_file(file)
            factory = getattr(module, FACTORY, None)
            given = factory(config) if callable(factory) else _named_fields(module, state_class)
        except (Exception, SystemExit) as error:  # the task's code may raise anything
            raise ConfigError([import_problem(file, error)]) from error
    if not callable(factory):
        warnings.extend(_misspelt(file, module, state_class))
    state, problems = as_shared_state(given, state_class, f"{file.name}:{FACTORY}")
    if state is None:
        raise ConfigError(problems)
    return state


def as_shared_state(
    given: Any, state_class: type[SharedTaskState], where: str
) -> tuple[SharedTaskState | None, list[Problem]]:
    """A shared state of the blueprint's class, from one, or from a mapping of its fields."""
    if isinstance(given, state_class):
        return given, []
    if type(given) is SharedTaskState:
        # What every blueprint has; the blueprint's own fields keep their defaults.
        given = {item.name: getattr(given, item.name) for item in dataclasses.fields(given)}
    if not isinstance(given, Mapping):
        what = f"{type(given).__name__} is not a {state_class.__name__} or a dict of its fields"
        return None, [Problem(where, what)]
    fields = _field_names(state_class)
    problems = [
        Problem(where, f"unknown field {key!r}", f"{did_you_mean(str(key), fields)}fields: {known}")
        for key, known in ((key, ", ".join(fields)) for key in given if key not in fields)
    ]
    try:
        return (None, problems) if problems else (state_class(**given), [])
    except Exception as error:  # a plugin's __post_init__ may refuse the values
        return None, [Problem(where, f"{type(error).__name__}: {error}")]


def says_something(state: SharedTaskState) -> bool:
    """Whether any field of a shared state is not as it is by itself."""
    try:
        return bool(state != type(state)())
    except Exception:  # its fields may hold what cannot be compared
        return True


def _field_names(state_class: type[SharedTaskState]) -> list[str]:
    return [item.name for item in dataclasses.fields(state_class) if item.init]


def _named_fields(module: ModuleType, state_class: type[SharedTaskState]) -> dict[str, Any]:
    return {
        name: getattr(module, name) for name in _field_names(state_class) if hasattr(module, name)
    }


def _misspelt(file: Path, module: ModuleType, state_class: type[SharedTaskState]) -> Iterator[str]:
    fields = [*_field_names(state_class), FACTORY]
    for name, value in vars(module).items():
        if name.startswith("_") or name in fields or isinstance(value, ModuleType | type):
            continue
        close = difflib.get_close_matches(name, fields, n=1, cutoff=0.85)
        if close:
            yield f"{file.name} defines {name!r}, which is not used; did you mean {close[0]!r}?"
