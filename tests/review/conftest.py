from __future__ import annotations

from pathlib import Path

import pytest
from review_world import ReviewedRun

from mephisto_engine.database import MephistoDB


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def run(db: MephistoDB, home: Path) -> ReviewedRun:
    return ReviewedRun(db, home, "alice", "bob", "alice")
