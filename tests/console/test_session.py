"""A console takes up where the last one left off."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from console_world import normal_world

from mephisto_tui.app import ConsoleApp
from mephisto_tui.screens.log import LogScreen
from mephisto_tui.screens.run import RunScreen
from mephisto_tui.screens.runs import RunsScreen
from mephisto_tui.session import KeptScreen, Session, load_session, save_session
from mephisto_tui.view.empty import Surroundings
from mephisto_tui.widgets.live_table import LiveTable

DATABASE = "~/data.db"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mephisto" / "console.json"


@pytest.fixture
def console(make_app, path):
    def make(database: str = DATABASE, **options) -> ConsoleApp:
        return make_app(kept_in=path, surroundings=Surroundings(database), **options)

    return make


async def run(app: ConsoleApp, *keys: str, seconds: float = 1.0) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        app.clock.seconds += seconds
        app.tick()


def test_a_session_is_written_privately_and_read_again(path):
    screen = KeptScreen("agents", {"units": "!x"}, {"units": ("id", True)}, {"agents": 7})
    session = Session(DATABASE, "log", 142, {"run 142": screen})
    save_session(path, session)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_session(path, DATABASE) == session
    assert load_session(path, "another.db") == Session("another.db")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"database": 3}', '{"database": "~/data.db", "mode": "runs"}',
     '{"database": "~/data.db", "mode": "runs", "run": "x", "screens": {}}',
     '{"database": "~/data.db", "mode": "runs", "run": 1, "screens": {"runs": {"filters": []}}}',
     "\udcff"],
)  # fmt: skip
def test_a_broken_session_is_left_aside_with_a_word_in_the_log(path, caplog, text):
    path.parent.mkdir()
    path.write_bytes(text.encode(errors="surrogateescape"))
    assert load_session(path, DATABASE) == Session(DATABASE)
    assert "cannot be read and is left aside" in caplog.text


def test_a_disk_that_takes_nothing_only_earns_a_word_in_the_log(tmp_path, caplog):
    (tmp_path / "mephisto").write_text("no folder")
    save_session(tmp_path / "mephisto" / "console.json", Session())
    assert "could not be kept" in caplog.text


async def test_filter_order_and_row_come_back(console, clock, path):
    await run(console(), "slash", *"chat", "enter", "o", "down", "enter", "j")
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        assert screen.typed["runs"] == "chat"
        table = screen.query_one(LiveTable)
        assert (table.window.text, table.window.sort) == ("chat", "task_name")
        assert (
            table.selected.id == json.loads(path.read_text())["screens"]["runs"]["selected"]["runs"]
        )
        assert table.selected.id == 139


async def test_the_open_run_its_pane_and_the_mode_come_back(console):
    await run(console(), "enter", "tab", "j", "j", "4")
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, LogScreen)
        await pilot.press("1")
        await pilot.pause()
        assert isinstance(app.screen, RunScreen)
        assert app.screen.run_id == 142
        assert app.screen.pane_id() == "agents"
        table = app.screen.query_one("#agents", LiveTable)
        while table.selected is None:
            app.tick()
            await pilot.pause()
        assert table.selected.id == 5524


async def test_a_run_that_is_asked_for_goes_before_the_session(console):
    await run(console(), "j", "enter", "4")
    app = console(run_id=142)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, RunScreen)
        assert app.screen.run_id == 142


async def test_a_run_that_is_gone_leads_back_to_the_list(console, bridge):
    await run(console(), "enter")
    world = normal_world()
    bridge.world = replace(world, runs=world.runs[1:], run=None)
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.pause()
        assert isinstance(app.screen, RunsScreen)


async def test_a_read_only_console_reads_a_session_and_writes_none(console, path):
    await run(console(read_only=True), "slash", *"chat", "enter")
    assert not path.exists()
    await run(console(), "slash", *"chat", "enter")
    before = path.read_text()
    app = console(read_only=True)
    await run(app, "escape")
    assert path.read_text() == before


async def test_nothing_is_written_while_nothing_changes(console, path, clock):
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        clock.seconds += 1
        app.tick()
        written = path.stat().st_mtime_ns
        clock.seconds += 2
        app.tick()
        assert path.stat().st_mtime_ns == written


async def test_leaving_keeps_what_the_last_second_changed(console, path):
    await run(console(), "j", "q", seconds=0.0)
    assert json.loads(path.read_text())["screens"]["runs"]["selected"] == {"runs": 141}
