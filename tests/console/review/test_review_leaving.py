"""What was staged is neither lost nor forgotten when the operator leaves."""

from __future__ import annotations

import pytest
from review_desk import (
    SMALL,
    look,
    press,
    settled,
)
from review_world import ledger_of
from textual import events

from mephisto_engine.database.operations.review import NewDecision


async def test_what_was_decided_before_leaving_is_stored(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2")
        for key in ("a", "a"):
            app.post_message(events.Key(key, key))
        await pilot.pause()
        app.exit()
    app.bridge.door.close()
    assert len(desk.staged()) == 2


@pytest.mark.parametrize(
    ("key", "mode"), [("q", "runs"), ("1", "runs"), ("3", "workers"), ("4", "log")]
)
async def test_leaving_offers_to_send_and_asks_once(desk, console, screen_text, key, mode):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", key)
        assert "1 decision staged and not sent" in screen_text(app)
        await press(pilot, "enter")
        assert app.current_mode == "review"
        await press(pilot, key)
        assert app.current_mode == mode
        await press(pilot, "2", "a", key)
        assert "2 decisions staged and not sent" in screen_text(app)
        await press(pilot, "l")
        assert app.current_mode == mode
        assert "2 decisions staged; w in Review sends" in screen_text(app)
        assert len(desk.staged()) == 2


async def test_leaving_may_send_first(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "v", "1", "s", "s")
        await settled(pilot)
        assert app.current_mode == "runs"
        assert desk.staged() == {}
        assert ledger_of(desk.home).paid_cents() == 30


async def test_quitting_from_the_review_offers_to_send_too(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "ctrl+q")
        assert "1 decision staged and not sent" in screen_text(app)
        await press(pilot, "l")
    assert app.return_value.reason == "quit"
    assert len(desk.staged()) == 1


async def test_nothing_staged_keeps_nobody(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "u", "4")
        assert app.current_mode == "log"


async def test_what_is_staged_is_there_after_a_restart(desk, console, screen_text):
    desk.review.stage(NewDecision(desk.units[0], "accepted"))
    text = await look(console(desk), screen_text, SMALL)
    assert "staged 1" in text
    assert "▸3 ·" in text  # the first that is open
    assert "accept  unit" in await look(console(desk), screen_text, SMALL, "U")
