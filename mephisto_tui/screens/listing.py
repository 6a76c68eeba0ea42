"""Screens with lists: moving, filtering, sorting."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

from textual.widget import Widget

from mephisto_engine.operations.watching.snapshot import Window
from mephisto_tui.keymap import with_keys
from mephisto_tui.safe_text import clean
from mephisto_tui.screens.base import changed_to, is_answer
from mephisto_tui.screens.menu import MenuScreen
from mephisto_tui.screens.panes import PanesScreen
from mephisto_tui.session import KeptScreen
from mephisto_tui.view.empty import filtered_out
from mephisto_tui.view.filtering import narrowed, parse_filter
from mephisto_tui.view.spans import Line, Span
from mephisto_tui.widgets.filter_line import FilterLine
from mephisto_tui.widgets.live_table import LiveTable, Rows
from mephisto_tui.widgets.marks import RangeEnds

WIDTH_FOR_ORDER: Final = 80


class ScrollScreen(PanesScreen):
    """A screen with panes to move in."""

    def do_move_down(self) -> None:
        self.pane().move(1)

    def do_move_up(self) -> None:
        self.pane().move(-1)

    def do_move_page_down(self) -> None:
        self.pane().move_page(1)

    def do_move_page_up(self) -> None:
        self.pane().move_page(-1)

    def do_move_first(self) -> None:
        self.pane().move_to_end(is_last=False)

    def do_move_last(self) -> None:
        self.pane().move_to_end(is_last=True)


class ListScreen(ScrollScreen):
    """A screen whose pane may be a table, with its filter and its order."""

    FILTER: ClassVar[str] = "list.filter"
    """Id of the command that filters."""

    def __init__(self) -> None:
        super().__init__()
        self.typed: dict[str, str] = {}
        """Pane → filter as it was typed."""
        self._tables: tuple[LiveTable, ...] = ()

    def on_mount(self) -> None:
        self._tables = tuple(self.query(LiveTable))
        if self.kept is not None:
            self._return_to(self.kept)

    def keep(self) -> KeptScreen:
        tables = [(str(table.id), table) for table in self._tables]
        return KeptScreen(
            self.pane_id(),
            {pane: typed for pane, typed in self.typed.items() if typed},
            {
                name: (table.window.sort, table.window.is_descending)
                for name, table in tables
                if table.window.sort or not table.window.is_descending
            },
            {name: table.kept_key for name, table in tables if table.kept_key is not None},
        )

    def _return_to(self, kept: KeptScreen) -> None:
        for table in self._tables:
            name = str(table.id)
            typed = self.typed[name] = kept.filters.get(name, "")
            sort, is_descending = kept.sorts.get(name, ("", True))
            if sort in {"", *(column.sort for column in table.spec.sortable())}:
                window = changed_to(table.window, sort=sort, is_descending=is_descending)
                table.restart(narrowed(window, parse_filter(typed, table.spec.statuses)))
            if name in kept.selected:
                table.return_to(kept.selected[name])
        self.show_pane(kept.pane)
        if self.table() is None and (typed := kept.filters.get(self.pane_id(), "")):
            self.typed[self.pane_id()] = typed
            self.narrow_pane(typed)
        self.wish()

    def foot(self) -> list[Widget]:
        return [FilterLine()]

    def pane_id(self) -> str:
        """Name of the pane, under which its filter is kept."""
        return self.front

    def table(self) -> LiveTable | None:
        """The pane as a table; None when it is not one."""
        pane = self.pane()
        return pane if isinstance(pane, LiveTable) else None

    def show_rows(self, table: LiveTable, rows: Rows, given: Window) -> None:
        """Hand rows to a table, unless they answer an older wish."""
        table.is_frozen = self.frozen_at is not None
        if is_answer(given, table.window):
            table.show(rows, self.now(), self.app.clock.monotonic())

    def why_empty(self, table: LiveTable, otherwise: list[Line]) -> list[Line]:
        """What a table without rows says: that a filter hides them, or why there are none."""
        typed = self.typed.get(str(table.id), "").strip()
        noun = table.spec.name.removesuffix("s")
        return [filtered_out(table.unfiltered, noun, typed)] if typed else otherwise

    def facts_of_mode(self) -> Line:
        table = self.table()
        typed = self.typed.get(self.pane_id(), "")
        key = with_keys(f"{{{self.FILTER}}}")
        shown = Span(f"{key} {clean(typed, 24) or '-'}", "warn" if typed else "dim")
        if table is None or self.app.size.width < WIDTH_FOR_ORDER:
            return (shown,)
        return (Span(f"sort {table.order_in_words}   ", "dim"), shown)

    def on_live_table_window_wanted(self, message: LiveTable.WindowWanted) -> None:
        self.wish()

    def do_list_filter(self) -> None:
        self.query_one(FilterLine).open(self.typed.get(self.pane_id(), ""))

    def on_filter_line_typed(self, message: FilterLine.Typed) -> None:
        if self.query_one(FilterLine).is_open:
            self._filter(message.text)

    def on_filter_line_closed(self, message: FilterLine.Closed) -> None:
        self.query_one(FilterLine).close()
        if not message.is_kept:
            self._filter("")
        self.focus_pane()
        self.tick(is_forced=True)

    def clear_filter(self) -> bool:
        """Drop the filter of the pane; whether there was one."""
        if not self.typed.get(self.pane_id()):
            return False
        self._filter("")
        return True

    def _filter(self, typed: str) -> None:
        self.typed[self.pane_id()] = typed
        table = self.table()
        if table is None:
            self.narrow_pane(typed)
            return
        wish = parse_filter(typed, table.spec.statuses)
        self._restart(table, narrowed(table.window, wish))

    def narrow_pane(self, typed: str) -> None:
        """Filter a pane that is not a table."""

    def do_list_sort(self) -> None:
        table = self.table()
        if table is None:
            self.say("this pane is in the order of time")
            return
        if not table.spec.sortable():
            self.say(f"{table.spec.name} come in one order only: the busiest first")
            return
        choices = [(column.sort, column.title.strip()) for column in table.spec.sortable()]
        self.app.push_screen(MenuScreen("Sort by", choices), self._sort)

    def _sort(self, attribute: str | None) -> None:
        table = self.table()
        if table is not None and attribute is not None:
            self._restart(table, changed_to(table.window, sort=attribute))

    def do_list_reverse(self) -> None:
        table = self.table()
        if table is None:
            self.say("this pane is in the order of time")
            return
        window = table.window
        self._restart(table, changed_to(window, is_descending=not window.is_descending))

    def do_list_mark(self) -> None:
        table = self._markable()
        if table is not None and not table.toggle_mark():
            self.say("no row under the cursor")

    def do_list_mark_range(self) -> None:
        table = self._markable()
        if table is None or table.mark_range():
            return
        if table.marks.last is None or not table.total:
            self.say(
                with_keys(
                    "mark a row first, then {list.mark_range} marks from there;"
                    " {list.mark_all} marks all that the filter shows"
                )
            )
        else:
            self.run_worker(self._mark_far(table, table.range_ends), exit_on_error=False)

    async def _mark_far(self, table: LiveTable, ends: RangeEnds) -> None:
        """Mark a range of which not all is at hand."""
        run_id = getattr(self, "run_id", None)
        asked = self.app.bridge.keys_in_order(str(table.id), run_id, table.window)
        try:
            keys = await asyncio.wrap_future(asked)
        except Exception as error:
            self.say(f"not marked: {error or type(error).__name__}", "bad")
            return
        if not table.mark_between(keys, ends):
            self.say("the row that was marked last is not in the list any more")
        self.tick(is_forced=True)

    def do_list_mark_all(self) -> None:
        table = self._markable()
        if table is not None:
            table.toggle_all()

    def _markable(self) -> LiveTable | None:
        table = self.table()
        if table is None:
            self.say("only rows of a table can be marked")
        return table

    def let_go(self) -> bool:
        if super().let_go():
            return True
        table = self.table()
        return (table is not None and table.clear_marks()) or self.clear_filter()

    def draw_lines(self) -> None:
        table = self.table()
        marks = table.marks if table is not None else None
        self.show_marked(
            table.marked_count if table is not None and marks else 0,
            is_all=bool(marks and marks.is_all),
        )

    def do_list_apply(self) -> None:
        table = self.table()
        if table is None or not table.moved:
            self.say("no rows are held")
        else:
            table.apply_order()

    def _restart(self, table: LiveTable, window: Window) -> None:
        if self.frozen_at is not None:
            self.say(with_keys("frozen: {freeze} first"), "warn")
            return
        table.restart(window)
        self.wish()
