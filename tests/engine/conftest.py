from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from engine_world import World

from mephisto_engine.database import MephistoDB
from mephisto_engine.operations.live import heartbeat, run_driver
from mephisto_engine.testing.clock import FakeClock


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at the pages of a run that has ended, and commands are looked for at once."""
    monkeypatch.setattr(run_driver, "LINGER_SECONDS", 0.0)
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.02)


@pytest_asyncio.fixture
async def world(db: MephistoDB, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    world = World(db, tmp_path / "home", clock)
    yield world
    await world.close()
