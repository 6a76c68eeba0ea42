"""A review goes on where the last console left it."""

from __future__ import annotations

import asyncio

import pytest
from review_desk import SMALL, press, settled, typed

from mephisto_engine.database.operations.review import NewDecision
from mephisto_tui.screens.review import ReviewScreen
from mephisto_tui.view.empty import Surroundings


@pytest.fixture
def sitting(console, tmp_path):
    """A console that keeps its session."""

    def make(desk):
        kept_in = tmp_path / "mephisto" / "console.json"
        return console(desk, kept_in=kept_in, surroundings=Surroundings("~/data.db"))

    return make


async def leave_off(app, *keys: str, words: str = "") -> int:
    """Review with these keys and a filter, then leave; the unit where that was."""
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2")
        if words:
            await press(pilot, "slash")
            await typed(pilot, words)
        await press(pilot, *keys)
        here = app.screen.queue.current
        app.exit()
    return here.unit_id


async def test_the_unit_the_grouping_and_the_filter_come_back(items, sitting):
    unit_id = await leave_off(sitting(items), "o", "j", "j")
    app = sitting(items)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert isinstance(app.screen, ReviewScreen)
        assert app.screen.queue.grouping == "item"
        assert app.screen.queue.current.unit_id == unit_id


async def test_a_filter_that_was_kept_is_said(desk, sitting, screen_text):
    await leave_off(sitting(desk), words="a3vv02")
    app = sitting(desk)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert app.screen.queue.text == "a3vv02"
        assert {unit.worker_name for unit in app.screen.queue.units} == {"A3VV02"}
        assert "queue 2 of 6 filtered" in screen_text(app)
        await press(pilot, "escape")
        assert "queue 6 ·" in screen_text(app)


async def test_where_the_unit_is_gone_the_review_begins_at_the_first_open_one(desk, sitting):
    unit_id = await leave_off(sitting(desk), "j", "j")
    desk.review.stage(NewDecision(unit_id, "accepted"))
    await asyncio.to_thread(desk.review.send)
    app = sitting(desk)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert app.screen.queue.place == 0
        assert app.screen.queue.current.unit_id != unit_id
