"""How far the workers of a run agree, and how good each of them is."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from textual.widget import Widget

from mephisto_engine.analysis.labels import Level
from mephisto_engine.analysis.report import Report
from mephisto_engine.operations.watching.snapshot import Snapshot, View
from mephisto_tui.commands import bindings_for
from mephisto_tui.safe_text import clean
from mephisto_tui.screens.listing import ScrollScreen
from mephisto_tui.statistics_feed import Asked
from mephisto_tui.view.spans import Line, line
from mephisto_tui.view.statistics import statistics
from mephisto_tui.widgets.page import Page

LEVELS: Final[tuple[Level, ...]] = ("nominal", "ordinal", "interval")


class StatisticsScreen(ScrollScreen):
    """Follows the run; one field of its answers at a time."""

    SCOPES = ("everywhere", "panes", "scroll", "statistics")
    BINDINGS = bindings_for("everywhere", "panes", "scroll", "statistics")  # type: ignore[assignment]
    MODE = "Runs"

    def __init__(self, run_id: int, former_view: View) -> None:
        super().__init__()
        self._view = former_view
        self._asked = Asked(run_id)
        self._report: Report | None = None
        self._answered: Asked | None = None
        """What the report is the answer to."""

    def content(self) -> list[Widget]:
        return [Page(id="body", title=line("Statistics", "strong"))]

    def view(self) -> View:
        return self._view

    def pane(self) -> Page:
        return self.query_one(Page)

    def on_mount(self) -> None:
        self.pane().show(self._lines)
        self.pane().focus()

    def breadcrumb(self) -> list[str]:
        return ["Runs", str(self._asked.run_id), "statistics"]

    def facts_of_mode(self) -> Line:
        shown = self._report.shown if self._report is not None else None
        if self._report is None or shown is None:
            return line("")
        place = f"{self._report.fields.index(shown.name) + 1}/{len(self._report.fields)}"
        return line(f"field {place}  {shown.level}")

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        self._take()

    def tick(self, *, is_forced: bool = False) -> None:
        super().tick(is_forced=is_forced)
        if self._answered != self._asked and self.is_mounted:
            self._take()

    def _take(self) -> None:
        """The newest report; the last one stays until there is one."""
        found = self.app.bridge.statistics(self._asked)
        is_new = found is not None and found is not self._report
        if found is not None:
            self._report, self._answered = found, self._asked
        if is_new or self._report is None:
            self.pane().show(self._lines)

    def _lines(self, cells: int) -> list[Line]:
        if self._report is not None:
            return statistics(self._report, cells)
        trouble = self.app.bridge.statistics_error
        if trouble:
            return [line(f" {clean(trouble, 200)}", "bad")]
        return [line(" reading the answers…", "dim")]

    def do_statistics_next_field(self) -> None:
        fields = self._report.fields if self._report is not None else ()
        shown = self._report.shown if self._report is not None else None
        if shown is None or len(fields) < 2:
            self.say("the answers have no other field with labels")
            return
        following = fields[(fields.index(shown.name) + 1) % len(fields)]
        self._asked = self._asked._replace(field=following, level=None)
        self.say(f"field {clean(following, 60)}")
        self._take()

    def do_statistics_level(self) -> None:
        shown = self._report.shown if self._report is not None else None
        if shown is None:
            self.say("there are no labels yet")
            return
        wanted = LEVELS[(LEVELS.index(self._asked.level or shown.level) + 1) % len(LEVELS)]
        self._asked = self._asked._replace(level=wanted)
        self.say(f"classes are {wanted}; intervals need numbers")
        self._take()

    def text_to_copy(self) -> str:
        return str(self._asked.run_id)
