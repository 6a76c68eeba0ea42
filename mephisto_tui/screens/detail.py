"""A unit, an agent or a worker in full, live."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final, cast

from textual.containers import Horizontal
from textual.widget import Widget

from mephisto_engine.operations.watching.details import Detail, WorkerDetail, said_in, uploaded_file
from mephisto_engine.operations.watching.snapshot import Snapshot, Subject, View, Window
from mephisto_tui.commands import bindings_for
from mephisto_tui.safe_text import clean
from mephisto_tui.screens.listing import ScrollScreen
from mephisto_tui.screens.menu import MenuScreen
from mephisto_tui.screens.worker_keys import OneWorker, WorkerKeys
from mephisto_tui.view.details import (
    files_of,
    page_rows,
    side_rows,
    side_title,
    title_of,
    worker_of,
)
from mephisto_tui.view.raw import Raw
from mephisto_tui.view.spans import Row, line
from mephisto_tui.widgets.linked_page import LinkedPage

NO_ROWS = Window(limit=0)
MOST_CRUMBS: Final = 4
"""Names in front of the own one that the title has room for."""


class DetailScreen(ScrollScreen, WorkerKeys):
    """Two halves where there is room; else one after the other on one page."""

    PANES: ClassVar = ("page", "around")
    ONE_PANE = "all of it is on this page"

    SCOPES = ("everywhere", "panes", "scroll", "worker", "detail")
    BINDINGS = bindings_for(*SCOPES)  # type: ignore[assignment]

    def __init__(
        self, subject: Subject, mode: str, run_id: int | None, trail: Sequence[str]
    ) -> None:
        super().__init__()
        self.MODE = mode  # type: ignore[misc]
        self.subject = subject
        self._run_id = run_id
        self._trail = list(trail)
        """Where the operator came from."""
        self._known: Detail | None = None

    def content(self) -> list[Widget]:
        title = line(f"{self.subject.kind} {self.subject.id}", "strong")
        around = LinkedPage(id="around", title=line("…", "strong"), follows=self._only_says)
        return [Horizontal(LinkedPage(id="page", title=title), around, id="halves")]

    @property
    def _only_says(self) -> bool:
        """Whether the second half holds nothing but what is said."""
        return self.subject.kind == "agent"

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
    def detail(self) -> Detail | None:
        """What is shown; None until it has come."""
        return self._known

    def breadcrumb(self) -> list[str]:
        name = title_of(self._known) if self._known else f"{self.subject.kind} {self.subject.id}"
        trail = self._trail
        if len(trail) > MOST_CRUMBS:
            trail = [trail[0], "…", *trail[2 - MOST_CRUMBS :]]
        return [*trail, name]

    def draw(self, snapshot: Snapshot, now: datetime) -> None:
        is_answer = snapshot.view.subject == self.subject
        if is_answer:
            self._known = snapshot.detail
        detail = self._known
        if detail is None:
            self.is_waiting = True
            name = f"{self.subject.kind} {self.subject.id}"
            said = line(f" there is no {name}" if is_answer else " loading…", "dim")
            self._page("page").show_rows(lambda cells: [Row(said)])
        elif self.are_figures_due:
            self._draw_halves(detail, now)

    def _page(self, name: str) -> LinkedPage:
        return self.query_one(f"#{name}", LinkedPage)

    def _draw_halves(self, detail: Detail, now: datetime) -> None:
        page, around = self._page("page"), self._page("around")
        page.retitle(line(title_of(detail), "strong"))
        around.retitle(line(side_title(detail), "strong"))
        said = said_in(detail)
        page.show_rows(
            partial(self._page_rows, detail, now), 0 if self.has_class("-wide") else said
        )
        around.show_rows(partial(side_rows, detail, now), said)

    def _page_rows(self, detail: Detail, now: datetime, cells: int) -> list[Row]:
        rows = page_rows(detail, now, cells)
        return rows if self.has_class("-wide") else [*rows, *side_rows(detail, now, cells)]

    def one_worker(self) -> OneWorker | str:
        """The worker that this is, or whose unit this is."""
        found = worker_of(self._known) if self._known is not None else None
        return OneWorker(*found) if found is not None else "nobody has this unit"

    def run_asked_about(self) -> int | None:
        known = self._known
        return self._run_id if isinstance(known, WorkerDetail) or known is None else known.run_id

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
        kind, _, number = self.pane().selected.partition(" ")
        if kind:
            self.app.open_detail(Subject(cast(Any, kind), int(number)), self.MODE, self._run_id)
        else:
            self.say("no line here leads further")
