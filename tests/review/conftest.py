from __future__ import annotations

from pathlib import Path

import pytest
from review_world import ReviewedRun

from mephisto_engine.database import MephistoDB
from mephisto_providers.mock.ledger import Entry, Ledger


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def run(db: MephistoDB, home: Path) -> ReviewedRun:
    return ReviewedRun(db, home, "alice", "bob", "alice")


@pytest.fixture
def forgetful_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider to which a key says nothing: what it is asked for twice, it does twice."""
    record = Ledger.record

    def record_again(ledger: Ledger, key: str, entry: Entry) -> None:
        times = sum(known.split("#")[0] == key for known in ledger.entries)
        record(ledger, f"{key}#{times}" if times else key, entry)

    monkeypatch.setattr(Ledger, "record", record_again)
