"""Changing a live run from the keyboard: what is asked, what is sent, and what never happens."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace

import pytest
from console_world import FakeBridge, a_run, normal_world

from mephisto_engine.operations.commands.kinds import Extension
from mephisto_tui.screens.confirm import ConfirmScreen
from mephisto_tui.screens.run import RunScreen

EXTENSION = Extension(items=20, units=4, cost_cents=120, total_cents=9480, budget_cents=24_000)


class RehearsingBridge(FakeBridge):
    """Answers the rehearsal of an extension."""

    extension = EXTENSION

    def send(self, kind, run_id, args):
        future = super().send(kind, run_id, args)
        if args.get("is_rehearsal"):
            future = Future()
            future.set_result(self.extension.as_outcome())
        return future


@pytest.fixture
def bridge():
    return RehearsingBridge()


@pytest.fixture
async def console(make_app, bridge):
    """A console on run 142, its units in front, with its pilot."""
    app = make_app(run_id=142)
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        app.tick()
        app.pilot = pilot
        yield app


async def press(app, *keys: str) -> None:
    for key in keys:
        await app.pilot.press(key)
        await app.pilot.pause()


async def write(app, text: str) -> None:
    await app.pilot.press(*("full_stop" if letter == "." else letter for letter in text))
    await app.pilot.pause()


def first(app, pane: str):
    return app.screen.query_one(f"#{pane}").selected


async def test_enter_alone_expires_nothing(console, bridge):
    bridge.count_units = counted({"launched": 1})
    await press(console, "x")
    assert isinstance(console.screen, ConfirmScreen)
    await press(console, "enter")
    assert isinstance(console.screen, RunScreen)
    assert bridge.sent == []


async def test_unfinished_units_expire(console, bridge, screen_text):
    number = first(console, "units").id
    bridge.count_units = counted({"launched": 3, "assigned": 2, "completed": 4})
    await press(console, "x")
    text = screen_text(console)
    assert "Expire 5 units of run 142 that nobody has finished?" in text
    assert "2 workers are on them and lose this work" in text
    assert "4 units among them are finished." in text
    await press(console, "x")
    assert bridge.sent == [("expire", 142, {"selection": {"keys": [number]}})]


def counted(counts):
    def count_units(run_id, selection):
        future: Future[dict[str, int]] = Future()
        future.set_result(counts)
        return future

    return count_units


async def test_many_units_expire_only_when_their_number_is_typed(console, bridge, screen_text):
    bridge.count_units = counted({"launched": 41, "assigned": 6})
    await press(console, "asterisk", "x")
    assert "Type 47 to go on" in screen_text(console)
    await press(console, "enter", "4", "enter", "x", "enter")
    assert bridge.sent == []
    await press(console, "backspace", "7", "enter")
    ((kind, run_id, args),) = bridge.sent
    assert (kind, run_id, args["selection"]["is_all"]) == ("expire", 142, True)


async def test_finished_units_do_not_expire(console, bridge, screen_text):
    bridge.count_units = counted({"accepted": 3})
    await press(console, "x")
    assert "none of these units is unfinished" in screen_text(console)


async def test_a_run_is_paused_after_a_question_and_goes_on_at_once(console, bridge):
    await press(console, "S", "enter")
    assert bridge.sent == []
    await press(console, "S", "p")
    assert bridge.sent == [("pause", 142, {})]
    bridge.world = replace(bridge.world, runs=(a_run(status="paused"), *bridge.world.runs[1:]))
    console.tick()
    await press(console, "S")
    assert bridge.sent[-1] == ("resume", 142, {})


async def test_what_an_extension_costs_is_shown_before_it_is_made(console, bridge, screen_text):
    await press(console, "e", "enter")
    await press(console, "2", "enter")
    text = screen_text(console)
    assert "Run 142 would get 4 units more, of 20 items." in text
    assert "cost up to $1.20" in text
    assert "up to $94.80, of a cap of $240.00." in text
    await press(console, "enter")
    assert [args for _, _, args in bridge.sent] == [{"units_per_item": 2, "is_rehearsal": True}]
    await press(console, "e", "enter", "2", "enter", "a")
    assert bridge.sent[-1] == ("extend", 142, {"units_per_item": 2, "expected_units": 4})


async def test_an_extension_over_the_cap_is_left_to_the_engine_to_refuse(console, bridge):
    bridge.extension = replace(EXTENSION, budget_cents=100)
    await press(console, "e", "down", "enter")
    await write(console, "more.csv")
    await press(console, "enter")
    assert not isinstance(console.screen, ConfirmScreen)
    _, _, args = bridge.sent[-1]
    assert args["data"].endswith("/more.csv")
    assert args["expected_units"] == 4


@pytest.mark.parametrize("typed", ["0", "many", "-1"])
async def test_no_number_of_units_is_said_to_be_none(console, bridge, screen_text, typed):
    await press(console, "e", "enter")
    await console.pilot.press(*("minus" if letter == "-" else letter for letter in typed), "enter")
    await console.pilot.pause()
    assert "is no number of units" in screen_text(console)
    assert bridge.sent == []


async def test_a_limit_is_changed(console, bridge, screen_text):
    await press(console, "s")
    assert "max_num_concurrent_units" in screen_text(console)
    await press(console, "down", "down", "down", "enter")
    assert "dollars that the run may cost" in screen_text(console)
    await press(console, "5", "0", "enter")
    assert bridge.sent == [("set", 142, {"options": {"budget": "50"}})]


async def test_agents_are_disconnected_after_a_question(console, bridge, screen_text):
    await press(console, "D")
    assert "tab leads to them" in screen_text(console)
    await press(console, "tab")
    one = first(console, "agents").id
    await press(console, "space")
    other = first(console, "agents").id
    await press(console, "space", "D")
    assert "Disconnect 2 agents of run 142" in screen_text(console)
    await press(console, "d")
    assert sorted(args["agent"] for _, _, args in bridge.sent) == sorted([one, other])


async def test_a_worker_is_blocked_with_a_reason_only(console, bridge):
    await press(console, "tab")
    agent = first(console, "agents")
    await press(console, "B", "enter")
    assert bridge.sent == []
    await press(console, "B")
    await write(console, "spam")
    await press(console, "enter")
    ((kind, _, args),) = bridge.sent
    assert (kind, args["reason"], args.get("worker", 0)) == ("block", "spam", agent.worker_id)


@pytest.mark.parametrize("key", ["x", "e", "s", "S", "B"])
async def test_a_reader_changes_nothing(make_app, bridge, screen_text, key):
    app = make_app(run_id=142, read_only=True)
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press(key)
        await pilot.pause()
        assert "this console is read-only" in screen_text(app)
    assert bridge.sent == []


async def test_a_refused_change_says_why(console, bridge, screen_text):
    bridge.failure = "no engine drives run 142 \x1b[2J"
    await press(console, "S", "p")
    assert "⚠ run 142: no engine drives run 142 ␛[2J Ask again later." in screen_text(console)


async def test_on_the_list_of_runs_x_is_about_the_whole_run(make_app, bridge):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        bridge.count_units = counted({"launched": 2})
        await pilot.press("x")
        await pilot.pause()
        await pilot.press("x")
        await pilot.pause()
    ((kind, run_id, args),) = bridge.sent
    assert (kind, run_id, args["selection"]["is_all"]) == ("expire", 142, True)


async def test_what_has_completed_is_not_changed(make_app, screen_text):
    world = normal_world()
    runs = (a_run(status="completed"), *world.runs[1:])
    app = make_app(bridge=FakeBridge(world=replace(world, runs=runs)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("e")
        await pilot.pause()
        assert "run 142 is completed; there is nothing left to change" in screen_text(app)
