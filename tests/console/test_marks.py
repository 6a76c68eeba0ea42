"""Marks: which rows a command for several is about."""

from __future__ import annotations

from dataclasses import replace

import pytest
from console_world import NOW, large_world, some_units
from textual.app import App

from mephisto_engine.operations.watching.selection import Selection
from mephisto_engine.operations.watching.snapshot import Window
from mephisto_tui.view.rows import UNITS
from mephisto_tui.widgets.live_table import HOLD_SECONDS, LiveTable, Rows
from mephisto_tui.widgets.marks import Marks, RangeEnds


class TableApp(App[None]):
    CSS_PATH = "../../mephisto_tui/styles/console.tcss"

    def compose(self):
        yield LiveTable(UNITS, id="units")


@pytest.fixture
async def table():
    app = TableApp()
    async with app.run_test(size=(100, 24)) as pilot:
        table = app.query_one(LiveTable)
        table.focus()
        await pilot.pause()
        yield table


def whole(units) -> Rows:
    return Rows(units, 0, len(units))


def gutter(table: LiveTable) -> str:
    """The first cell of each row in sight."""
    return "".join("".join(span.text for span in line)[1] for line in table._drawn[2:-1])


def test_marks_are_what_was_toggled():
    marks = Marks()
    assert not marks
    marks.toggle(3)
    marks.toggle(5)
    marks.toggle(3)
    assert (3 in marks, 5 in marks, marks.count(10)) == (False, True, 1)
    assert marks.selection() == Selection(frozenset([5]))


def test_all_but_some_is_kept_as_a_filter():
    marks = Marks()
    marks.mark_all(Window(status="launched"))
    marks.toggle(7)
    assert marks.count(100_000) == 99_999
    assert 7 not in marks
    assert marks.selection() == Selection(frozenset([7]), is_all=True, status="launched")
    marks.add([7])
    assert marks.count(100_000) == 100_000


async def test_a_mark_stands_in_the_gutter_and_the_cursor_goes_on(table):
    table.show(whole(some_units(6)), NOW, 0.0)
    assert table.toggle_mark()
    assert table.toggle_mark()
    assert gutter(table).startswith("**▌ ")
    assert table.marked.keys == {10418, 10417}
    table.move(-1)
    table.toggle_mark()
    assert table.marked.keys == {10418}
    assert "1 marked · 3 of 6" in "".join(span.text for span in table._drawn[-1])


async def test_a_range_goes_from_the_last_mark_to_the_cursor_either_way(table):
    units = some_units(10)
    table.show(whole(units), NOW, 0.0)
    table.move_to(2)
    table.toggle_mark()
    table.move_to(5)
    assert table.mark_range()
    assert table.marked.keys == {units[place].id for place in range(2, 6)}
    table.move_to(0)
    table.mark_range()
    assert table.marked.keys == {units[place].id for place in range(6)}


async def test_a_range_needs_a_mark_to_begin_at(table):
    table.show(whole(some_units(10)), NOW, 0.0)
    assert not table.mark_range()
    assert not table.marks


async def test_all_marks_what_is_not_at_hand_too(table):
    table.show(Rows(some_units(120), 0, 5000), NOW, 0.0)
    table.toggle_all()
    assert table.marked_count == 5000
    assert table.marked == Selection(is_all=True)
    table.toggle_all()
    assert not table.marks


async def test_marks_survive_another_order_and_new_values(table):
    units = some_units(10)
    table.show(whole(units), NOW, 0.0)
    table.toggle_mark()
    table.restart(Window(sort="status"))
    table.show(whole(units[::-1]), NOW, 1.0)
    assert table.marked.keys == {units[0].id}
    changed = replace(units[0], status="expired")
    table.show(whole((changed, *units[1:])), NOW, 1.0 + HOLD_SECONDS)
    assert table.marked.keys == {units[0].id}
    assert gutter(table).count("*") == 1


async def test_marks_vanish_with_their_rows(table):
    units = some_units(10)
    table.show(whole(units), NOW, 0.0)
    table.toggle_mark()
    table.toggle_mark()
    table.show(whole(units[1:]), NOW, HOLD_SECONDS)
    assert table.marked.keys == {units[1].id}


async def test_another_filter_keeps_single_marks_and_drops_those_made_by_filter(table):
    units = some_units(10)
    table.show(whole(units), NOW, 0.0)
    table.toggle_mark()
    table.restart(Window(status="expired"))
    table.show(whole(()), NOW, 1.0)
    assert table.marked.keys == {units[0].id}
    table.toggle_all()
    table.restart(Window(status="expired", sort="id"))
    assert table.marks.is_all
    table.restart(Window())
    assert not table.marks


async def test_a_command_is_about_the_marks_or_else_the_row_under_the_cursor(table):
    assert table.picked == Selection()
    table.show(whole(some_units(10)), NOW, 0.0)
    assert table.picked.keys == {10418}
    table.move_to(4)
    table.toggle_mark()
    assert table.picked.keys == {10414}


async def test_keys_mark_and_esc_clears(make_app, bridge, screen_text):
    bridge.world = large_world(agents=10, units=5000)
    app = make_app(run_id=142)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("space", "j", "j", "V")
        await pilot.pause()
        assert " 4 marked   esc clears" in screen_text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "marked" not in screen_text(app)
        await pilot.press("asterisk")
        await pilot.pause()
        assert " all that the filter shows: 5000 marked" in screen_text(app)
        await pilot.press("tab", "tab", "tab", "space")
        await pilot.pause()
        assert "only rows of a table can be marked" in screen_text(app)


def test_a_range_beyond_what_is_at_hand_is_found_by_keys_and_place():
    marks = Marks()
    marks.toggle(7)
    order = list(range(100, 0, -1))
    assert marks.add_between(order, RangeEnds(7, 90, 10))
    assert marks.selection().keys == set(range(7, 91))
    assert marks.add_between(order, RangeEnds(7, None, 99))
    assert marks.selection().keys == set(range(1, 91))
    assert not marks.add_between(order, RangeEnds(7, None, 100))
    assert not marks.add_between(order, RangeEnds(101, 90, 10))


@pytest.mark.parametrize("settles", [True, False], ids=["rows at hand", "at once"])
async def test_a_range_reaches_from_one_end_of_a_long_list_to_the_other(
    make_app, bridge, screen_text, settles
):
    bridge.world = large_world(agents=10, units=5000)
    app = make_app(run_id=142)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press(*["j"] * 10, "space", "G")
        if settles:
            for _ in range(3):
                await pilot.pause()
                app.tick()
        await pilot.press("V")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert " 4990 marked   esc clears" in screen_text(app)
        units = [row.id for row in bridge.world.units]
        assert app.screen.table().picked == Selection(frozenset(units[10:]))
        # Back from there; what lies between is marked once.
        await pilot.press("g", "V")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.screen.table().picked == Selection(frozenset(units))
        assert " 5000 marked   esc clears" in screen_text(app)


async def test_a_range_that_begins_at_a_row_that_is_gone_says_so(make_app, bridge, screen_text):
    bridge.world = large_world(agents=10, units=5000)
    app = make_app(run_id=142)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.tick()
        await pilot.press("space", "G")
        bridge.world = replace(bridge.world, units=bridge.world.units[1:])
        await pilot.press("V")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "the row that was marked last is not in the list any more" in screen_text(app)
        assert app.screen.table().marked_count == 1
