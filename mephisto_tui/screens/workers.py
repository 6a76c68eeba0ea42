"""Everybody who ever came."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.widget import Widget

from mephisto_engine.database.queries.standing import Standing
from mephisto_engine.operations.watching.selection import Selection
from mephisto_engine.operations.watching.snapshot import Snapshot, Subject, View
from mephisto_tui.commands import bindings_for
from mephisto_tui.screens.listing import ListScreen
from mephisto_tui.screens.worker_keys import OneWorker, WorkerKeys
from mephisto_tui.view.raw import Raw
from mephisto_tui.view.spans import line
from mephisto_tui.view.standings import EVERYBODY
from mephisto_tui.widgets.live_table import LiveTable, Rows


class WorkersScreen(ListScreen, WorkerKeys):
    """The workers of all runs with what they have done."""

    SCOPES = ("everywhere", "panes", "scroll", "filter", "lists", "worker", "workers")
    BINDINGS = bindings_for(*SCOPES)  # type: ignore[assignment]
    MODE: ClassVar[str] = "Workers"
    PANES: ClassVar = ("everybody",)

    def content(self) -> list[Widget]:
        return [LiveTable(EVERYBODY, id="everybody")]

    def view(self) -> View:
        return View(everybody=self.pane().window, log_limit=1)

    def pane(self) -> LiveTable:
        return self.query_one("#everybody", LiveTable)

    def on_mount(self) -> None:
        self.pane().focus()

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        given = snapshot.view.everybody
        if given is None:
            return
        table = self.pane()
        table.empty = self.why_empty(table, [line("nobody has come yet", "dim")])
        self.show_rows(
            table, Rows(snapshot.everybody, given.offset, snapshot.everybody_total), given
        )

    def raw(self) -> Raw | None:
        row: Standing | None = self.pane().selected
        return None if row is None else Raw.of(f"Worker {row.worker_id}", row)

    def text_to_copy(self) -> str:
        row: Standing | None = self.pane().selected
        return "" if row is None else row.worker_name

    def do_workers_open(self) -> None:
        row: Standing | None = self.pane().selected
        if row is None:
            self.say("nobody under the cursor")
        else:
            self.app.open_detail(Subject("worker", row.worker_id), self.MODE, None)

    def one_worker(self) -> OneWorker | str:
        row: Standing | None = self.pane().selected
        return (
            "nobody under the cursor" if row is None else OneWorker(row.worker_id, row.worker_name)
        )

    def workers_meant(self) -> Selection | str:
        """Those who are marked, else the one under the cursor."""
        picked = self.pane().picked
        return picked if picked.is_all or picked.keys else "nobody under the cursor"

    def do_mode_workers(self) -> None:
        self.say("this is the list of workers")
