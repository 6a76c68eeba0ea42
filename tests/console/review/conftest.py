"""The review screen over a real database."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from console_world import NOW, FakeBridge

from mephisto_engine.database import MephistoDB
from mephisto_engine.testing.clock import FakeClock

sys.path.append(str(Path(__file__).parents[2] / "review"))  # review_world

from review_desk import ANSWER, WORKERS, Desk


@pytest.fixture
def clock_of_db() -> FakeClock:
    clock = FakeClock()
    clock.set_wall_clock(NOW - timedelta(hours=1))
    return clock


@pytest.fixture
def open_db(tmp_path, clock_of_db):
    home = tmp_path / "home"
    with MephistoDB.open(str(home / "data.db"), home=home, clock=clock_of_db) as db:
        yield home, db


@pytest.fixture
def desk(open_db) -> Desk:
    return Desk(*open_db, [json.dumps(ANSWER)], WORKERS)


@pytest.fixture
def items(open_db) -> Desk:
    """Three workers on each of two items; about the second they do not agree."""
    long = ANSWER["why"]
    said = (
        ("safe", 2, "fine"), ("safe", 2, long), ("safe", 2, "it is"),
        ("unsafe", 1, "fire"), ("safe", 3, "see above"), ("unsafe", 2, long),
    )  # fmt: skip
    answers = [json.dumps({"rating": r, "clarity": c, "why": w}) for r, c, w in said]
    return Desk(*open_db, answers, ("A2X9K1", "A3VV02", "A0LLR4") * 2, per_item=3)


@pytest.fixture
def console(make_app):
    """A console over the desk's database."""

    def make(desk, **options):
        return make_app(bridge=FakeBridge(reviewer=desk.review), **options)

    return make
