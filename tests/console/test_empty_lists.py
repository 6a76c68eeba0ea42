"""A list that a filter has emptied does not look like an empty one."""

from __future__ import annotations

import pytest
from console_world import FakeBridge, empty_world, new_run_world, normal_world

FILTER = ("slash", "z", "z", "z", "z", "enter")
LISTS = {
    "runs": (None, (), "the filter zzzz hides 6 runs"),
    "units": (142, (), "the filter zzzz hides 359 units"),
    "agents": (142, ("tab",), "the filter zzzz hides 10 agents"),
    "workers": (142, ("tab", "tab"), "the filter zzzz hides 8 workers"),
    "log of a run": (142, ("shift+tab",), "the filter hides 6 events"),
    "everybody": (None, ("3",), "the filter zzzz hides 8 workers"),
    "log": (None, ("4",), "the filter hides 6 events"),
}
"""List → run, keys that lead there, and what it says when a filter hides all of it."""


async def press(app, pilot, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
        app.tick()
        await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=["80x24", "160x50"])
@pytest.mark.parametrize("name", list(LISTS))
async def test_a_filter_that_hides_all_says_how_much_and_how_to_see_it(
    make_app, screen_text, name, size
):
    run_id, way, said = LISTS[name]
    app = make_app(bridge=FakeBridge(world=normal_world()), run_id=run_id)
    async with app.run_test(size=size) as pilot:
        await press(app, pilot, *way)
        before = screen_text(app)
        await press(app, pilot, *FILTER)
        assert f"{said}   esc shows all" in screen_text(app)
        await press(app, pilot, "escape")
        app.screen.tick(is_forced=True)
        await pilot.pause()
        assert "the filter" not in screen_text(app)
        assert screen_text(app).splitlines()[2:6] == before.splitlines()[2:6]


async def test_a_log_says_how_many_lines_its_level_hides(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=(160, 50)) as pilot:
        await press(app, pilot, "4")
        assert "hidden" not in screen_text(app)
        await press(app, pilot, "l")
        assert "4 hidden · / filter" in screen_text(app)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ((), "no agents yet"),
        (("tab",), "no agents yet"),
        (("tab", "tab"), "nobody has come yet"),
    ],
)
async def test_an_empty_list_of_a_run_says_why(make_app, screen_text, keys, said):
    app = make_app(bridge=FakeBridge(world=new_run_world()), run_id=142)
    async with app.run_test(size=(160, 50)) as pilot:
        await press(app, pilot, *keys)
        # Whether or not a filter was there meanwhile.
        await press(app, pilot, *FILTER, "escape")
        assert said in screen_text(app)


async def test_without_any_worker_the_list_says_so_and_speaks_of_no_filter(make_app, screen_text):
    app = make_app(bridge=FakeBridge(world=empty_world()))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(app, pilot, "3")
        assert "nobody has come yet" in screen_text(app)
        await press(app, pilot, *FILTER)
        assert "nothing matches zzzz   esc shows all" in screen_text(app)
