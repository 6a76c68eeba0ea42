from __future__ import annotations

from dataclasses import replace

import pytest
from console_world import HOSTILE, FakeBridge, empty_world

from mephisto_engine.abstractions.registry import PluginInfo, PluginKind, Registry
from mephisto_tui.screens.raw import RawScreen
from mephisto_tui.view.empty import Surroundings

SIZE = (80, 24)


@pytest.fixture
async def log(make_app):
    app = make_app(surroundings=Surroundings(log_file="~/.mephisto-tui/logs/console.log"))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("4")
        app.tick()
        await pilot.pause()
        app.tick()
        await pilot.pause()
        yield app, pilot


async def test_it_says_how_much_is_shown_and_where_more_is_written(log, screen_text):
    app, _ = log
    text = screen_text(app)
    assert "6 of 48211 events" in text
    assert "program log ~/.mephisto-tui/logs/console.log" in text


async def test_the_level_goes_round_and_leaves_other_words_alone(log, screen_text):
    app, pilot = log
    app.screen._filter("agent")
    seen = []
    for _ in range(3):
        await pilot.press("l")
        await pilot.pause()
        seen.append(app.screen.typed["log"])
    assert seen == ["agent level:warn", "agent level:error", "agent"]


async def test_warnings_and_errors_stay_when_warnings_are_asked_for(log, screen_text):
    app, pilot = log
    await pilot.press("l")
    await pilot.pause()
    text = screen_text(app)
    assert "throttled" in text
    assert "heartbeat late" in text
    assert "assigned to agent 5519" not in text


async def test_tracebacks_of_broken_plugins_are_shown_safely(log, screen_text, monkeypatch):
    broken = PluginInfo(
        PluginKind.PROVIDER, "odd", "odd", "odd-pkg", "1", f"No module {HOSTILE}", "Trace…\nline 2"
    )
    fine = PluginInfo(PluginKind.ARCHITECT, "local", "here", "mephisto-tui", "1.0")
    monkeypatch.setattr(Registry, "survey", lambda _self: [fine, broken])
    app, pilot = log
    await pilot.press("p")
    await app.workers.wait_for_complete()
    await pilot.pause()
    assert isinstance(app.screen, RawScreen)
    text = screen_text(app)
    assert "architect local: ok (mephisto-tui 1.0)" in text
    assert "provider odd: No module ␛]52" in text
    assert "Trace…" in text
    assert "line 2" in text


async def test_a_switch_that_cannot_be_read_is_said_instead(log, screen_text, monkeypatch):
    monkeypatch.setenv("MEPHISTO_PLUGINS", "nonsense")
    app, pilot = log
    await pilot.press("p")
    await app.workers.wait_for_complete()
    await pilot.pause()
    assert "the plug-ins cannot be looked at: " in screen_text(app)


async def test_an_empty_log_says_so(make_app, screen_text):
    app = make_app(bridge=FakeBridge(world=replace(empty_world(), events=0)))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("4")
        app.tick()
        await pilot.pause()
        assert "no events yet" in screen_text(app)
        assert "0 of 0 events" in screen_text(app)
