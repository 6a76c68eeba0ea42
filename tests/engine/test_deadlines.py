from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mephisto_engine.clock import SystemClock
from mephisto_engine.operations.live.deadlines import Deadlines
from mephisto_engine.testing.clock import FakeClock


@pytest.fixture
def fired() -> list[tuple[str, float]]:
    return []


async def test_what_is_due_is_called_in_order(fired: list[tuple[str, float]]) -> None:
    clock = FakeClock()
    deadlines = Deadlines(clock)
    for key, seconds in (("c", 30), ("a", 10), ("b", 20)):
        deadlines.set(key, seconds, lambda late, key=key: fired.append((key, late)))
    clock.advance(9)
    deadlines.run_due()
    assert fired == []
    clock.advance(12)
    deadlines.run_due()
    assert fired == [("a", 11), ("b", 1)]
    assert len(deadlines) == 1
    deadlines.close()


async def test_setting_a_key_again_replaces_its_deadline(fired: list[tuple[str, float]]) -> None:
    clock = FakeClock()
    deadlines = Deadlines(clock)
    deadlines.set("a", 10, lambda late: fired.append(("first", late)))
    deadlines.set("a", 20, lambda late: fired.append(("second", late)))
    clock.advance(15)
    deadlines.run_due()
    assert fired == []
    clock.advance(5)
    deadlines.run_due()
    assert fired == [("second", 0)]


async def test_what_was_cancelled_is_not_called(fired: list[tuple[str, float]]) -> None:
    clock = FakeClock()
    deadlines = Deadlines(clock)
    deadlines.set("a", 10, lambda late: fired.append(("a", late)))
    deadlines.cancel("a")
    deadlines.cancel("never set")
    clock.advance(100)
    deadlines.run_due()
    assert fired == []


async def test_an_action_that_fails_stops_no_other(
    fired: list[tuple[str, float]], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(late: float) -> None:
        raise RuntimeError("an action's mistake")

    clock = FakeClock()
    deadlines = Deadlines(clock)
    deadlines.set("a", 1, fail)
    deadlines.set("b", 2, lambda late: fired.append(("b", late)))
    clock.advance(2)
    deadlines.run_due()
    assert fired == [("b", 0)]
    assert "an action's mistake" in caplog.text


async def test_an_action_may_set_its_own_deadline_again(fired: list[tuple[str, float]]) -> None:
    clock = FakeClock()
    deadlines = Deadlines(clock)

    def again(late: float) -> None:
        fired.append(("a", late))
        deadlines.set("a", 10, again)

    deadlines.set("a", 10, again)
    for _ in range(3):
        clock.advance(10)
        deadlines.run_due()
    assert len(fired) == 3
    deadlines.close()


async def test_a_moment_that_is_past_is_due_at_once(fired: list[tuple[str, float]]) -> None:
    clock = FakeClock()
    deadlines = Deadlines(clock)
    past = clock.now() - timedelta(days=1)
    deadlines.set_at("a", past, lambda late: fired.append(("a", late)))
    deadlines.run_due()
    assert fired == [("a", 0)]


async def test_a_change_of_the_wall_clock_moves_no_deadline(
    fired: list[tuple[str, float]],
) -> None:
    clock = FakeClock()
    deadlines = Deadlines(clock)
    moment = clock.now() + timedelta(seconds=10)
    deadlines.set_at("a", moment, lambda late: fired.append(("a", late)))
    clock.set_wall_clock(clock.now() + timedelta(days=400))
    deadlines.run_due()
    assert fired == []
    clock.advance(10)
    deadlines.run_due()
    assert fired == [("a", 0)]


async def test_it_wakes_by_itself(fired: list[tuple[str, float]]) -> None:
    from engine_world import until

    deadlines = Deadlines(SystemClock())
    deadlines.set("later", 3600, lambda late: fired.append(("later", late)))
    deadlines.set("soon", 0.01, lambda late: fired.append(("soon", late)))
    await until(lambda: bool(fired))
    assert fired[0][0] == "soon"
    assert 0 <= fired[0][1] < 5
    deadlines.close()
    assert len(deadlines) == 0


async def test_deadlines_that_are_set_anew_take_no_room() -> None:
    deadlines = Deadlines(FakeClock())
    for number in range(10_000):
        key = number % 10
        deadlines.cancel(key)
        deadlines.set(key, 60, lambda late: None)
    assert len(deadlines._heap) < 200
    deadlines.close()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50), st.booleans()), max_size=40))
async def test_each_key_fires_once_at_its_last_deadline(
    steps: list[tuple[int, int, bool]],
) -> None:
    clock = FakeClock()
    deadlines = Deadlines(clock)
    wanted: dict[int, float] = {}
    fired: dict[int, float] = {}
    for key, seconds, is_set in steps:
        if is_set:
            deadlines.set(
                key, seconds, lambda late, key=key: fired.setdefault(key, clock.monotonic() - late)
            )
            wanted[key] = float(seconds)
        else:
            deadlines.cancel(key)
            wanted.pop(key, None)
    for _ in range(51):
        deadlines.run_due()
        clock.advance(1)
    assert fired == wanted
    deadlines.close()
