from __future__ import annotations

import asyncio

import pytest
from console_world import FakeBridge, a_run, normal_world
from launch_world import LAUNCH_EFFECTS
from textual import events
from textual.widgets import Input

from mephisto_tui.commands import COMMANDS, commands_for, matching
from mephisto_tui.screens.base import ConsoleScreen
from mephisto_tui.screens.confirm import ConfirmScreen
from mephisto_tui.screens.detail import DetailScreen
from mephisto_tui.screens.draft import DraftScreen
from mephisto_tui.screens.help import HelpScreen
from mephisto_tui.screens.launch import LaunchScreen
from mephisto_tui.screens.log import LogScreen
from mephisto_tui.screens.menu import MenuScreen, PaletteScreen
from mephisto_tui.screens.prompt import PromptScreen
from mephisto_tui.screens.raw import RawScreen
from mephisto_tui.screens.review import ReviewScreen
from mephisto_tui.screens.run import RunScreen
from mephisto_tui.screens.runs import RunsScreen
from mephisto_tui.screens.statistics import StatisticsScreen
from mephisto_tui.screens.why import WhyScreen
from mephisto_tui.screens.workers import WorkersScreen
from mephisto_tui.view.chrome import key_bar
from mephisto_tui.view.keys import help_page, key_entries
from mephisto_tui.widgets.live_table import LiveTable

SCREENS = (
    ReviewScreen,
    RunsScreen,
    RunScreen,
    LogScreen,
    LaunchScreen,
    DraftScreen,
    HelpScreen,
    RawScreen,
    StatisticsScreen,
    WorkersScreen,
    DetailScreen,
    WhyScreen,
)

EFFECTS = {
    "mode.runs": "this is the list of runs",
    "mode.review": ReviewScreen,
    "mode.workers": WorkersScreen,
    "mode.log": LogScreen,
    "mode.launch": "nothing can be launched from this console",
    "help": HelpScreen,
    "palette": PaletteScreen,
    "back": None,
    "freeze": "frozen 14:22:07, 0 changes held",
    "copy": "copied (sent to the terminal, OSC 52)",
    "raw": RawScreen,
    "editor": "this terminal cannot be handed to an editor",
    "move.down": 1,
    "move.up": 0,
    "move.page_down": 5,
    "move.page_up": 0,
    "move.first": 0,
    "move.last": 5,
    "list.filter": Input,
    "list.sort": MenuScreen,
    "list.reverse": "137",
    "list.mark": "1 marked   esc clears",
    "list.mark_range": "mark a row first",
    "list.mark_all": "all that the filter shows: 6 marked",
    "list.apply": "no rows are held",
    "live.extend": MenuScreen,
    "live.expire": ConfirmScreen,
    "live.set": MenuScreen,
    "live.pause": ConfirmScreen,
    "runs.open": RunScreen,
    "runs.launch": "nothing can be launched from this console",
    "runs.stop": ConfirmScreen,
    "run.open": DetailScreen,
    "panes.next": "[agents]",
    "panes.previous": "[log]",
    "panes.zoom": "is-zoomed",
    "run.copy_link": "OSC 52): http://127.0.0.1:3000/?worker_id=NAME",
    "run.disconnect": "D ends agents: tab leads to them",
    "run.block": PromptScreen,
    "run.stop": ConfirmScreen,
    "run.statistics": StatisticsScreen,
    "statistics.next_field": "field clarity",
    "statistics.level": "classes are ordinal",
    "worker.why": MenuScreen,
    "worker.block": PromptScreen,
    "worker.unblock": "A2X9K1 is not blocked",
    "worker.note": PromptScreen,
    "worker.qualify": PromptScreen,
    "worker.pay": PromptScreen,
    "workers.open": DetailScreen,
    "detail.open": "› unit 10418 › worker A2X9K1",
    "log.level": "level:warn",
    "log.plugins": RawScreen,
}
"""Command → what its key brings: a screen, words on the screen, or the row of the cursor."""


def test_every_command_has_an_effect_that_is_tested():
    # The review's keys need a database: the tests in `review/` press all of them.
    others = {command.id for command in COMMANDS if command.scope != "review"}
    assert others == set(EFFECTS) | set(LAUNCH_EFFECTS)


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.__name__)
def test_every_command_of_a_screen_has_a_handler(screen: type[ConsoleScreen]):
    for command in commands_for(screen.SCOPES):
        assert callable(getattr(screen, command.handler))


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.__name__)
def test_no_key_means_two_things_on_one_screen(screen: type[ConsoleScreen]):
    keys = [key for command in commands_for(screen.SCOPES) for key in command.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.__name__)
def test_help_has_every_command_of_a_screen(screen: type[ConsoleScreen]):
    page = ["".join(span.text for span in line) for line in help_page(screen.SCOPES)]
    for command in commands_for(screen.SCOPES):
        assert any(command.title in line and command.help in line for line in page)


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.__name__)
def test_help_and_the_way_out_are_shown_at_sixty_columns(screen: type[ConsoleScreen]):
    bar = key_bar(key_entries(screen.SCOPES, screen.WAY_OUT), 60)
    assert "".join(span.text for span in bar).endswith(f"? Help  q {screen.WAY_OUT} ")


def test_dangerous_commands_are_known():
    assert {command.id for command in COMMANDS if command.is_dangerous} == {
        "draft.launch",
        "live.expire",
        "review.block",
        "review.send",
        "run.block",
        "run.disconnect",
        "run.stop",
        "runs.stop",
        "worker.block",
        "worker.pay",
    }


def test_commands_are_found_by_a_part_of_their_title():
    assert matching("stop", COMMANDS)[0].title == "Stop run"
    assert matching("spr", COMMANDS)[0].title == "Stop run"
    assert matching("zzz", COMMANDS) == []


def all_keys():
    for command in COMMANDS:
        for key in command.keys:
            if EFFECTS.get(command.id) is not None:
                yield pytest.param(command, key, id=f"{command.id}-{key}")


PAUSES = 200

WAY_TO = {"workers": ["3"], "worker": ["3"], "detail": ["enter"], "statistics": ["A"], "log": ["4"]}
"""Scope → keys that lead to a screen which has it."""


@pytest.mark.parametrize(("command", "key"), list(all_keys()))
async def test_each_key_does_what_its_command_says(make_app, screen_text, command, key):
    run_id = 142 if command.scope in ("run", "panes", "detail", "statistics") else None
    app = make_app(run_id=run_id)
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        app.tick()
        if command.id in ("move.up", "move.page_up", "move.first"):
            await pilot.press("j")
        for step in WAY_TO.get(command.scope, []):
            await pilot.press(step)
            app.tick()
            await pilot.pause()
            app.tick()
        await pilot.press(key)
        # Some keys begin work beside the screen: it is over, or has opened a dialog, soon.
        for _ in range(PAUSES):
            await pilot.pause()
            if has_come(app, screen_text, EFFECTS[command.id]):
                return
            await asyncio.sleep(0.01)
        assert has_come(app, screen_text, EFFECTS[command.id])


def has_come(app, screen_text, effect) -> bool:
    """Whether a key has had its effect."""
    if isinstance(effect, int):
        return app.screen.query_one(LiveTable)._cursor == effect
    if effect is Input:
        return isinstance(app.focused, Input)
    if effect == "is-zoomed":
        return app.screen.is_zoomed
    if isinstance(effect, str):
        return effect in screen_text(app)
    return isinstance(app.screen, effect)


@pytest.mark.parametrize("key", ["q", "escape", "left", "h"])
async def test_each_way_back_leads_out_and_at_the_top_quits(make_app, key):
    app = make_app(run_id=142)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(app.screen, RunsScreen)
        await pilot.press(key)
    assert app.return_value.reason == "quit"


async def test_the_palette_runs_what_was_found(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("ctrl+p", *"stop", "enter")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmScreen)


async def test_ctrl_c_explains_how_to_leave(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert "q leaves" in screen_text(app)


async def test_a_mode_keeps_where_one_was(make_app):
    app = make_app(run_id=142)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("4")
        await pilot.pause()
        assert isinstance(app.screen, LogScreen)
        await pilot.press("1")
        await pilot.pause()
        assert isinstance(app.screen, RunScreen)


async def test_stopping_a_run_that_has_ended_says_so(make_app, screen_text):
    world = normal_world()
    ended = a_run(status="completed")
    bridge = FakeBridge(world=type(world)(1, world.taken_at, world.view, (ended,), 1))
    app = make_app(bridge=bridge)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("X")
        await pilot.pause()
        assert "run 142 is not live, it is completed" in screen_text(app)


async def test_keys_that_follow_at_once_are_taken_in_their_order(make_app):
    """As when somebody types fast, or a slow connection delivers several keys together."""
    app = make_app(run_id=142)
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        app.tick()
        for key in ("slash", "x", "1"):
            app.post_message(events.Key(key, "/x1"["sx1".index(key[0])]))
        await pilot.pause()
        assert app.screen.query_one(Input).value == "x1"


async def test_a_key_that_means_nothing_here_says_so(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for key, shown in (("w", "w"), ("f5", "f5"), ("D", "D"), ("ctrl+w", "ctrl+w")):
            await pilot.press(key)
            await pilot.pause()
            assert f"{shown} does nothing here; ? shows which keys do" in screen_text(app)
