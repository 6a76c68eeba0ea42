"""The log as lines."""

from __future__ import annotations

from typing import Final

from mephisto_engine.operations.watching.snapshot import LogRow
from mephisto_tui.safe_text import clean
from mephisto_tui.view.spans import Line, Span, Tone
from mephisto_tui.view.words import clock_time, plural

_TONES: Final[dict[str, Tone]] = {"warn": "warn", "error": "bad"}


def log_foot(shown: int, events: int, log_file: str) -> Line:
    """How much of the journal is at hand, and where there is more to read."""
    spans = [Span(f" {shown} of {plural(events, 'event')}", "dim")]
    if log_file:
        spans.append(Span(f" · program log {clean(log_file, 120)}", "dim"))
    return tuple(spans)


def log_line(row: LogRow, *, has_run: bool) -> Line:
    """Time, level, with ``has_run`` the run, and the words."""
    tone = _TONES.get(row.level, "")
    spans = [Span(f"{clock_time(row.at)} ", "dim"), Span(f"{clean(row.level, 5):<5}  ", tone)]
    if has_run:
        spans.append(Span(f"{row.run_id if row.run_id is not None else '-':>5}  ", "dim"))
    return (*spans, Span(clean(row.text, 500), tone))
