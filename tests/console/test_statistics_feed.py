from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mephisto_engine.analysis.report import Report
from mephisto_engine.database import MephistoDB
from mephisto_engine.testing.clock import FakeClock
from mephisto_tui import statistics_feed
from mephisto_tui.statistics_feed import Asked, StatisticsFeed

sys.path.append(str(Path(__file__).parent.parent / "analysis"))

from answered_world import AnsweredRun


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics_feed, "PERIOD", 0.02)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def run(db: MephistoDB, clock: FakeClock) -> AnsweredRun:
    found = AnsweredRun(db, clock, items=6)
    for worker in ("a", "b"):
        found.answer(0, worker, {"rating": "x", "kind": "k"})
    return found


@pytest.fixture
def feed(db: MephistoDB) -> Iterator[StatisticsFeed]:
    found = StatisticsFeed(db, lambda: None)
    yield found
    found.stop()


def until(feed: StatisticsFeed, asked: Asked, is_there: Callable[[Report], bool]) -> Report:
    """Ask as a screen does, until the report is as wanted."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = feed.latest(asked)
        if found is not None and is_there(found):
            return found
        threading.Event().wait(0.01)
    raise AssertionError(f"never so; {feed.error}")


def test_a_report_comes_and_keeps_up_with_the_run(run: AnsweredRun, feed: StatisticsFeed) -> None:
    asked = Asked(run.id)
    assert feed.latest(asked) is None
    assert until(feed, asked, lambda report: report.answers == 2).names

    run.answer(1, "a", {"rating": "y", "kind": "k"})

    shown = until(feed, asked, lambda report: report.answers == 3).shown
    assert shown is not None
    assert shown.estimate is not None


def test_another_field_is_not_answered_with_the_former(
    run: AnsweredRun, feed: StatisticsFeed
) -> None:
    until(feed, Asked(run.id), lambda report: True)

    assert feed.latest(Asked(run.id, "kind")) is None
    shown = until(feed, Asked(run.id, "kind"), lambda report: True).shown
    assert shown is not None
    assert shown.name == "kind"


def test_what_fails_is_said_and_tried_again(run: AnsweredRun, feed: StatisticsFeed) -> None:
    asked = Asked(run.id, "nope")
    deadline = time.monotonic() + 20
    while not feed.error and time.monotonic() < deadline:
        assert feed.latest(asked) is None
        threading.Event().wait(0.01)

    assert "no answer has a field 'nope'" in feed.error.lower()
    assert until(feed, Asked(run.id), lambda report: True)
    assert feed.error == ""


def test_what_fails_is_not_tried_without_a_pause(
    run: AnsweredRun, db: MephistoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics_feed, "PERIOD", 60.0)
    asked, told = Asked(run.id, "nope"), threading.Semaphore(0)
    feed = StatisticsFeed(db, told.release)
    try:
        assert feed.latest(asked) is None
        assert told.acquire(timeout=20)
        tried = feed._job
        assert tried is not None
        tried.result(20)
        assert feed.latest(asked) is None
        assert feed._job is tried
        assert feed.latest(Asked(run.id)) is None
        assert told.acquire(timeout=20)
    finally:
        feed.stop()


def test_a_feed_that_was_stopped_is_silent(run: AnsweredRun, feed: StatisticsFeed) -> None:
    feed.stop()

    assert feed.latest(Asked(run.id)) is None
