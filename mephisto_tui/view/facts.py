"""Facts about one thing, a line each: what is known of it behind what it is called."""

from __future__ import annotations

from typing import Final

from mephisto_tui.view.spans import Line, Row, Span

LABEL_CELLS: Final = 14
NAME_CELLS: Final = 60


def fact(label: str, *spans: Span) -> Line:
    """``state         ✓ accepted``."""
    return (Span(f" {label:<{LABEL_CELLS}}", "dim"), *spans)


def fact_row(label: str, *spans: Span, key: str = "") -> Row:
    """The same as a line that leads to ``key``."""
    return Row(fact(label, *spans), key)
