from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mephisto_engine.database import MephistoDB
from mephisto_engine.operations.checks.doctor import check_invariants
from mephisto_engine.testing.clock import FakeClock

# A shell that starts tests in the background has them, and what they start, ignore ctrl+c.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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


@pytest.fixture(autouse=True, scope="session")
def state_of_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Consoles under test keep their sessions, and what they copy, away from the developer's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
