"""Workers with what they have done, as cells."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from mephisto_engine.cents import amount
from mephisto_engine.database.queries.standing import Standing
from mephisto_tui.safe_text import clean
from mephisto_tui.view.spans import Span
from mephisto_tui.view.tables import Column, TableSpec
from mephisto_tui.view.words import age, duration

NAME_CELLS: Final = 60
LOW_RATE: Final = 0.8
"""An accept rate that an operator should look at."""


def _cells(worker: Standing, now: datetime) -> tuple[Span, ...]:
    figures = worker.figures
    rate = figures.accept_rate
    is_low = rate is not None and rate < LOW_RATE
    median = "-" if figures.median_seconds is None else duration(figures.median_seconds)
    hourly = "-" if figures.hourly_cents is None else amount(figures.hourly_cents)
    return (
        Span(str(worker.worker_id)),
        Span(clean(worker.worker_name, NAME_CELLS)),
        Span(clean(worker.provider_type, NAME_CELLS)),
        Span(str(figures.live), "accent" if figures.live else "dim"),
        Span(str(figures.done)),
        Span("-" if rate is None else f"{100 * rate:.0f}%", "warn" if is_low else ""),
        Span(str(figures.completed), "warn" if figures.completed else "dim"),
        Span(str(figures.lost), "warn" if figures.lost else "dim"),
        Span(median),
        Span(amount(figures.earned_cents + figures.bonus_cents)),
        Span(hourly),
        Span(age(figures.last_at, now)),
        Span("⊘ blocked" if worker.is_blocked else "", "bad"),
    )


EVERYBODY: Final = TableSpec[Standing](
    "workers",
    (
        Column("NO", 6, to_right=True, sort="worker_id"),
        Column("WORKER", 10, sort="worker_name", is_flexible=True),
        Column("BY", 8, sort="provider_type", from_width=60),
        Column("LIVE", 4, to_right=True),
        Column("DONE", 5, to_right=True),
        Column("OK", 4, to_right=True),
        Column("TODO", 4, to_right=True),
        Column("LOST", 4, to_right=True, from_width=90),
        Column("TIME", 6, to_right=True, from_width=70),
        Column("PAID", 8, to_right=True),
        Column("AN HOUR", 7, to_right=True, from_width=110),
        Column("LAST", 6, to_right=True, is_ticking=True, from_width=100),
        Column("", 9),
    ),
    key=lambda worker: worker.worker_id,
    cells=_cells,
    statuses=("blocked",),
    own_order="newest",
)
