from __future__ import annotations

import pytest
from console_world import FakeBridge, hostile_world

from mephisto_tui.safe_text import is_harmless
from mephisto_tui.screens.menu import MenuScreen
from mephisto_tui.view.empty import Surroundings


@pytest.fixture
def opened(make_app):
    async def open_first_unit(pilot, app):
        await pilot.pause()
        app.tick()
        for _ in range(2):
            await pilot.pause()
            app.tick()
        await pilot.press("enter")
        for _ in range(3):
            await pilot.pause()
            app.tick()

    return open_first_unit


async def test_the_path_of_a_file_can_be_copied(make_app, screen_text, opened):
    app = make_app(run_id=142, surroundings=Surroundings(home="/lab/home"))
    async with app.run_test(size=(160, 50)) as pilot:
        await opened(pilot, app)
        await pilot.press("y")
        await pilot.pause()
        assert isinstance(app.screen, MenuScreen)
        assert "path of screenshot.png" in screen_text(app)
        await pilot.press("j", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "OSC 52): /lab/home/runs/142/uploads/7f3a.png" in screen_text(app)


async def test_the_id_is_still_the_first_thing_to_copy(make_app, screen_text, opened):
    app = make_app(run_id=142)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("y", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "OSC 52): 10418" in screen_text(app)


async def test_hostile_file_names_do_no_harm_in_the_menu(make_app, screen_text, opened):
    app = make_app(bridge=FakeBridge(world=hostile_world()), run_id=142)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("y")
        await pilot.pause()
        assert isinstance(app.screen, MenuScreen)
        assert is_harmless(screen_text(app).replace("\n", ""))
