"""What lies behind a row or a pane, in full."""

from __future__ import annotations

from textual.widget import Widget

from mephisto_engine.operations.snapshot import View
from mephisto_tui.commands import bindings_for
from mephisto_tui.safe_text import clean
from mephisto_tui.screens.listing import ScrollScreen
from mephisto_tui.view.raw import Raw, wrapped
from mephisto_tui.view.spans import line
from mephisto_tui.widgets.page import Page


class RawScreen(ScrollScreen):
    """The text as it was when it was opened; `v` or the way out leads back."""

    SCOPES = ("everywhere", "panes", "scroll")
    BINDINGS = bindings_for("everywhere", "panes", "scroll")  # type: ignore[assignment]

    def __init__(self, raw: Raw, breadcrumb: list[str], mode: str, former_view: View) -> None:
        super().__init__()
        self._raw = raw
        self._breadcrumb = [*breadcrumb, "raw"]
        self.MODE = mode  # type: ignore[misc]
        self._view = former_view

    def content(self) -> list[Widget]:
        return [Page(id="body", title=line(clean(self._raw.title, 60), "strong"))]

    def view(self) -> View:
        return self._view

    def breadcrumb(self) -> list[str]:
        return self._breadcrumb

    def pane(self) -> Page:
        return self.query_one(Page)

    def on_mount(self) -> None:
        self.pane().show(lambda cells: wrapped(self._raw.text, cells))
        self.pane().focus()

    def raw(self) -> Raw:
        return self._raw

    def text_to_copy(self) -> str:
        return self._raw.text

    def do_raw(self) -> None:
        self.do_back()
