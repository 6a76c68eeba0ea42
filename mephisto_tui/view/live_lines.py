"""The live console in words: what a run's screen shows, as one line that can be read aloud."""

from __future__ import annotations

from datetime import datetime

from mephisto_engine.operations.watching.snapshot import RunRow, Snapshot
from mephisto_tui.safe_text import clean
from mephisto_tui.view import chrome
from mephisto_tui.view.run_panels import agents_summary, eta, rate, spent, total, unit_counts
from mephisto_tui.view.spans import Line
from mephisto_tui.view.statuses import run_status

WHOLE = 10_000
"""Cells enough for every count."""


def run_in_words(snapshot: Snapshot, run: RunRow) -> str:
    """State, units and money; of the run that the snapshot is about also agents and speed."""
    parts = [
        f"{clean(run.task_name, 40)} {run_status(run.status).text}",
        f"{run.done}/{total(run)} done",
        unit_counts(run, WHOLE),
        spent(run),
    ]
    if snapshot.run is run:
        left = eta(run, snapshot.health)
        parts.append(agents_summary(snapshot, run))
        parts.append(f"{rate(snapshot.health):.1f}/min" + (f", ETA {left}" if left else ""))
    return " · ".join(parts)


def troubles_in_words(snapshot: Snapshot, now: datetime) -> dict[str, str]:
    """What the console would show as banners: what each is about, and its words as of now."""
    last = snapshot.log[-1] if snapshot.log else None
    found: dict[str, Line] = {
        "engine": chrome.engine_banner(snapshot.run, snapshot.health, now, last),
        "machine": chrome.machine_banner(snapshot.health),
        snapshot.health.trouble: chrome.trouble_banner(snapshot.health),
    }
    return {
        about: "".join(span.text for span in banner).strip()
        for about, banner in found.items()
        if banner
    }
