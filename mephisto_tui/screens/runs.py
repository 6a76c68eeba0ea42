"""All runs as a list, and the one under the cursor in five lines."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from textual.widget import Widget

from mephisto_engine.operations.watching.selection import Selection
from mephisto_engine.operations.watching.snapshot import RunRow, Snapshot, View, Window
from mephisto_tui.commands import bindings_for
from mephisto_tui.safe_text import clean
from mephisto_tui.screens.live_run import LiveRunScreen
from mephisto_tui.view.empty import no_runs
from mephisto_tui.view.raw import Raw
from mephisto_tui.view.rows import RUNS
from mephisto_tui.view.run_panels import rule, strip
from mephisto_tui.view.spans import Line, line
from mephisto_tui.widgets.block import Block
from mephisto_tui.widgets.live_table import LiveTable, Rows

NO_ROWS: Final = Window(limit=0)


class RunsScreen(LiveRunScreen):
    """The first screen."""

    SCOPES = ("everywhere", "panes", "scroll", "filter", "lists", "live", "runs")
    BINDINGS = bindings_for("everywhere", "panes", "scroll", "filter", "lists", "live", "runs")  # type: ignore[assignment]
    MODE: ClassVar[str] = "Runs"
    WAY_OUT = "Quit"
    PANES: ClassVar = ("runs",)

    def __init__(self) -> None:
        super().__init__()
        self._wished_run: int | None = None

    def content(self) -> list[Widget]:
        return [
            LiveTable(RUNS, id="runs", is_framed=False),
            Block(id="strip"),
            Block(id="start"),
        ]

    def on_mount(self) -> None:
        self.pane().focus()

    def view(self) -> View:
        run = self.pane().selected
        return View(
            run_id=None if run is None else run.id,
            units=NO_ROWS,
            agents=NO_ROWS,
            workers=NO_ROWS,
            runs=self.pane().window,
            log_limit=50,
        )

    def wish(self) -> None:
        self._wished_run = self.view().run_id
        super().wish()

    def pane(self) -> LiveTable:
        return self.query_one("#runs", LiveTable)

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        table = self.pane()
        typed = self.typed.get("runs", "")
        is_empty = not snapshot.runs_total and not typed
        self.set_class(is_empty, "is-empty")  # styles all anew, but once in a console's life
        if is_empty:
            if self.app.surroundings.host and not self.app.surroundings.plugins:
                self.app.plugins.begin()
            self.query_one("#start", Block).show(self._start)
            return
        table.empty = self.why_empty(table, [])
        rows = Rows(snapshot.runs, snapshot.view.runs.offset, snapshot.runs_total)
        self.show_rows(table, rows, snapshot.view.runs)
        if table.selected is not None and table.selected.id != self._wished_run:
            self.wish()
        self._draw_strip(snapshot, now)

    def _start(self, cells: int) -> list[Line]:
        text = no_runs(self.app.surroundings)
        above = max(0, (self.query_one("#start", Block).content_height - len(text)) // 2)
        return [line("")] * above + text

    def _draw_strip(self, snapshot: Snapshot, now: datetime) -> None:
        run: RunRow | None = self.pane().selected
        shown = snapshot.run
        if run is None:
            self.query_one("#strip", Block).show(lambda cells: [])
            return
        if shown is None:
            return  # what is there stays, under its own name, until the answer comes
        title = f"{shown.id} {clean(shown.task_name, 60)}"
        self.query_one("#strip", Block).show(
            lambda cells: [rule(title, cells), *strip(snapshot, shown, now, cells)]
        )

    def on_live_table_cursor_moved(self, message: LiveTable.CursorMoved) -> None:
        self.wish()

    def text_to_copy(self) -> str:
        run: RunRow | None = self.pane().selected
        if run is None:
            return ""
        shown = self.shown
        link = shown.worker_link if shown and shown.run and shown.run.id == run.id else ""
        return link or run.url or str(run.id)

    def raw(self) -> Raw | None:
        run: RunRow | None = self.pane().selected
        return None if run is None else Raw.of(f"Run {run.id}", run)

    def go_out(self) -> None:
        self.app.departure.request()

    def do_mode_runs(self) -> None:
        self.say("this is the list of runs")

    def do_runs_open(self) -> None:
        run: RunRow | None = self.pane().selected
        if run is None:
            self.say("no run under the cursor")
        else:
            self.app.open_run(run.id)

    def do_runs_launch(self) -> None:
        self.do_mode_launch()

    def run_to_change(self) -> RunRow | None:
        run: RunRow | None = self.pane().selected
        return run

    def units_to_change(self) -> Selection:
        """All units of the run."""
        return Selection(is_all=True)

    def do_runs_stop(self) -> None:
        self.app.asking.stop(self.pane().selected)
