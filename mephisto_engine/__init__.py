"""The headless engine: what is true of a task run, and everything that moves it.

Importing this package is cheap. The public names of the Python API load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from mephisto_engine.version import __version__

if TYPE_CHECKING:
    from mephisto_engine.engine import Engine, Operator
    from mephisto_engine.operations.data_browser import DataBrowser

__all__ = ["DataBrowser", "Engine", "Operator", "__version__"]

_HOMES: Final = {
    "DataBrowser": "mephisto_engine.operations.data_browser",
    "Engine": "mephisto_engine.engine",
    "Operator": "mephisto_engine.engine",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
