from __future__ import annotations

import re
from dataclasses import replace

import pytest
from console_world import FakeBridge, hostile_world, normal_world
from details_world import a_talking_agent

from mephisto_engine.operations.watching.snapshot import Subject
from mephisto_tui.safe_text import is_harmless
from mephisto_tui.screens.detail import DetailScreen
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


async def look(pilot, app, times: int = 3) -> None:
    """Let the console take the newest picture."""
    for _ in range(times):
        app.clock.seconds += 1
        await pilot.pause()
        app.tick()
    await pilot.pause()


async def test_one_goes_on_from_a_detail_and_comes_back_to_the_same_line(
    make_app, screen_text, opened
):
    app = make_app(run_id=142)
    async with app.run_test(size=(160, 50)) as pilot:
        await opened(pilot, app)
        await pilot.press("tab", "j")
        assert app.screen.pane().selected == "unit 10411"
        await pilot.press("enter")
        await look(pilot, app)
        assert app.screen.subject == Subject("unit", 10411)
        assert "Runs › 142 chat-safety-v3 › unit 10418 › unit 10411" in screen_text(app)
        await pilot.press("enter")
        await look(pilot, app)
        assert app.screen.subject.kind == "worker"
        await pilot.press("escape", "escape")
        await look(pilot, app)
        assert app.screen.subject == Subject("unit", 10418)
        assert app.screen.pane().id == "around"
        assert app.screen.pane().selected == "unit 10411"
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, DetailScreen)


async def test_each_line_that_leads_further_is_reached_and_left_by_the_arrows(make_app, opened):
    app = make_app(run_id=142)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        found = [app.screen.pane().selected]
        for _ in range(80):
            await pilot.press("j")
            if app.screen.pane().selected not in ("", found[-1]):
                found.append(app.screen.pane().selected)
        wanted = ["worker 3", "agent 5521", "agent 5511", "unit 10411", "unit 10412"]
        assert found == wanted
        for _ in range(80):
            await pilot.press("k")
        assert app.screen.pane().selected == "worker 3"


async def test_a_long_way_is_told_by_its_ends(make_app, screen_text, opened):
    app = make_app(run_id=142)
    async with app.run_test(size=(160, 50)) as pilot:
        await opened(pilot, app)
        for _ in range(3):
            await pilot.press("enter")
            await look(pilot, app)
            await pilot.press("tab")
            await pilot.press("enter")
            await look(pilot, app)
        text = screen_text(app).splitlines()[0]
        assert "Runs › … › " in text
        assert text.count("›") == 4


@pytest.fixture
def talk():
    """A bridge to an agent who talks; ``talk(n)`` says how many messages there are."""
    bridge = FakeBridge(world=replace(normal_world(), detail=a_talking_agent(60)))

    def say(messages: int, shown: int = 500) -> None:
        bridge.world = replace(bridge.world, detail=a_talking_agent(messages, shown))

    bridge.say = say
    return bridge


@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
async def test_the_end_of_a_transcript_is_followed_until_one_scrolls_up(
    make_app, screen_text, talk, size
):
    app = make_app(bridge=talk, run_id=142)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("tab", "enter")
        await look(pilot, app)
        await pilot.press("tab")
        await pilot.press("G")
        talk.say(61)
        await look(pilot, app)
        assert "message 60" in screen_text(app)
        assert "following" in screen_text(app)
        await pilot.press("k", "k", "k")
        before = lines_said(screen_text(app))
        talk.say(64)
        await look(pilot, app)
        assert lines_said(screen_text(app)) == before
        assert "3 messages more below, G follows" in screen_text(app)
        await pilot.press("G")
        assert "message 63" in screen_text(app)
        talk.say(65)
        await look(pilot, app)
        assert "message 64" in screen_text(app)


def lines_said(text: str) -> list[str]:
    return re.findall(r"message \d+", text)


async def test_a_transcript_of_its_own_pane_is_followed_from_the_beginning(
    make_app, screen_text, talk
):
    app = make_app(bridge=talk, run_id=142)
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("tab", "enter")
        await look(pilot, app)
        assert "message 59" in screen_text(app)


@pytest.mark.parametrize("size", [(160, 50), (80, 24)])
async def test_what_is_read_stays_when_the_oldest_messages_fall_away(
    make_app, screen_text, talk, size
):
    app = make_app(bridge=talk, run_id=142)
    talk.say(200, shown=200)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("tab", "enter")
        await look(pilot, app)
        await pilot.press("tab", "G", "pageup")
        before = lines_said(screen_text(app))
        talk.say(205, shown=200)
        await look(pilot, app)
        assert lines_said(screen_text(app)) == before
        assert "5 messages more below, G follows" in screen_text(app)


async def test_what_was_there_when_a_page_was_opened_is_not_new(make_app, screen_text, talk):
    app = make_app(bridge=talk, run_id=142)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("tab", "enter")
        await look(pilot, app)
        assert "more below" not in screen_text(app)
        talk.say(62)
        await look(pilot, app)
        assert "2 messages more below, G follows" in screen_text(app)


async def test_a_frozen_transcript_takes_nothing(make_app, screen_text, talk):
    app = make_app(bridge=talk, run_id=142)
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("tab", "enter")
        await look(pilot, app)
        await pilot.press("f")
        talk.say(70)
        await look(pilot, app)
        assert "message 69" not in screen_text(app)
        assert "10 changes held" in screen_text(app)
        await pilot.press("f")
        await look(pilot, app)
        assert "message 69" in screen_text(app)
