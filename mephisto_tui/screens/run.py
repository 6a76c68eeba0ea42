"""One run: its progress, agents, units, workers, config and log."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Final, cast

from textual.containers import Container, Vertical
from textual.widget import Widget

from mephisto_engine.operations.watching.selection import Selection
from mephisto_engine.operations.watching.snapshot import RunRow, Snapshot, Subject, View
from mephisto_tui.commands import bindings_for
from mephisto_tui.keymap import with_keys
from mephisto_tui.safe_text import clean, clean_lines
from mephisto_tui.screens.changing import block, disconnect
from mephisto_tui.screens.live_run import LiveRunScreen
from mephisto_tui.session import RUN
from mephisto_tui.view.empty import no_agents
from mephisto_tui.view.filtering import LEVELS, parse_filter
from mephisto_tui.view.raw import Raw
from mephisto_tui.view.rows import AGENTS, UNITS, WORKERS
from mephisto_tui.view.run_panels import progress, rate_and_money, rule, strip, where
from mephisto_tui.view.spans import Line, Span, line
from mephisto_tui.widgets.block import Block
from mephisto_tui.widgets.live_table import LiveTable, Rows
from mephisto_tui.widgets.log_pane import LogPane
from mephisto_tui.widgets.page import Page

WORKER_PANES: Final = ("units", "agents", "workers")
"""Panes whose rows have to do with a worker each."""
LOG_LINES: Final = 200
WIDTH_FOR_PANE_NAMES: Final = 130
LOG_SECONDS: Final = 0.9
"""A new line moves all others, so the log is drawn less often than the tables: once a second, by
a clock whose ticks come a little early or late."""


class RunScreen(LiveRunScreen):
    """Where there is room all panes stand side by side; else one at a time."""

    SCOPES = ("everywhere", "panes", "scroll", "filter", "lists", "live", "run")
    BINDINGS = bindings_for("everywhere", "panes", "scroll", "filter", "lists", "live", "run")  # type: ignore[assignment]
    MODE = "Runs"
    PANES: ClassVar = ("units", "agents", "workers", "config", "log")

    def __init__(self, run_id: int, *, is_from_session: bool = False) -> None:
        super().__init__()
        self.run_id = run_id
        self._is_from_session = is_from_session
        self._log_drawn_at = -LOG_SECONDS

    def content(self) -> list[Widget]:
        boxes = Container(
            Block(id="progress", title=line("Progress", "strong")),
            Block(id="money", title=line("Rate and money", "strong")),
            Block(id="where", title=line("Where", "strong")),
            id="boxes",
        )
        panes = Container(
            LiveTable(AGENTS, id="agents", rests_on_top=True),
            LiveTable(UNITS, id="units", rests_on_top=True),
            LiveTable(WORKERS, id="workers", rests_on_top=True),
            Page(id="config", title=line("Config", "strong")),
            id="panes",
        )
        log = LogPane(id="log", title=f"Log · run {self.run_id}")
        work = Vertical(panes, log, id="work", classes="show-units")
        return [Block(id="summary"), boxes, work]

    def on_mount(self) -> None:
        self.focus_pane()

    def view(self) -> View:
        return View(
            run_id=self.run_id,
            units=self._table("units").window,
            agents=self._table("agents").window,
            workers=self._table("workers").window,
            log_limit=LOG_LINES,
        )

    def _table(self, name: str) -> LiveTable:
        return self.query_one(f"#{name}", LiveTable)

    @property
    def run(self) -> RunRow | None:
        """The run as last seen."""
        shown = self.shown
        return shown.run if shown is not None and shown.view.run_id == self.run_id else None

    def breadcrumb(self) -> list[str]:
        name = clean(self.run.task_name, 40) if self.run is not None else ""
        return ["Runs", f"{self.run_id} {name}".strip()]

    def facts_of_mode(self) -> Line:
        parts: list[Span] = []
        for name in self.PANES:
            is_here = name == self.front
            parts.append(
                Span(f"[{name}] " if is_here else f" {name}  ", "strong" if is_here else "dim")
            )
        right = super().facts_of_mode()
        # There may be room for the name of the pane alone.
        if self.app.size.width < WIDTH_FOR_PANE_NAMES:
            place = f"{self.PANES.index(self.front) + 1}/{len(self.PANES)}"
            return (Span(f"{self.front} {place}   ", "strong"), right[-1])
        return (*parts, Span("  "), *right, Span(with_keys("   {freeze} following"), "dim"))

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        run = snapshot.run
        if run is None or snapshot.view.run_id != self.run_id:
            self.is_waiting = True
            is_missing = snapshot.view.run_id == self.run_id
            if is_missing and self._is_from_session:
                self._is_from_session = False
                self.call_later(self.do_back)  # nobody asked for it today
            text = "there is no such run" if is_missing else "loading…"
            self._block("summary").show(lambda cells: [line(f" {text}", "dim")])
            return
        self._draw_tables(snapshot)
        if not self.are_figures_due:
            return
        self._draw_boxes(snapshot, run, now)
        self._draw_log(snapshot)
        config = snapshot.config
        self.query_one("#config", Page).show(
            lambda cells: [line(f" {text}") for text in clean_lines(config)]
        )

    def _draw_boxes(self, snapshot: Snapshot, run: RunRow, now: datetime) -> None:
        title = f"{run.done}/{run.total} done"
        self._block("summary").show(
            lambda cells: [*strip(snapshot, run, now, cells), rule(title, cells)]
        )
        self._block("progress").show(partial(progress, run))
        self._block("money").show(partial(rate_and_money, snapshot, run, now))
        self._block("where").show(lambda cells: where(snapshot, run, now))

    def _draw_tables(self, snapshot: Snapshot) -> None:
        view = snapshot.view
        empty = {
            "agents": no_agents(snapshot.worker_link),
            "units": [line("no units yet", "dim")],
            "workers": [line("nobody has come yet", "dim")],
        }
        for name, rows, window in (
            ("agents", Rows(snapshot.agents, view.agents.offset, snapshot.agents_total),
             view.agents),
            ("units", Rows(snapshot.units, view.units.offset, snapshot.units_total), view.units),
            ("workers", Rows(snapshot.workers, view.workers.offset, snapshot.workers_total),
             view.workers),
        ):  # fmt: skip
            table = self._table(name)
            table.empty = self.why_empty(table, empty[name])
            self.show_rows(table, rows, window)

    def _draw_log(self, snapshot: Snapshot) -> None:
        ticks = self.app.clock.monotonic()
        if ticks - self._log_drawn_at >= LOG_SECONDS:
            self._log_drawn_at = ticks
            self.query_one("#log", LogPane).show(snapshot.log)

    def narrow_pane(self, typed: str) -> None:
        if self.front == "log":
            self.query_one("#log", LogPane).narrow(parse_filter(typed, LEVELS))

    def do_list_filter(self) -> None:
        if self.front == "config":
            self.say("the config is shown whole")
        else:
            super().do_list_filter()

    @property
    def kept_name(self) -> str:
        return f"{RUN}{self.run_id}"

    def bring_to_front(self) -> None:
        # Not by classes of the screen: they would style every widget on it anew.
        shown = {f"show-{name}": name == self.front for name in self.PANES}
        self.query_one("#work").update_classes(shown)

    def do_run_open(self) -> None:
        table = self.table()
        if table is None:
            self.say("nothing to open here")
        elif table.selected is None:
            self.say("no row under the cursor")
        else:
            kind = table.spec.name.removesuffix("s")
            subject = Subject(cast(Any, kind), table.spec.key(table.selected))
            self.app.open_detail(subject, self.MODE, self.run_id)

    def do_run_copy_link(self) -> None:
        self.copy_text(self.shown.worker_link if self.shown is not None else "")

    def do_run_statistics(self) -> None:
        from mephisto_tui.screens.statistics import StatisticsScreen

        self.app.push_screen(StatisticsScreen(self.run_id, self.view()))

    def run_to_change(self) -> RunRow | None:
        return self.run

    def units_to_change(self) -> Selection | str:
        """The units that are marked, else that of the row under the cursor."""
        if self.front == "units":
            picked = self._table("units").picked
            return picked if picked.is_all or picked.keys else "no row under the cursor"
        if self.front == "agents":
            agent = self._table("agents").selected
            return (
                "no row under the cursor"
                if agent is None
                else Selection(frozenset({agent.unit_id}))
            )
        return with_keys("{live.expire} expires units: {panes.next} leads to them")

    def do_run_disconnect(self) -> None:
        if self.front != "agents":
            self.say(with_keys("{run.disconnect} ends agents: {panes.next} leads to them"))
            return
        picked = self._table("agents").picked
        if picked.is_all:
            self.say(with_keys("mark agents one by one: {list.mark}; or {run.stop} stops the run"))
        elif not picked.keys:
            self.say("no row under the cursor")
        else:
            self.begin(disconnect, sorted(picked.keys))

    def do_run_block(self) -> None:
        row = self._table(self.front).selected if self.front in WORKER_PANES else None
        if row is None or (self.front == "units" and row.worker_id is None):
            self.say("no worker under the cursor")
        elif self.front == "workers":
            self.begin(block, row.id, row.name)
        else:
            self.begin(block, row.worker_id, row.worker_name)

    def do_run_stop(self) -> None:
        self.app.asking.stop(self.run)

    def raw(self) -> Raw | None:
        if self.front == "config":
            config = self.shown.config if self.shown is not None else ""
            return Raw(f"Config of run {self.run_id}", config, ".yaml") if config else None
        table = self.table()
        record = table.selected if table is not None else self.query_one("#log", LogPane).top_row
        kind = self.front.removesuffix("s").capitalize() if table is not None else "Event"
        return None if record is None else Raw.of(f"{kind} {record.id}", record)

    def text_to_copy(self) -> str:
        shown = self.shown
        if shown is None:
            return ""
        if self.front == "config":
            return shown.config
        if self.front == "log":
            row = self.query_one("#log", LogPane).top_row
            return row.text if row is not None else ""
        table = self.table()
        record = table.selected if table is not None else None
        if record is None:
            return shown.worker_link
        return clean(record.name) if self.front == "workers" else str(record.id)
