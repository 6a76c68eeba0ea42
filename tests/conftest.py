from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mephisto_engine.database import MephistoDB
from mephisto_engine.operations.doctor import check_invariants
from mephisto_engine.testing.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def db(tmp_path: Path, clock: FakeClock) -> Iterator[MephistoDB]:
    """An open database whose invariants have to hold when the test is over."""
    with MephistoDB.open(
        str(tmp_path / "home" / "data.db"), home=tmp_path / "home", clock=clock
    ) as db:
        yield db
        broken = [item for item in check_invariants(db) if item.level != "ok"]
    assert broken == []
