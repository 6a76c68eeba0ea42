"""Keys that come in one burst, faster than what they open."""

from __future__ import annotations

import pytest
from review_desk import SMALL, press
from textual.events import Key
from textual.widgets import Input

from mephisto_tui.screens.confirm import ConfirmScreen


async def burst(pilot, keys: str) -> None:
    """Type as one write to the terminal does."""
    for character in keys:
        name = {"/": "slash", ":": "colon", " ": "space"}.get(character, character)
        pilot.app.post_message(Key(name, character))
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize("mode", ["1", "2", "3", "4"])
async def test_a_filter_keeps_every_letter(desk, console, mode):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, mode)
        await burst(pilot, "/a bq1")
        assert app.screen.query_one(Input).value == "a bq1"


async def test_the_palette_keeps_every_letter(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await burst(pilot, ":hq 1n")
        assert app.screen.query_one(Input).value == "hq 1n"


@pytest.mark.parametrize("key", ["n", "b", "B", "t", "r"])
async def test_a_prompt_keeps_every_letter(desk, console, key):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2")
        await burst(pilot, f"{key}hello 12q")
        assert app.screen.query_one(Input).value == "hello 12q"
        assert desk.staged() == {}
        await press(pilot, "escape", "n")
        assert app.screen.query_one(Input).value == ""


async def test_nothing_that_was_typed_ahead_confirms(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "space", "space")
        await burst(pilot, "rrr")
        assert isinstance(app.screen, ConfirmScreen)
        assert len(desk.staged()) == 1
        await press(pilot, "r")
        assert app.screen.query_one(Input).value == ""
