"""What has happened in all runs, over the whole screen."""

from __future__ import annotations

from datetime import datetime

from textual.widget import Widget

from mephisto_engine.operations.snapshot import Snapshot, View, Window
from mephisto_tui.commands import bindings_for
from mephisto_tui.screens.listing import ListScreen
from mephisto_tui.view.filtering import parse_filter
from mephisto_tui.view.log_lines import LEVELS
from mephisto_tui.view.raw import Raw
from mephisto_tui.widgets.log_pane import LogPane

LOG_LINES = 1000


class LogScreen(ListScreen):
    """The journal as lines, newest on top."""

    SCOPES = ("everywhere", "scroll", "lists")
    BINDINGS = bindings_for("everywhere", "scroll", "lists")  # type: ignore[assignment]
    MODE = "Log"

    def content(self) -> list[Widget]:
        return [LogPane(id="body", title="Log of all runs", has_run=True)]

    def view(self) -> View:
        return View(runs=Window(), log_limit=LOG_LINES)

    def pane(self) -> LogPane:
        return self.query_one(LogPane)

    def pane_id(self) -> str:
        return "log"

    def on_mount(self) -> None:
        self.pane().focus()

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        if snapshot.view.run_id is None:
            self.pane().show(snapshot.log)

    def narrow_pane(self, typed: str) -> None:
        self.pane().narrow(parse_filter(typed, LEVELS))

    def text_to_copy(self) -> str:
        row = self.pane().top_row
        return row.text if row is not None else ""

    def raw(self) -> Raw | None:
        row = self.pane().top_row
        return None if row is None else Raw.of(f"Event {row.id}", row)

    def do_back(self) -> None:
        if not self.let_go():
            super().do_back()
