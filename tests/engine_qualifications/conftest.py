from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from mephisto_engine.database import MephistoDB
from mephisto_engine.operations.live import heartbeat, run_driver
from mephisto_engine.testing.clock import FakeClock

sys.path.append(str(Path(__file__).parent.parent / "engine"))

from engine_world import World


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at the pages of a run that has ended."""
    monkeypatch.setattr(run_driver, "LINGER_SECONDS", 0.0)
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.02)


@pytest_asyncio.fixture
async def world(db: MephistoDB, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    world = World(db, tmp_path / "home", clock)
    yield world
    await world.close()
