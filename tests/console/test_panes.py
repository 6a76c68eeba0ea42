"""Panes and zoom, on every screen that has them."""

from __future__ import annotations

import pytest
from console_world import FakeBridge, huge_world
from textual.geometry import Size

WAYS = {
    "runs": (None, ()),
    "run": (142, ()),
    "unit": (142, ("enter",)),
    "worker": (None, ("3", "enter")),
}
"""Screen → run that the console is opened on, and keys that lead there."""
SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=["80x24", "160x50"])
SCREENS = pytest.mark.parametrize("name", list(WAYS))


async def press(app, pilot, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
        app.tick()
        await pilot.pause()


async def go_to(app, pilot, name: str):
    await press(app, pilot, *WAYS[name][1])
    app.screen.tick(is_forced=True)
    await pilot.pause()
    return app.screen


@SIZES
@SCREENS
async def test_zoom_gives_the_pane_all_the_room_and_esc_gives_it_back(
    make_app, screen_text, name, size
):
    app = make_app(run_id=WAYS[name][0])
    async with app.run_test(size=size) as pilot:
        screen = await go_to(app, pilot, name)
        before = screen_text(app)
        await press(app, pilot, "z")
        if not screen.is_zoomed:
            assert "this pane has all the room already" in screen_text(app)
            return
        # All but the title, the modes, the message and the keys.
        assert screen.pane().size == Size(size[0], size[1] - 4)
        await press(app, pilot, "escape")
        assert app.screen is screen
        assert not screen.is_zoomed
        assert screen_text(app) == before


async def test_every_pane_of_a_run_can_be_zoomed_and_the_zoom_goes_along(make_app, screen_text):
    app = make_app(run_id=142)
    async with app.run_test(size=(160, 50)) as pilot:
        screen = await go_to(app, pilot, "run")
        before = screen_text(app)
        await press(app, pilot, "z")
        for name in (*screen.PANES[1:], screen.PANES[0]):
            await press(app, pilot, "tab")
            assert (screen.front, screen.is_zoomed) == (name, True)
            assert screen.pane().size == Size(160, 46)
            assert screen.pane().has_focus
        await press(app, pilot, "z")
        assert screen_text(app) == before


async def test_the_way_out_leaves_the_zoom_before_marks_and_filter(make_app):
    app = make_app(run_id=142)
    async with app.run_test(size=(160, 50)) as pilot:
        screen = await go_to(app, pilot, "run")
        await press(app, pilot, "slash", "1", "0", "enter", "space", "z", "q")
        assert not screen.is_zoomed
        assert screen.table().marks
        await press(app, pilot, "q")
        assert not screen.table().marks
        assert screen.typed == {"units": "10"}
        await press(app, pilot, "q")
        assert not screen.typed["units"]
        assert app.screen is screen


async def test_a_zoom_outlives_a_change_of_the_window(make_app):
    app = make_app(bridge=FakeBridge(world=huge_world()), run_id=100_000)
    async with app.run_test(size=(160, 50)) as pilot:
        screen = await go_to(app, pilot, "run")
        await press(app, pilot, "z")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert screen.pane().size == Size(80, 20)
        await press(app, pilot, "z")
        await pilot.resize_terminal(160, 50)
        await pilot.pause()
        assert screen.query_one("#boxes").display


async def test_where_all_is_on_one_page_the_key_for_panes_says_so(make_app, screen_text):
    app = make_app(run_id=142)
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(app, pilot, "unit")
        await press(app, pilot, "tab")
        assert "all of it is on this page" in screen_text(app)


async def test_a_list_alone_has_no_other_pane(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(app, pilot, "runs")
        await press(app, pilot, "tab")
        assert "there is no other pane here" in screen_text(app)


@pytest.mark.parametrize("way", [("4",), ("3",), ("question_mark",), ("v",)], ids="".join)
async def test_keys_for_panes_answer_where_there_is_but_one(make_app, screen_text, way):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(app, pilot, *way, "tab")
        assert "there is no other pane here" in screen_text(app)
        await press(app, pilot, "z")
        assert "this pane has all the room already" in screen_text(app)
