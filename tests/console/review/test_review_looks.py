"""How the review looks, character by character."""

from __future__ import annotations

import pytest
from other_keys import OTHER, other, usual_keys_in
from review_desk import (
    LARGE,
    SMALL,
    Desk,
    look,
    press,
    settled,
)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("review", ()),
        ("review-staged", ("a", "a", "p")),
        ("review-send", ("a", "w")),
        ("review-zoomed", ("z",)),
        ("review-worker", ("tab",)),
        ("review-queue", ("tab", "tab")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_the_review_looks_as_stored(desk, console, screen_text, golden, size, name, keys):
    text = await look(console(desk), screen_text, size, *keys)
    golden(f"{name}-{size[0]}x{size[1]}", text)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_what_an_items_units_agree_on_is_said(items, console, screen_text, golden, size):
    text = await look(console(items), screen_text, size, "o")
    assert "agreement on 2 of 2 fields" in text
    golden(f"review-agreed-{size[0]}x{size[1]}", text)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_an_items_units_stand_side_by_side(items, console, screen_text, golden, size):
    text = await look(console(items), screen_text, size, "o", "a", "p", "j", "space", "J", "j")
    golden(f"review-by-item-{size[0]}x{size[1]}", text)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_what_fails_stays_and_says_why(desk, console, screen_text, golden, size):
    desk.run.change_provider(refuse=1.0)
    app = console(desk)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "2", "a", "p", "w", "s")
        await settled(pilot)
        assert "0 sent, 2 still staged: approve: The mock provider refuses" in screen_text(app)
        await press(pilot, "k", "k")
        assert "not sent: approve: The mock provider refuses." in screen_text(app)
        assert len(desk.staged()) == 2
        golden(f"review-trouble-{size[0]}x{size[1]}", screen_text(app))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_an_empty_queue_says_what_is_in_progress(open_db, console, screen_text, golden, size):
    text = await look(console(Desk(*open_db, ["{}"], ())), screen_text, size)
    assert "nothing to review; " in text
    golden(f"review-empty-{size[0]}x{size[1]}", text)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
@pytest.mark.parametrize(
    "keys",
    ["", "a a p", "space V", "V", "space A", "A", "a w", "a q", "tab", "tab tab", "z", "o j",
     "slash x x x enter", "r", "X"],
)  # fmt: skip
async def test_the_review_names_the_keys_that_the_operator_has(
    desk, console, screen_text, size, keys
):
    app = console(desk, settings=OTHER)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for key in ["2", *keys.split()]:
            await press(pilot, other(app.screen, key))
        app.tick()
        await pilot.pause()
        assert not usual_keys_in(screen_text(app).replace("X does nothing here", ""))
