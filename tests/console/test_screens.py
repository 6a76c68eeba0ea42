"""How the screens look, character by character. UPDATE_GOLDENS=1 writes the stored ones anew."""

from __future__ import annotations

from dataclasses import replace

import console_world
import pytest
from console_world import FakeBridge, a_run
from golden_looks import LOOKS
from other_keys import OTHER, other, usual_keys_in

from mephisto_engine.analysis.pay import Wage
from mephisto_tui.view.chrome import Freshness
from mephisto_tui.view.empty import Surroundings

SMALL, LARGE = (80, 24), (160, 50)


async def look(app, screen_text, size, keys="", named=lambda screen, key: key) -> str:
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.pause()
        for key in keys.split():
            await pilot.press(named(app.screen, key))
            await pilot.pause()
        for _ in range(2):  # the second shows what the first has wished for
            app.tick()
            await pilot.pause()
        return screen_text(app)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
@pytest.mark.parametrize(("name", "world", "run_id", "keys"), LOOKS, ids=[row[0] for row in LOOKS])
async def test_screen_looks_as_stored(
    make_app, screen_text, golden, name, world, run_id, keys, size
):
    bridge = FakeBridge(world=getattr(console_world, world)())
    text = await look(make_app(bridge=bridge, run_id=run_id), screen_text, size, keys)
    golden(f"{name}-{size[0]}x{size[1]}", text)


SAYS_ANYTHING = {"hostile", "huge", "raw"}
"""Looks whose text is not the console's own, or the same as in others."""
KEYS_THAT_ARE_SAID = [
    ("normal_world", None, "V"),
    ("normal_world", None, "space"),
    ("normal_world", None, "f O"),
    ("normal_world", None, "4 j"),
    ("normal_world", None, "4 j j"),
    ("normal_world", None, "slash x x x x enter"),
    ("normal_world", 142, "D"),
    ("normal_world", 142, "tab asterisk D"),
    ("normal_world", 142, "tab tab x"),
    ("normal_world", 142, "S"),
    ("normal_world", 142, "tab D"),
    ("normal_world", 142, "x"),
    ("normal_world", 142, "ctrl+c"),
    ("empty_world", None, ""),
]
"""What brings forth sentences that name a key, beside the looks."""


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
@pytest.mark.parametrize(
    ("world", "run_id", "keys"),
    [row[1:] for row in LOOKS if not SAYS_ANYTHING & set(row[0].split("-"))] + KEYS_THAT_ARE_SAID,
)
async def test_screens_name_the_keys_that_the_operator_has(
    make_app, screen_text, world, run_id, keys, size
):
    bridge = FakeBridge(world=getattr(console_world, world)())
    app = make_app(bridge=bridge, run_id=run_id, settings=OTHER)
    text = await look(app, screen_text, size, keys, other)
    assert not usual_keys_in(text)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("D", "D ends agents: tab leads to them"),
        ("tab tab x", "x expires units: tab leads to them"),
        ("f O", "frozen: f first"),
        ("V", "then V marks from there"),
    ],
)
async def test_a_usual_key_would_be_found_by_the_test_above(make_app, screen_text, keys, said):
    text = await look(make_app(run_id=142), screen_text, LARGE, keys)
    assert any(said in line for line in usual_keys_in(text))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_a_console_without_runs_says_how_to_get_one(make_app, screen_text, golden, size):
    surroundings = Surroundings(
        database="~/.mephisto-tui/mephisto.db",
        plugins="3 blueprints, 2 architects, 2 providers",
        broken_plugins=(("prolific", "No module named 'requests_oauthlib'\x1b[2J"),),
    )
    note = "not in tmux: if SSH drops the console closes; live runs carry on"
    bridge = FakeBridge(world=console_world.empty_world())
    app = make_app(bridge=bridge, surroundings=surroundings, standing_note=note)
    golden(f"runs-empty-{size[0]}x{size[1]}", await look(app, screen_text, size))


async def test_the_smallest_size_is_usable(make_app, screen_text, golden):
    golden("run-normal-60x16", await look(make_app(run_id=142), screen_text, (60, 16)))


async def test_a_middle_size_shows_two_panes(make_app, screen_text, golden):
    golden("run-normal-100x30", await look(make_app(run_id=142), screen_text, (100, 30)))


async def test_too_small_a_terminal_is_told_the_size_and_the_counts(make_app, screen_text):
    text = await look(make_app(run_id=142), screen_text, (52, 14))
    assert "needs 60×16, is 52×14" in text
    assert "run 142: 312/759" in text


async def test_ascii_terminals_get_ascii(make_app, screen_text):
    bridge = FakeBridge(world=console_world.hostile_world())
    text = await look(make_app(bridge=bridge, run_id=142, ascii=True), screen_text, LARGE)
    assert text.isascii()
    assert "* live" in text
    assert "+- Progress " in text


async def test_a_locale_without_utf8_gets_ascii(make_app, screen_text, monkeypatch):
    monkeypatch.setenv("LANG", "C")
    assert (await look(make_app(), screen_text, SMALL)).isascii()


async def test_a_console_without_data_says_what_is_wrong(make_app, screen_text):
    bridge = FakeBridge(world=None, fresh=Freshness(None, "unable to open \x1b[2J database"))
    text = await look(make_app(bridge=bridge), screen_text, SMALL)
    assert "⚠ unable to open ␛[2J database" in text
    assert "loading…" in text


async def test_old_data_stays_with_its_age(make_app, screen_text):
    bridge = FakeBridge(fresh=Freshness(12.0, "database is locked"))
    text = await look(make_app(bridge=bridge), screen_text, SMALL)
    assert "▲ data 12s old" in text
    assert "⚠ data 12s old: database is locked" in text
    assert "chat-safety-v3" in text


async def test_a_read_only_console_says_why_it_refuses(make_app, screen_text, bridge):
    text = await look(make_app(read_only=True), screen_text, SMALL, "X")
    assert "this console is read-only" in text
    assert "ro ·" in text


async def test_a_failed_run_shows_why(make_app, screen_text):
    text = await look(make_app(), screen_text, SMALL, "j j j j")
    assert "why     port 3000 is in use" in text
    assert "Traceback" not in text


async def test_what_changes_is_shown_and_what_goes_is_gone(make_app, screen_text, bridge):
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        app.tick()
        runs = bridge.world.runs
        renamed = replace(runs[1], task_name="renamed-task")
        bridge.world = replace(bridge.world, runs=(runs[0], renamed, *runs[3:]))
        app.tick()
        await pilot.pause()
        text = screen_text(app)
        assert "renamed-task" in text
        assert "parlai-persona" not in text


async def test_ages_grow_without_news(make_app, screen_text, clock):
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        app.tick()
        clock.seconds = 75
        app.tick()
        await pilot.pause()
        assert " 5m\n" in screen_text(app)


@pytest.mark.parametrize("late", [-0.001, 0.0, 0.001])
async def test_the_time_goes_on_with_each_tick_however_exact_it_is(
    make_app, screen_text, clock, late
):
    app = make_app(run_id=142)
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        clock.seconds = 0.5
        app.tick_by_clock()
        for second in (1, 2, 3):
            clock.seconds = 0.5 + second * (1 + late)
            app.tick_by_clock()
            await pilot.pause()
            assert f"14:22:{7 + second:02}" in screen_text(app).splitlines()[0]


async def test_a_picture_that_came_before_anybody_listened_is_shown(
    make_app, screen_text, bridge, monkeypatch
):
    world, bridge.world = bridge.world, None
    listen = bridge.on_news

    def on_news(listener):
        if listener is not None:
            bridge.world = world
        listen(listener)

    monkeypatch.setattr(bridge, "on_news", on_news)
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        assert "chat-safety-v3" in screen_text(app)


async def test_a_frozen_screen_holds_still_and_counts(make_app, screen_text, bridge):
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("f")
        bridge.world = replace(bridge.world, runs=(a_run(task_name="other"),))
        app.tick()
        await pilot.pause()
        text = screen_text(app)
        assert "chat-safety-v3" in text
        assert "frozen 14:22:07, 1 change held" in text
        await pilot.press("f")
        await pilot.pause()
        assert "other" in screen_text(app)


async def test_resizing_redraws_everything(make_app, screen_text):
    app = make_app(run_id=142)
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.resize_terminal(160, 50)
        await pilot.pause()
        text = screen_text(app)
        assert "─ Progress ─" in text
        assert "─ Agents 10 ─" in text
        await pilot.resize_terminal(70, 20)
        await pilot.pause()
        assert "─ Progress ─" not in screen_text(app)


async def test_a_filter_narrows_what_is_asked_for_and_esc_drops_it(make_app, screen_text, bridge):
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        await pilot.press("slash", *"!chat")
        await pilot.pause()
        assert bridge.wishes[-1].runs.text == "chat"
        assert bridge.wishes[-1].runs.is_inverse
        await pilot.press("enter")
        await pilot.pause()
        text = screen_text(app)
        assert "/ !chat" in text
        assert "chat-safety" not in text
        await pilot.press("escape")
        await pilot.pause()
        assert "chat-safety-v3" in screen_text(app)
        assert bridge.wishes[-1].runs.text == ""


async def test_a_status_can_be_filtered_by(make_app, bridge):
    app = make_app(run_id=142)
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        await pilot.press("slash", *"status:acc", "enter")
        await pilot.pause()
        assert bridge.wishes[-1].units.status == "accepted"


async def test_a_log_can_be_filtered_by_level(make_app, screen_text):
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("4")
        await pilot.pause()
        await pilot.press("slash", *"level:error", "enter")
        await pilot.pause()
        text = screen_text(app)
        assert "throttled" in text
        assert "relaunched" not in text


async def test_sorting_asks_for_the_column(make_app, bridge, screen_text):
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        await pilot.press("o", "down", "enter")
        await pilot.pause()
        assert bridge.wishes[-1].runs.sort == "task_name"
        assert "TASK↓" in screen_text(app)
        await pilot.press("O")
        await pilot.pause()
        assert not bridge.wishes[-1].runs.is_descending


async def test_the_end_of_a_long_list_is_fetched(make_app, bridge, screen_text):
    bridge.world = console_world.large_world(agents=10, units=5000)
    app = make_app(run_id=142)
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("G")
        await pilot.pause()
        app.tick()
        await pilot.pause()
        assert "5000 of 5000" in screen_text(app)
        assert " 5419 " in screen_text(app)
        assert bridge.wishes[-1].units.offset == 4880


async def test_a_run_that_does_not_exist_is_said_not_to(make_app, screen_text):
    assert "there is no such run" in await look(make_app(run_id=999), screen_text, SMALL)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_hostile_statistics_are_shown_as_text(make_app, screen_text, golden, size):
    odd = (console_world.HOSTILE, "[/x]", "日本語" * 20)
    bridge = FakeBridge(reports=console_world.some_reports(odd, (console_world.HOSTILE,) * 5))
    text = await look(make_app(bridge=bridge, run_id=142), screen_text, size, "A")
    golden(f"statistics-hostile-{size[0]}x{size[1]}", text)


async def test_statistics_that_cannot_be_made_say_why(make_app, screen_text):
    bridge = FakeBridge(reports={}, statistics_error="database is \x1b[2J locked")
    text = await look(make_app(bridge=bridge, run_id=142), screen_text, SMALL, "A")
    assert "database is ␛[2J locked" in text


async def test_statistics_that_fail_after_a_while_say_why(make_app, screen_text, bridge):
    bridge.reports = {}
    app = make_app(run_id=142)
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("A")
        await pilot.pause()
        assert "reading the answers" in screen_text(app)
        bridge.statistics_error = "no answer has labels"
        bridge.listener()
        await pilot.pause()
        assert "no answer has labels" in screen_text(app)


async def test_statistics_that_were_asked_for_are_shown_when_they_come(
    make_app, screen_text, bridge
):
    app = make_app(run_id=142)
    async with app.run_test(size=LARGE) as pilot:
        await pilot.press("A")
        await pilot.pause()
        reports, bridge.reports = bridge.reports, {}
        await pilot.press("n")
        await pilot.pause()
        assert "clarity  (" not in screen_text(app)
        bridge.reports = reports
        bridge.listener()
        await pilot.pause()
        assert "clarity  (" in screen_text(app)


async def test_statistics_of_another_field_and_measure(make_app, screen_text):
    text = await look(make_app(run_id=142), screen_text, LARGE, "A n")
    assert "clarity  (" in text
    assert "of 2)" in text


async def test_a_run_that_pays_too_little_says_so(make_app, screen_text):
    low = Wage(pay_cents=30, worked_ms=240_000, units=12, minimum_cents=725)
    bridge = FakeBridge(world=replace(console_world.normal_world(), wage=low, log=()))
    text = await look(make_app(bridge=bridge, run_id=142), screen_text, LARGE)
    assert "$0.30 a unit · $4.50/h ▲ at 4m00s" in text
    assert "⚠ pay is $4.50 an hour at the median time of 4m00s, below the minimum" in text
