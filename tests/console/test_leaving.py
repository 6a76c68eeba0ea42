"""Stopping runs and leaving the console: nothing dangerous happens on one key or on Enter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from console_world import FakeBridge, a_run, normal_world

from mephisto_tui.ending import IDLE_SECONDS
from mephisto_tui.screens.confirm import ConfirmScreen
from mephisto_tui.screens.runs import RunsScreen


@pytest.fixture
async def console(make_app, bridge):
    """A console on the list of runs, with its pilot."""
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        app.pilot = pilot
        yield app


async def press(app, *keys: str) -> None:
    await app.pilot.press(*keys)
    await app.pilot.pause()


def at_work(number: int):
    world = normal_world()
    runs = (a_run(units={"assigned": number}), *world.runs[1:])
    return replace(world, runs=runs)


@pytest.mark.parametrize("key", ["enter", "escape", "q", "h"])
async def test_the_safe_answer_is_at_hand(console, bridge, key):
    await press(console, "X", key)
    assert isinstance(console.screen, RunsScreen)
    assert bridge.sent == []


@pytest.mark.parametrize(
    ("keys", "is_now"),
    [(["d"], False), (["n"], True), (["down", "enter"], False), (["up", "enter"], True)],
)
async def test_a_run_can_be_drained_or_stopped_now(console, bridge, screen_text, keys, is_now):
    await press(console, "X", *keys)
    assert bridge.sent == [("stop", 142, {"now": is_now})]
    assert "Run 142 takes no new workers." in screen_text(console)


async def test_stopping_many_at_work_now_asks_for_their_number(console, bridge, screen_text):
    bridge.world = at_work(47)
    console.tick()
    await press(console, "X", "n")
    assert "47 workers are at work" in screen_text(console)
    await press(console, "enter", "4", "enter")
    assert isinstance(console.screen, ConfirmScreen)
    assert bridge.sent == []
    await press(console, "7", "enter")
    assert bridge.sent == [("stop", 142, {"now": True})]


async def test_esc_leaves_the_typed_question_too(console, bridge):
    bridge.world = at_work(47)
    console.tick()
    await press(console, "X", "n", "4", "escape")
    assert isinstance(console.screen, RunsScreen)
    assert bridge.sent == []


async def test_a_command_that_fails_says_why(console, bridge, screen_text):
    bridge.failure = "no engine drives run 142 \x1b[2J"
    await press(console, "X", "d")
    assert "⚠ run 142: no engine drives run 142 ␛[2J Ask again later." in screen_text(console)


async def test_quitting_without_an_engine_asks_nothing(console, bridge):
    bridge.engine_runs = [142]  # driven by another process
    await press(console, "q")
    assert console.return_value.reason == "quit"


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_quitting_with_live_runs_asks(console, bridge, screen_text, key):
    bridge.owns_engine, bridge.engine_runs = True, [142]
    await press(console, key)
    assert isinstance(console.screen, ConfirmScreen)
    text = screen_text(console)
    assert "Run 142 lives in this process" in text
    assert "Leave" not in text
    await press(console, "enter")
    assert isinstance(console.screen, RunsScreen)
    assert console.return_value is None


async def test_leaving_runs_behind_is_offered_where_it_is_possible(console, bridge):
    bridge.owns_engine, bridge.engine_runs, bridge.can_detach = True, [142], True
    await press(console, "q", "l")
    assert console.return_value.reason == "detach"


async def test_draining_quits_when_the_last_worker_is_done(console, bridge):
    bridge.owns_engine, bridge.engine_runs = True, [142, 141]
    await press(console, "q", "d")
    assert [run_id for _kind, run_id, _args in bridge.sent] == [142, 141]
    console.tick()
    assert console.return_value is None
    bridge.engine_runs = []
    console.tick()
    assert console.return_value.reason == "quit"


@pytest.fixture
async def ended_demo(make_app, bridge):
    app = make_app(run_id=142, exit_when_done=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        bridge.world = replace(bridge.world, runs=(a_run(status="completed"),))
        app.tick()
        yield app, pilot


async def test_a_demo_that_nobody_looks_at_ends_after_its_run(ended_demo, screen_text, clock):
    app, pilot = ended_demo
    clock.seconds = 12
    app.tick()
    await pilot.pause()
    assert "run 142 has ended; any key stays, else this closes in 18 s" in screen_text(app)
    assert app.return_value is None
    clock.seconds = IDLE_SECONDS
    app.tick()
    assert app.return_value.reason == "done"


async def test_a_demo_stays_for_whoever_presses_a_key(ended_demo, screen_text, clock):
    app, pilot = ended_demo
    await pilot.press("j")
    clock.seconds = 10 * IDLE_SECONDS
    app.tick()
    await pilot.pause()
    assert app.return_value is None
    assert "closes in" not in screen_text(app)
    await pilot.press("q", "q")
    assert app.return_value.reason == "quit"


async def test_a_console_that_fails_says_so_without_quoting_terminal_codes(make_app):
    class BrokenBridge(FakeBridge):
        def latest(self):
            raise ValueError("broken \x1b[2J by a worker")

    app = make_app(bridge=BrokenBridge())
    with pytest.raises(ValueError, match="broken"):
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
    assert app.return_value.reason == "error"
    assert app.return_value.message == "ValueError: broken ␛[2J by a worker"
