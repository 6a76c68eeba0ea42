"""What lies behind a row or a pane, in full."""

from __future__ import annotations

import asyncio
from typing import Final

from textual.widget import Widget

from mephisto_engine.operations.watching.snapshot import View
from mephisto_tui.commands import bindings_for
from mephisto_tui.safe_text import clean
from mephisto_tui.screens.listing import ScrollScreen
from mephisto_tui.view.raw import Raw, wrapped
from mephisto_tui.view.spans import BLANK, Line, line
from mephisto_tui.widgets.page import Page

MOST_AT_ONCE: Final = 50_000
"""Characters that are laid out before the next key is looked at."""


class RawScreen(ScrollScreen):
    """The text as it was when it was opened; `v` or the way out leads back."""

    SCOPES = ("everywhere", "panes", "scroll")
    BINDINGS = bindings_for("everywhere", "panes", "scroll")  # type: ignore[assignment]

    def __init__(
        self,
        raw: Raw,
        breadcrumb: list[str],
        mode: str,
        former_view: View,
        name: str = "raw",
    ) -> None:
        super().__init__()
        self._raw = raw
        self._breadcrumb = [*breadcrumb, name]
        self.MODE = mode  # type: ignore[misc]
        self._view = former_view
        self._laid_out: dict[int, list[Line]] = {}
        """Width → lines, of the widths that the screen has had."""

    def content(self) -> list[Widget]:
        return [Page(id="body", title=line(clean(self._raw.title, 60), "strong"))]

    def view(self) -> View:
        return self._view

    def breadcrumb(self) -> list[str]:
        return self._breadcrumb

    def pane(self) -> Page:
        return self.query_one(Page)

    def on_mount(self) -> None:
        self.pane().show(self.lines_to_show)
        self.pane().focus()

    def lines_to_show(self, cells: int) -> list[Line]:
        """The text in so many cells; a long one is laid out beside the screen."""
        if cells not in self._laid_out:
            self._laid_out[cells] = [BLANK, line("  laying out…", "dim")]
            if len(self._raw.text) < MOST_AT_ONCE:
                self._laid_out[cells] = wrapped(self._raw.text, cells)
            else:
                self.run_worker(self._lay_out(cells), exclusive=True)
        return self._laid_out[cells]

    async def _lay_out(self, cells: int) -> None:
        self._laid_out = {cells: await asyncio.to_thread(wrapped, self._raw.text, cells)}
        self.pane().redraw()

    def raw(self) -> Raw:
        return self._raw

    def text_to_copy(self) -> str:
        return self._raw.text

    def do_raw(self) -> None:
        self.do_back()
