"""The headless engine: what is true of a task run, and everything that moves it.

Importing this package is cheap. The public names of the Python API load on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mephisto_engine.version import __version__

if TYPE_CHECKING:
    from mephisto_engine.engine import Engine, Operator

__all__ = ["Engine", "Operator", "__version__"]


def __getattr__(name: str) -> Any:
    if name in {"Engine", "Operator"}:
        from mephisto_engine import engine

        return getattr(engine, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
