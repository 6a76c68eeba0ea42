"""All keys of the screen one came from, made from the list of commands."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widget import Widget

from mephisto_engine.operations.watching.snapshot import View
from mephisto_tui.commands import Scope, bindings_for
from mephisto_tui.screens.listing import ScrollScreen
from mephisto_tui.view.keys import help_page
from mephisto_tui.view.spans import Line, line
from mephisto_tui.widgets.page import Page


class HelpScreen(ScrollScreen):
    """One page; `?` or the way out leads back."""

    SCOPES = ("everywhere", "panes", "scroll")
    BINDINGS = bindings_for("everywhere", "panes", "scroll")  # type: ignore[assignment]
    MODE = "Help"

    def __init__(self, scopes: Sequence[Scope], former_view: View) -> None:
        super().__init__()
        self._scopes = tuple(scopes)
        self._view = former_view

    def content(self) -> list[Widget]:
        return [Page(id="body", title=line("Keys", "strong"))]

    def view(self) -> View:
        return self._view

    def pane(self) -> Page:
        return self.query_one(Page)

    def on_mount(self) -> None:
        self.pane().show(self._page)
        self.pane().focus()

    def _page(self, cells: int) -> list[Line]:
        return help_page(self._scopes)

    def do_help(self) -> None:
        self.do_back()
