"""MephistoDB: the one writer, named operations, queries, migrations, the lease."""

from __future__ import annotations

from mephisto_engine.database.database import MephistoDB, default_home

__all__ = ["MephistoDB", "default_home"]
