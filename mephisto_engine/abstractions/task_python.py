"""Imports the Python of a task: files that are no modules of any package."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Final

from mephisto_engine.errors import Problem

_LOCK: Final = threading.RLock()
"""`sys.path` and `sys.modules` belong to the whole process."""
_PREFIX: Final = "mephisto_task_python_"
_numbers = itertools.count(1)


def import_file(file: Path) -> ModuleType:
    """Import the file anew, as a module with a name that no other has.

    Raises:
        ImportError: its name does not end in .py.
        Exception: whatever the file raises.
    """
    spec = importlib.util.spec_from_file_location(f"{_PREFIX}{next(_numbers)}", file)
    if spec is None or spec.loader is None:
        raise ImportError("the name of a Python file ends in .py")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickles look their module up by its name.
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[spec.name]
        raise
    return module


@contextmanager
def importing_from(folder: Path) -> Iterator[None]:
    """The folder first on `sys.path`; modules imported from it are forgotten afterwards.

    Two tasks may each have a ``data.py``: the second must not get the first one's.
    """
    with _LOCK:
        before = set(sys.modules)
        sys.path.insert(0, str(folder))
        importlib.invalidate_caches()
        try:
            yield
        finally:
            if str(folder) in sys.path:
                sys.path.remove(str(folder))
            for name in set(sys.modules) - before:
                if not name.startswith(_PREFIX) and _is_inside(name, folder):
                    del sys.modules[name]


def _is_inside(module_name: str, folder: Path) -> bool:
    file = getattr(sys.modules[module_name], "__file__", None)
    return bool(file) and Path(str(file)).is_relative_to(folder)


def import_problem(file: Path, error: BaseException, hint: str = "") -> Problem:
    """What was raised while the file was imported, at the line of the file that led to it."""
    if isinstance(error, SyntaxError) and error.filename:
        return Problem(f"{error.filename}:{error.lineno or 1}", f"SyntaxError: {error.msg}")
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.lineno for frame in frames if frame.filename == str(file)]
    where = f"{file}:{own[-1]}" if own else str(file)
    return Problem(where, f"{type(error).__name__}: {error}", hint)
