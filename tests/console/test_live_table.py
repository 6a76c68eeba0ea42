from __future__ import annotations

from dataclasses import replace

import pytest
from console_world import NOW, some_units
from textual.app import App

from mephisto_tui.view.rows import UNITS
from mephisto_tui.view.spans import Span
from mephisto_tui.widgets.line_widget import changed_cells
from mephisto_tui.widgets.live_table import (
    HOLD_SECONDS,
    NEW_SECONDS,
    ORDER_SECONDS,
    LiveTable,
    Rows,
    moved_between,
)


class TableApp(App[None]):
    CSS_PATH = "../../mephisto_tui/styles/console.tcss"

    def __init__(self) -> None:
        super().__init__()
        self.table = LiveTable(UNITS, id="units")
        self.wanted: list[int] = []

    def compose(self):
        yield self.table

    def on_live_table_window_wanted(self, message: LiveTable.WindowWanted) -> None:
        self.wanted.append(message.offset)


@pytest.fixture
async def table_app():
    app = TableApp()
    async with app.run_test(size=(100, 24)) as pilot:
        app.pilot = pilot
        app.table.focus()
        await pilot.pause()
        yield app


def whole(units) -> Rows:
    return Rows(units, 0, len(units))


def drawn(table: LiveTable) -> list[str]:
    return ["".join(span.text for span in line) for line in table._drawn]


async def test_the_selection_follows_its_row(table_app):
    table, units = table_app.table, some_units(10)
    table.show(whole(units), NOW, 0.0)
    table.move_to(3)
    newer = replace(units[0], id=20_000)
    table.show(whole((newer, *units)), NOW, HOLD_SECONDS)
    assert table.selected.id == units[3].id
    assert table.selected_line() == 5


async def test_a_cursor_that_rests_on_top_stays_there(table_app):
    table, units = table_app.table, some_units(10)
    table._rests_on_top = True
    table.show(whole(units), NOW, 0.0)
    newer = replace(units[0], id=20_000)
    table.show(whole((newer, *units)), NOW, 1.0)
    assert table.selected.id == 20_000
    assert table.selected_line() == 1


async def test_a_row_that_vanishes_leaves_the_cursor_in_its_place(table_app):
    table, units = table_app.table, some_units(10)
    table.show(whole(units), NOW, 0.0)
    table.move_to(3)
    table.show(whole(units[:3] + units[4:]), NOW, HOLD_SECONDS)
    assert table.selected.id == units[4].id
    table.show(whole(units[:2]), NOW, HOLD_SECONDS)
    assert table.selected.id == units[1].id
    table.show(whole(()), NOW, HOLD_SECONDS)
    assert table.selected is None


async def test_only_cells_that_changed_are_refreshed(table_app, monkeypatch):
    table, units = table_app.table, some_units(10)
    table.show(whole(units), NOW, 0.0)
    regions = []
    monkeypatch.setattr(table, "refresh", lambda *given, **_options: regions.extend(given))
    table.show(whole(units), NOW, 1.0)
    assert regions == []
    changed = replace(units[2], status="rejected")
    table.show(whole((*units[:2], changed, *units[3:])), NOW, 1.0)
    assert [(region.y, region.height) for region in regions] == [(4, 1)]
    assert regions[0].width < 14


async def test_a_changed_cell_is_bold_for_two_seconds(table_app):
    table, units = table_app.table, some_units(10)
    table.show(whole(units), NOW, 10.0)
    changed = whole((*units[:2], replace(units[2], status="rejected"), *units[3:]))
    table.show(changed, NOW, 10.0)
    assert [span.text.strip() for span in table._drawn[4] if span.is_new] == ["✗ rejected"]
    table.show(changed, NOW, 10.0 + NEW_SECONDS)
    assert not any(span.is_new for line in table._drawn for span in line)


async def test_rows_keep_their_order_while_the_cursor_moves(table_app):
    table, units = table_app.table, some_units(5)
    table.show(whole(units), NOW, 10.0)
    table.move(1)
    turned = whole(units[::-1])
    table.show(turned, NOW, 11.0)
    assert table.moved == 4
    assert table.selected.id == units[1].id
    assert str(units[0].id) in drawn(table)[2]
    assert "↕ 4 moved" in drawn(table)[-1]
    table.show(turned, NOW, 11.0 + HOLD_SECONDS)
    assert table.moved == 0
    assert str(units[4].id) in drawn(table)[2]


async def test_rows_change_places_at_most_twice_a_second(table_app):
    table, units = table_app.table, some_units(5)
    table.show(whole(units), NOW, 10.0)
    table.show(whole(units[::-1]), NOW, 10.25)
    assert str(units[0].id) in drawn(table)[2]
    assert table.moved == 0
    table.show(whole(units[::-1]), NOW, 10.0 + ORDER_SECONDS)
    assert str(units[4].id) in drawn(table)[2]


async def test_a_held_order_can_be_applied(table_app):
    table, units = table_app.table, some_units(5)
    table.show(whole(units), NOW, 10.0)
    table.move(1)
    table.apply_order()
    table.show(whole(units[::-1]), NOW, 10.5)
    assert str(units[4].id) in drawn(table)[2]


async def test_a_table_asks_for_rows_before_it_runs_out_of_them(table_app):
    table, units = table_app.table, some_units(500)
    table.show(Rows(units[:120], 0, 500), NOW, 0.0)
    table.move_to(95)
    await table_app.pilot.pause()
    assert table_app.wanted == []
    table.move_to(115)
    await table_app.pilot.pause()
    offset = table_app.wanted[-1]
    assert 0 < offset < 96
    table.show(Rows(units[offset : offset + 120], offset, 500), NOW, 0.5)
    assert table.selected.id == units[115].id


async def test_rows_that_are_not_there_yet_are_dots(table_app):
    table, units = table_app.table, some_units(500)
    table.show(Rows(units[:120], 0, 500), NOW, 0.0)
    table.move_to_end(is_last=True)
    assert table.selected is None
    assert drawn(table)[5].strip("│ ") == "…"
    offset = table.window.offset
    table.show(Rows(units[offset:], offset, 500), NOW, 0.5)
    assert table.selected.id == units[499].id


async def test_a_frozen_table_stays_within_what_it_has(table_app):
    table, units = table_app.table, some_units(500)
    table.show(Rows(units[:120], 0, 500), NOW, 0.0)
    table.is_frozen = True
    table.move_to_end(is_last=True)
    await table_app.pilot.pause()
    assert table.selected.id == units[119].id
    assert table_app.wanted == []


async def test_only_rows_in_sight_are_formatted(table_app, monkeypatch):
    table, units = table_app.table, some_units(120)
    formatted = []
    spec = replace(UNITS, cells=lambda unit, now: formatted.append(unit) or UNITS.cells(unit, now))
    monkeypatch.setattr(table, "spec", spec)
    table.show(Rows(units, 0, 1_000_000), NOW, 0.0)
    assert len(formatted) == table.content_height - 1


async def test_a_click_selects_the_row_under_it(table_app):
    table = table_app.table
    table.show(whole(some_units(10)), NOW, 0.0)
    await table_app.pilot.click(table, offset=(10, 5))
    assert table.selected.id == some_units(10)[3].id


def test_only_rows_that_have_to_move_are_counted_as_moved():
    assert moved_between([1, 2, 3, 4], [1, 2, 3, 4]) == 0
    assert moved_between([1, 2, 3, 4], [4, 1, 2, 3]) == 1
    assert moved_between([1, 2, 3, 4], [4, 3, 2, 1]) == 3
    assert moved_between([], []) == 0


def test_cells_of_lines_cut_alike_are_compared_one_by_one():
    old = (Span("ab"), Span(" "), Span("cd"), Span("ef"))
    new = (Span("ab"), Span(" "), Span("xx"), Span("ef", "bad"))
    assert changed_cells(old, new) == [(3, 5), (5, 7)]


def test_other_lines_are_compared_up_to_the_end_of_their_text():
    old = (Span("ab"), Span("old"), Span("     "))
    new = (Span("ab"), Span("newer"), Span("   "))
    assert changed_cells(old, new) == [(2, 7)]
