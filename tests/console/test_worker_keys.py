"""Changing workers from the keyboard: what is asked, what is done, and what never happens."""

from __future__ import annotations

import re

import pytest
from console_world import FakeBridge

from mephisto_tui.screens.confirm import ConfirmScreen
from mephisto_tui.screens.detail import DetailScreen
from mephisto_tui.screens.menu import MenuScreen
from mephisto_tui.screens.why import WhyScreen
from mephisto_tui.screens.workers import WorkersScreen

WORKER = 8
"""Number of the worker under the cursor at first."""


@pytest.fixture(params=[WorkersScreen, DetailScreen], ids=["list", "detail"])
async def console(request, make_app, bridge):
    """A console whose keys are about worker 8: on the list, or on that worker's page."""
    app = make_app()
    async with app.run_test(size=(100, 40)) as pilot:
        app.pilot = pilot
        await press(app, "3")
        if request.param is DetailScreen:
            await press(app, "enter")
        assert isinstance(app.screen, request.param)
        yield app


@pytest.fixture
async def on_list(make_app, bridge):
    app = make_app()
    async with app.run_test(size=(100, 40)) as pilot:
        app.pilot = pilot
        await press(app, "3")
        yield app


async def press(app, *keys: str) -> None:
    for key in keys:
        await app.pilot.press(key)
        for _ in range(3):
            await app.pilot.pause()
            app.tick()


async def write(app, text: str) -> None:
    names = {".": "full_stop", "=": "equals_sign", "-": "minus", " ": "space"}
    await press(app, *(names.get(letter, letter) for letter in text), "enter")


async def test_a_worker_is_blocked_with_a_reason_only(console, bridge, screen_text):
    await press(console, "B", "enter")
    assert bridge.desk.done == []
    await press(console, "B")
    assert "Why is A2X9K1 kept out of every run?" in screen_text(console)
    await write(console, "spam")
    assert bridge.desk.done == [("block", (WORKER,), "spam")]
    assert "A2X9K1: blocked" in screen_text(console)


async def test_a_note_is_kept(console, bridge, screen_text):
    await press(console, "n")
    assert "the worker" not in screen_text(console).splitlines()[-1]
    await write(console, "careful")
    assert bridge.desk.done == [("note", (WORKER,), "careful")]


@pytest.mark.parametrize(
    ("typed", "done"),
    [
        ("good", [("grant", (WORKER,), "good", 1)]),
        ("good=7", [("grant", (WORKER,), "good", 7)]),
        ("good=-7", [("grant", (WORKER,), "good", -7)]),
        ("-good", [("revoke", (WORKER,), "good")]),
        ("good=x", []),
        ("good=--7", []),
    ],
)
async def test_labels_are_granted_and_revoked(console, bridge, typed, done):
    await press(console, "t")
    await write(console, typed)
    assert bridge.desk.done == done


async def test_paying_names_who_gets_how_much_and_why_before_it_is_done(
    console, bridge, screen_text
):
    await press(console, "b")
    await write(console, "1.50")
    await write(console, "server was down")
    text = screen_text(console)
    assert isinstance(console.screen, ConfirmScreen)
    assert "Pay A2X9K1 $1.50?" in text
    assert "they are told: server was down" in text
    await press(console, "enter")
    assert bridge.desk.done == []
    await press(console, "b")
    await write(console, "1.50")
    await write(console, "server was down")
    await press(console, "p")
    assert bridge.desk.done == [("pay", (WORKER,), 150, "server was down")]


async def test_a_large_sum_is_typed_once_more(console, bridge, screen_text):
    await press(console, "b")
    await write(console, "25")
    await write(console, "prize")
    assert "Type 25.00 to go on" in screen_text(console)
    await press(console, "enter", "p")
    assert bridge.desk.done == []
    await press(console, "backspace")
    await write(console, "25.00")
    assert bridge.desk.done == [("pay", (WORKER,), 2500, "prize")]


@pytest.mark.parametrize("typed", ["much", "0", "0.001", "-1"])
async def test_what_is_no_sum_is_not_paid(console, bridge, typed):
    await press(console, "b")
    await write(console, typed)
    assert not isinstance(console.screen, ConfirmScreen)
    assert bridge.desk.done == []


async def test_why_is_asked_of_a_run_and_answered_line_by_line(console, screen_text):
    await press(console, "w")
    assert isinstance(console.screen, MenuScreen)
    await press(console, "enter")
    assert isinstance(console.screen, WhyScreen)
    text = screen_text(console)
    assert re.search(r"✗ worker +A2X9K1 is blocked since today: pasted text", text)
    assert "=  mturk/A2X9K1: no unit now: blocked" in text
    await press(console, "escape")
    assert isinstance(console.screen, WorkersScreen | DetailScreen)


async def test_marked_workers_are_changed_together_after_their_count(on_list, bridge, screen_text):
    await press(on_list, "space", "space", "space", "B")
    assert "Block: 3 workers?" in screen_text(on_list)
    await press(on_list, "enter")
    assert bridge.desk.done == []
    await press(on_list, "B", "c")
    await write(on_list, "spam")
    assert bridge.desk.done == [("block", (8, 7, 6), "spam")]


async def test_all_that_the_filter_shows_are_changed_together(on_list, bridge, screen_text):
    await press(on_list, "asterisk", "U")
    assert "Let A0LLR4 in again?" in screen_text(on_list)
    await press(on_list, "u")
    assert bridge.desk.done == [("unblock", (3,))]


async def test_who_was_not_changed_is_told_with_the_reason(on_list, bridge, screen_text):
    bridge.desk.refused = ((7, "Worker 7 (A9QQ3B) does not hold 'good'."),)
    await press(on_list, "space", "space", "t", "c")
    await write(on_list, "-good")
    text = screen_text(on_list)
    assert "1 worker: without 'good'; but: Worker 7 (A9QQ3B) does not hold 'good'." in text


@pytest.mark.parametrize("key", ["B", "U", "n", "t", "b"])
async def test_a_reader_changes_nobody(make_app, screen_text, key):
    bridge = FakeBridge()
    app = make_app(bridge=bridge, read_only=True)
    async with app.run_test(size=(100, 40)) as pilot:
        app.pilot = pilot
        for way in (["3"], ["enter"]):
            await press(app, *way, key)
            assert "this console is read-only" in screen_text(app)
    assert bridge.desk.done == []


async def test_on_a_unit_the_keys_are_about_its_worker(make_app, bridge, screen_text):
    app = make_app(run_id=142)
    async with app.run_test(size=(100, 40)) as pilot:
        app.pilot = pilot
        await pilot.pause()
        app.tick()
        await press(app, "enter", "n")
        await write(app, "careful")
        assert bridge.desk.done == [("note", (3,), "careful")]
        await press(app, "w")
        assert "in run 142" in screen_text(app)
