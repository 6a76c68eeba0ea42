"""A unit, an agent or a worker in full, live."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, cast

from textual.containers import Horizontal
from textual.widget import Widget

from mephisto_engine.operations.details import uploaded_file
from mephisto_engine.operations.snapshot import Snapshot, Subject, View, Window
from mephisto_tui.commands import bindings_for
from mephisto_tui.safe_text import clean
from mephisto_tui.screens.listing import ScrollScreen
from mephisto_tui.screens.menu import MenuScreen
from mephisto_tui.view.details import (
    files_of,
    page_lines,
    related,
    side_lines,
    side_title,
    title_of,
)
from mephisto_tui.view.raw import Raw
from mephisto_tui.view.spans import Line, line
from mephisto_tui.widgets.page import Page

NO_ROWS = Window(limit=0)


class DetailScreen(ScrollScreen):
    """Two halves where there is room; else one after the other on one page."""

    PANES: ClassVar = ("page", "around")
    ONE_PANE = "all of it is on this page"

    SCOPES = ("everywhere", "panes", "scroll", "detail")
    BINDINGS = bindings_for("everywhere", "panes", "scroll", "detail")  # type: ignore[assignment]

    def __init__(self, subject: Subject, mode: str, run_id: int | None) -> None:
        super().__init__()
        self.MODE = mode  # type: ignore[misc]
        self.subject = subject
        self._run_id = run_id

    def content(self) -> list[Widget]:
        title = f"{self.subject.kind} {self.subject.id}"
        page = Page(id="page", title=line(title, "strong"))
        return [Horizontal(page, Page(id="around", title=line("…", "strong")), id="halves")]

    def view(self) -> View:
        return View(
            run_id=self._run_id,
            units=NO_ROWS,
            agents=NO_ROWS,
            workers=NO_ROWS,
            subject=self.subject,
        )

    def on_mount(self) -> None:
        self.pane().focus()

    def panes(self) -> Sequence[str]:
        return self.PANES if self.has_class("-wide") else self.PANES[:1]

    @property
    def detail(self) -> Any:
        """What is shown; None until it has come."""
        shown = self.shown
        return shown.detail if shown is not None and shown.view.subject == self.subject else None

    def breadcrumb(self) -> list[str]:
        run = [str(self._run_id)] if self._run_id is not None else []
        detail = self.detail
        name = title_of(detail) if detail else f"{self.subject.kind} {self.subject.id}"
        return [self.MODE, *run, name]

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        detail = self.detail
        if detail is None:
            is_gone = snapshot.view.subject == self.subject
            self.is_waiting = True
            text = f" there is no {self.subject.kind} {self.subject.id}" if is_gone else " loading…"
            self.query_one("#page", Page).show(lambda cells: [line(text, "dim")])
            return
        if not self.are_figures_due:
            return
        self.query_one("#page", Page).retitle(line(title_of(detail), "strong"))
        self.query_one("#around", Page).retitle(line(side_title(detail), "strong"))
        self.query_one("#around", Page).show(lambda cells: side_lines(detail, now, cells))
        self.query_one("#page", Page).show(lambda cells: self._page(detail, now, cells))

    def _page(self, detail: Any, now: datetime, cells: int) -> list[Line]:
        lines = page_lines(detail, now, cells)
        return lines if self.has_class("-wide") else [*lines, *side_lines(detail, now, cells)]

    def raw(self) -> Raw | None:
        detail = self.detail
        return None if detail is None else Raw.of(title_of(detail), detail)

    def text_to_copy(self) -> str:
        return str(self.subject.id)

    def do_copy(self) -> None:
        """The id at once; where workers have sent files, the operator chooses between them too."""
        files = self._file_paths()
        if files:
            choices = [(str(self.subject.id), f"{self.subject.kind} {self.subject.id}"), *files]
            self.app.push_screen(MenuScreen("Copy", choices), self._copy_chosen)
        else:
            super().do_copy()

    def _copy_chosen(self, chosen: str | None) -> None:
        if chosen is not None:
            self.copy_text(chosen)

    def _file_paths(self) -> list[tuple[str, str]]:
        """Path of each file, and what to call it; nothing is opened for that."""
        home = Path(self.app.surroundings.home)
        return [
            (str(uploaded_file(home, run_id, file)), f"path of {clean(file.original_name, 40)}")
            for run_id, file in files_of(self.detail)
        ]

    def do_detail_open(self) -> None:
        detail = self.detail
        choices = related(detail) if detail is not None else []
        if choices:
            self.app.push_screen(MenuScreen("Open", choices), self._open)
        else:
            self.say("nothing else belongs to this")

    def _open(self, chosen: str | None) -> None:
        if chosen is not None:
            kind, _, number = chosen.partition(" ")
            self.app.open_detail(Subject(cast(Any, kind), int(number)), self.MODE, self._run_id)
