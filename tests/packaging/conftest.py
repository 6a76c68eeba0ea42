from __future__ import annotations

from pathlib import Path

import pytest
from exporter import Exporter
from stored_world import StoredWorld

from mephisto_engine.database import MephistoDB


@pytest.fixture
def world(db: MephistoDB, tmp_path: Path) -> StoredWorld:
    return StoredWorld(db, tmp_path / "home")


@pytest.fixture
def export(world: StoredWorld, tmp_path: Path) -> Exporter:
    return Exporter(world, tmp_path / "exports")
