"""What has happened in all runs, over the whole screen."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from textual.containers import Vertical
from textual.widget import Widget

from mephisto_engine.operations.watching.snapshot import Snapshot, View, Window
from mephisto_tui.commands import bindings_for
from mephisto_tui.screens.listing import ListScreen
from mephisto_tui.screens.raw import RawScreen
from mephisto_tui.view.filtering import LEVELS, parse_filter
from mephisto_tui.view.log_lines import log_foot
from mephisto_tui.view.raw import Raw
from mephisto_tui.widgets.block import Block
from mephisto_tui.widgets.log_pane import LogPane

LOG_LINES: Final = 1000
LEVEL_WORDS: Final = ("level:", "state:", "status:")
NEXT_LEVEL: Final = {"": "warn", "warn": "error"}


class LogScreen(ListScreen):
    """The journal as lines, newest on top."""

    SCOPES = ("everywhere", "panes", "scroll", "filter", "log")
    BINDINGS = bindings_for("everywhere", "panes", "scroll", "filter", "log")  # type: ignore[assignment]
    MODE = "Log"
    STAYS = frozenset({"log-foot"})

    def content(self) -> list[Widget]:
        pane = LogPane(id="body", title="Log of all runs", has_run=True)
        return [Vertical(pane, Block(id="log-foot"))]

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
            more = self.app.surroundings.log_file
            foot = log_foot(len(snapshot.log), snapshot.events, more)
            self._block("log-foot").show(lambda cells: [foot])

    def narrow_pane(self, typed: str) -> None:
        self.pane().narrow(parse_filter(typed, LEVELS))

    def do_log_level(self) -> None:
        """From all lines to the grave ones, and round again; other words of the filter stay."""
        words = self.typed.get("log", "").split()
        level = parse_filter(self.typed.get("log", ""), LEVELS).status
        others = [word for word in words if not word.lower().startswith(LEVEL_WORDS)]
        following = NEXT_LEVEL.get(level, "")
        self._filter(" ".join([*others, f"level:{following}"] if following else others))

    def do_log_plugins(self) -> None:
        self.say("looking at the plug-ins…")
        self.run_worker(self._show_plugins(), exit_on_error=False)

    async def _show_plugins(self) -> None:
        report = await self.app.plugins.report()
        self.unsay()
        raw = Raw("Plug-ins", report or "none is installed")
        if self.is_current:
            self.app.push_screen(RawScreen(raw, self.breadcrumb(), self.MODE, self.view()))

    def text_to_copy(self) -> str:
        row = self.pane().top_row
        return row.text if row is not None else ""

    def raw(self) -> Raw | None:
        row = self.pane().top_row
        return None if row is None else Raw.of(f"Event {row.id}", row)
