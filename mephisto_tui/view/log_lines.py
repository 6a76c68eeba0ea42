"""The log as lines."""

from __future__ import annotations

from typing import Final

from mephisto_engine.operations.snapshot import LogRow
from mephisto_tui.safe_text import clean
from mephisto_tui.view.spans import Line, Span, Tone
from mephisto_tui.view.words import clock_time

LEVELS: Final = ("info", "warn", "error")
_TONES: Final[dict[str, Tone]] = {"warn": "warn", "error": "bad"}


def log_line(row: LogRow, *, has_run: bool) -> Line:
    """Time, level, with ``has_run`` the run, and the words."""
    tone = _TONES.get(row.level, "")
    spans = [Span(f"{clock_time(row.at)} ", "dim"), Span(f"{clean(row.level, 5):<5}  ", tone)]
    if has_run:
        spans.append(Span(f"{row.run_id if row.run_id is not None else '-':>5}  ", "dim"))
    return (*spans, Span(clean(row.text, 500), tone))
