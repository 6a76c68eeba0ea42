"""Keys do not wait for the disk, and what the disk refuses is said."""

from __future__ import annotations

import asyncio
import threading

from review_desk import (
    SMALL,
    press,
    settled,
    typed,
)
from review_world import QUICK

from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.operations.reviewing.review import Review


async def test_a_slow_disk_holds_no_key_up(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2")
        go_on = threading.Event()
        held = desk.db.write_now
        desk.db.write_now = lambda *args: go_on.wait(20) and held(*args)
        try:
            await pilot.press("a", "p")
            assert "▸5 ·" in screen_text(app)
            assert "1 a  3 p" in screen_text(app)
            assert "staged 0" in screen_text(app)
            assert desk.staged() == {}
        finally:
            go_on.set()
        await settled(pilot)
        assert desk.staged() == {desk.units[0]: "accepted", desk.units[2]: "soft_rejected"}
        assert "staged 2" in screen_text(app)


async def test_a_decision_that_is_refused_is_shown_as_none(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "n")
        await typed(pilot, "fine")
        other = Review(desk.db, desk.home, "operator:other", patience=QUICK)
        other.stage(NewDecision(desk.units[0], "accepted"))
        await asyncio.to_thread(other.send)
        await press(pilot, "p")
        assert "cannot become soft_rejected" in screen_text(app)
        await settled(pilot)
        assert {unit.unit_id for unit in app.screen.queue.units} == set(desk.units[1:])
        assert desk.staged() == {}


async def test_what_cannot_be_read_is_said_and_read_again(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2")
        read = desk.review.detail
        desk.review.detail = lambda unit_id: 1 // 0
        await press(pilot, "G")
        assert "cannot be read: integer division or modulo by zero" in screen_text(app)
        desk.review.detail = read
        await press(pilot, "g")
        assert "safe (1 of 5)" in screen_text(app)


async def test_a_queue_that_cannot_be_read_is_said_to_be_so(desk, console, screen_text):
    read = desk.review.queue
    desk.review.queue = lambda run_id: 1 // 0
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2")
        assert "the queue cannot be read: integer division or modulo by zero" in screen_text(app)
        desk.review.queue = read
        app.screen.look_again()
        await settled(pilot)
        assert app.screen.queue.total == 6
