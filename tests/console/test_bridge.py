from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from console_world import normal_world

from mephisto_engine.errors import StateError, StorageError
from mephisto_engine.operations.watching.snapshot import Snapshot, View
from mephisto_tui import bridge as bridge_module
from mephisto_tui.bridge import MonitorBridge


class FakeMonitor:
    """Answers at once, and counts; `failure` is raised in place of an answer."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.refreshes = 0
        self.is_closed = False
        self.view = View()
        self.threads: set[str] = set()

    def want(self, view: View) -> None:
        self.view = view

    def wait_for_change(self, timeout: float) -> bool:
        return True

    def refresh(self) -> Snapshot:
        self.refreshes += 1
        self.threads.add(threading.current_thread().name)
        if self.failure is not None:
            raise self.failure
        return Snapshot(self.refreshes, normal_world().taken_at, self.view)

    def close(self) -> None:
        self.is_closed = True


class FakeEngine:
    def __init__(self) -> None:
        self.stopped: list[tuple[int, bool]] = []

    def running(self) -> list[int]:
        return [142]

    def stop(self, run_id: int, now: bool = False) -> str:
        self.stopped.append((run_id, now))
        return "stopping now"


def wait_until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    pause = threading.Event()
    while not is_so():
        assert time.monotonic() < deadline
        pause.wait(0.01)


@pytest.fixture
def monitor():
    return FakeMonitor()


@pytest.fixture
def make_bridge(monitor):
    made = []

    def make(engine=None, **options) -> MonitorBridge:
        made.append(MonitorBridge(None, engine, monitor=monitor, **options))
        return made[-1]

    yield make
    for bridge in made:
        bridge.stop()


def test_the_slot_holds_the_newest_snapshot(make_bridge, monitor):
    bridge = make_bridge()
    wait_until(lambda: bridge.latest() is not None)
    bridge.want(View(run_id=7))
    wait_until(lambda: bridge.latest().view.run_id == 7)
    assert bridge.freshness().error == ""
    assert bridge.freshness().age < 5
    assert monitor.threads == {"console-monitor"}


def test_snapshots_come_at_most_four_times_a_second(make_bridge, monitor):
    started = time.monotonic()
    make_bridge()
    wait_until(lambda: monitor.refreshes >= 4)
    assert time.monotonic() - started >= 0.74


def test_an_error_is_a_state_that_passes(make_bridge, monitor):
    monitor.failure = StorageError("disk I/O error")
    bridge = make_bridge()
    wait_until(lambda: bridge.freshness().error == "disk I/O error")
    assert bridge.latest() is None
    assert bridge.freshness().age is None
    monitor.failure = None
    wait_until(lambda: bridge.latest() is not None)
    assert bridge.freshness().error == ""


def test_an_error_without_words_is_named(make_bridge, monitor):
    monitor.failure = ValueError()
    bridge = make_bridge()
    wait_until(lambda: bridge.freshness().error == "ValueError")


def test_a_run_of_the_own_engine_is_stopped_there(make_bridge):
    engine = FakeEngine()
    bridge = make_bridge(engine)
    assert bridge.owns_engine
    assert bridge.running() == [142]
    assert bridge.send("stop", 142, {"now": True}).result(5) == "stopping now"
    assert engine.stopped == [(142, True)]


def test_a_bridge_that_may_not_command_says_why(make_bridge):
    bridge = make_bridge(refusal="the database is read-only")
    assert not bridge.can_command
    with pytest.raises(StateError, match="read-only"):
        bridge.send("stop", 142, {}).result(5)


def test_a_read_that_does_not_return_does_not_hold_the_bridge(make_bridge, monitor, monkeypatch):
    monkeypatch.setattr(bridge_module, "PATIENCE", 0.05)
    hangs, answers = threading.Event(), threading.Event()
    monkeypatch.setattr(monitor, "refresh", lambda: hangs.set() or answers.wait(10))
    with make_bridge() as bridge:
        assert hangs.wait(10)
    assert bridge.is_held_up
    assert not monitor.is_closed
    answers.set()
    bridge.stop()
    assert not bridge.is_held_up


def test_stopping_the_bridge_closes_the_monitor_and_its_thread(make_bridge, monitor):
    with make_bridge():
        pass
    assert monitor.is_closed
    assert "console-monitor" not in {thread.name for thread in threading.enumerate()}


def test_each_new_picture_is_told_of_once(make_bridge, monitor):
    pictures = [Snapshot(1, normal_world().taken_at, View())]
    monitor.refresh = lambda: pictures[0]
    monitor.wait_for_change = lambda timeout: threading.Event().wait(0.01)
    bridge, told = make_bridge(), []
    wait_until(lambda: bridge.latest() is not None)
    bridge.on_news(lambda: told.append(bridge.latest()))
    pictures[:] = [Snapshot(2, normal_world().taken_at, View())]
    wait_until(lambda: told)
    seen = bridge.freshness().age
    wait_until(lambda: bridge.freshness().age < seen or told[1:])
    assert [snapshot.version for snapshot in told] == [2]


def test_trouble_and_its_end_are_told_of(make_bridge, monitor):
    bridge, told = make_bridge(), []
    wait_until(lambda: bridge.latest() is not None)
    bridge.on_news(lambda: told.append(bridge.freshness().error))
    monitor.failure = StorageError("disk I/O error")
    wait_until(lambda: "disk I/O error" in told)
    monitor.failure = None
    wait_until(lambda: told[-1] == "")


def test_a_wish_does_not_wait_for_the_next_quarter_second(make_bridge, monitor, monkeypatch):
    monkeypatch.setattr(bridge_module, "PERIOD", 60.0)
    bridge = make_bridge()
    wait_until(lambda: bridge.latest() is not None)
    bridge.want(View(run_id=7))
    wait_until(lambda: bridge.latest().view.run_id == 7)
