"""Where a launch begins: a config that was launched before, one of this folder, or none."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.widget import Widget

from mephisto_engine.operations.watching.snapshot import Snapshot, View
from mephisto_tui.commands import bindings_for
from mephisto_tui.screens.listing import ListScreen
from mephisto_tui.screens.prompt import PromptScreen
from mephisto_tui.screens.runs import NO_ROWS
from mephisto_tui.view.configs import NEW, TYPE, shown_path, start_rows
from mephisto_tui.view.filtering import Filter, parse_filter
from mephisto_tui.view.spans import Row, line
from mephisto_tui.widgets.cursor_list import CursorList

if TYPE_CHECKING:
    from mephisto_engine.config.draft import LaunchDraft
    from mephisto_tui.launching import ConfigsAtHand

NOTHING_SHOWN = View(runs=NO_ROWS, units=NO_ROWS, agents=NO_ROWS, workers=NO_ROWS, log_limit=50)
"""What a launch needs to see of the runs: what the lines around it say."""


class LaunchScreen(ListScreen):
    """The list of configs; each opens in a form."""

    SCOPES = ("everywhere", "panes", "scroll", "pick")
    BINDINGS = bindings_for("everywhere", "panes", "scroll", "pick")  # type: ignore[assignment]
    MODE = "Launch"
    FILTER = "pick.filter"

    def __init__(self) -> None:
        super().__init__()
        self._configs: ConfigsAtHand | None = None
        self._wish = Filter()

    def content(self) -> list[Widget]:
        return [CursorList(id="body", title=line("Launch from", "strong"))]

    def view(self) -> View:
        return NOTHING_SHOWN

    def pane(self) -> CursorList:
        return self.query_one("#body", CursorList)

    def pane_id(self) -> str:
        return "configs"

    def on_mount(self) -> None:
        super().on_mount()
        self.pane().focus()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._look()

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _look(self) -> None:
        launching = self.app.bridge.launching
        if launching is None:
            return
        try:
            self._configs = await asyncio.wrap_future(launching.configs_at_hand(Path.cwd()))
        except Exception as error:
            self.say(f"the configs could not be listed: {error}", "bad")
        self.show_list()

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        if self.are_figures_due:
            self.show_list()

    def show_list(self) -> None:
        pane = self.pane()
        rows = start_rows(
            self._configs, Path.cwd(), self._wish, self.app.clock.now(), pane.size.width - 3
        )
        pane.show([Row(*row) for row in rows])

    def narrow_pane(self, typed: str) -> None:
        self._wish = parse_filter(typed, ())
        self.show_list()

    def do_mode_launch(self) -> None:
        self.say("this is where a launch begins")

    def do_pick_filter(self) -> None:
        self.do_list_filter()

    def do_pick_open(self) -> None:
        key = self.pane().selected
        if key == NEW:
            self.do_pick_new()
        elif key == TYPE:
            self.do_pick_type()
        elif key:
            self._open_file(key)

    def do_pick_new(self) -> None:
        from mephisto_engine.config.draft import LaunchDraft

        self._open(LaunchDraft(folder=Path.cwd()))

    def do_pick_type(self) -> None:
        here = f"{shown_path(Path.cwd())}/"
        question = PromptScreen("Path of a launch config", f"from {here}, or from / or ~")
        self.app.push_screen(question, self._open_file)

    def _open_file(self, typed: str | None) -> None:
        from mephisto_engine.config.draft import LaunchDraft

        if typed is not None:
            self._open(LaunchDraft(path=Path(typed).expanduser().absolute()))

    def _open(self, draft: LaunchDraft) -> None:
        from mephisto_tui.screens.draft import DraftScreen

        launching = self.app.bridge.launching
        if launching is None:
            self.say("nothing can be launched from this console")
        else:
            self.app.push_screen(DraftScreen(draft, launching))

    def text_to_copy(self) -> str:
        key = self.pane().selected
        return "" if key in (NEW, TYPE) else key
