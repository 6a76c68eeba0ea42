"""Everything that is at hand about one unit, agent or worker."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from textual.widget import Widget

from mephisto_engine.operations.snapshot import View
from mephisto_tui.commands import bindings_for
from mephisto_tui.safe_text import clean_lines
from mephisto_tui.screens.listing import ScrollScreen
from mephisto_tui.view.raw import Raw
from mephisto_tui.view.spans import Line, Span, line
from mephisto_tui.view.words import dollars
from mephisto_tui.widgets.page import Page


class RecordScreen(ScrollScreen):
    """A row with its values in full, as they were when it was opened."""

    SCOPES = ("everywhere", "scroll")
    BINDINGS = bindings_for("everywhere", "scroll")  # type: ignore[assignment]
    MODE = "Runs"

    def __init__(self, kind: str, record: Any, former_view: View) -> None:
        super().__init__()
        self._kind = kind.removesuffix("s")
        self._record = record
        self._view = former_view

    def content(self) -> list[Widget]:
        return [Page(id="body", title=line(f"{self._kind} {self._record.id}", "strong"))]

    def view(self) -> View:
        return self._view

    def pane(self) -> Page:
        return self.query_one(Page)

    def on_mount(self) -> None:
        self.pane().show(lambda cells: record_lines(self._record))
        self.pane().focus()

    def breadcrumb(self) -> list[str]:
        return ["Runs", str(self._view.run_id), f"{self._kind} {self._record.id}"]

    def raw(self) -> Raw:
        return Raw.of(f"{self._kind} {self._record.id}", self._record)

    def text_to_copy(self) -> str:
        return str(self._record.id)


def record_lines(record: Any) -> list[Line]:
    """A record's fields, one a line; long text goes on below."""
    lines: list[Line] = []
    for field in fields(record):
        first, *more = clean_lines(_shown(field.name, getattr(record, field.name)))
        label = field.name.removesuffix("_cents").replace("_", " ")
        lines.append((Span(f" {label:<16}", "dim"), Span(first)))
        lines += [(Span(" " * 17), Span(text)) for text in more]
    return lines


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name.endswith("_cents"):
        return dollars(value)
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
    return str(value)
