"""The lines around a screen's content: title, modes, messages, keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mephisto_engine.analysis.pay import Wage
from mephisto_engine.data_model.status import LIVE_RUN
from mephisto_engine.operations.watching.limits import LITTLE_SPACE, NO_SPACE
from mephisto_engine.operations.watching.snapshot import Health, LogRow, RunRow, Snapshot
from mephisto_tui.keymap import with_keys
from mephisto_tui.safe_text import clean, width
from mephisto_tui.view.glyphs import LATE, WARNING
from mephisto_tui.view.spans import Line, Span, Tone, line_width, with_right
from mephisto_tui.view.words import clock_time, duration, plural, size

STALE_SECONDS: Final = 3
SILENT_SECONDS: Final = 10
SLOW_COMMIT_MS: Final = 1000
"""A commit that takes as long is felt by every worker who submits."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old what is shown is, and why it got old."""

    age: float | None = None
    """Seconds since the data was last read; None: not yet."""
    error: str = ""


def title(breadcrumb: Sequence[str], facts: Sequence[Span], cells: int) -> Line:
    """Where the operator is, and at the right what holds for the whole console."""
    crumbs = " › ".join(breadcrumb)
    shown: list[Span] = []
    for fact in facts:
        shown += [Span(" · ", "dim"), fact] if shown else [fact]
    room = cells - width(crumbs) - 14
    # The age of the data and the time stay; the least urgent stand in front and go first.
    while len(shown) > 3 and line_width(tuple(shown)) > room:
        del shown[:2]
    left = (Span(" mephisto", "strong"), Span(f"  {crumbs}"))
    return with_right(left, (*shown, Span(" ")), cells)


def facts(
    snapshot: Snapshot | None,
    freshness: Freshness,
    now: datetime,
    refusal: str,
    surroundings: Sequence[str] = (),
) -> list[Span]:
    """What holds for the whole console, least urgent first; the time of day last."""
    spans = [Span(clean(text, 60), "dim") for text in surroundings]
    spans.append(Span("ro", "warn") if refusal else Span("rw"))
    if snapshot is not None:
        live = snapshot.live_runs
        spans.append(Span(f"{live} live", "good" if live else ""))
        if snapshot.errors:
            spans.append(Span(plural(snapshot.errors, "error"), "bad"))
    spans.append(_data_age(freshness))
    return [*spans, Span(clock_time(now))]


def _data_age(freshness: Freshness) -> Span:
    if freshness.age is None:
        return Span("loading…", "dim")
    if freshness.age < STALE_SECONDS:
        return Span("data ok")
    tone = "bad" if freshness.age >= SILENT_SECONDS else "warn"
    return Span(f"{LATE} data {duration(freshness.age)} old", "bad" if tone == "bad" else "warn")


def data_banner(freshness: Freshness) -> Line:
    """Why nothing moves, once it has stood still too long; else nothing."""
    if freshness.age is None or freshness.age < SILENT_SECONDS:
        if not freshness.error:
            return ()
        return (Span(f" {WARNING} {clean(freshness.error, 300)}", "warn"),)
    why = clean(freshness.error, 300) or "the database does not answer"
    return (Span(f" {WARNING} data {duration(freshness.age)} old: {why}", "bad"),)


def engine_banner(run: RunRow | None, health: Health, now: datetime, last: LogRow | None) -> Line:
    """That the run's engine has fallen silent, and what it said last; else nothing."""
    if run is None or run.status not in LIVE_RUN or health.renewed_at is None:
        return ()
    silent = (now - health.renewed_at).total_seconds()
    if silent < SILENT_SECONDS:
        return ()
    free = health.disk_free_bytes
    if free is not None and free < NO_SPACE:
        said = f": only {size(free)} free where the database lies"
    else:
        said = f"; last event {clock_time(last.at)} {clean(last.text, 200)}" if last else ""
    return (Span(f" {WARNING} engine silent {duration(silent)}{said}", "bad"),)


def trouble_banner(health: Health) -> Line:
    """What keeps the engine from its work, in its own words; else nothing."""
    if not health.trouble:
        return ()
    at = health.next_try_at
    then = f"; next try {clock_time(at)}" if at is not None else ""
    # The time stays in sight however much the provider has to say.
    return (Span(f" {WARNING} publishing fails{then}: {clean(health.trouble, 300)}", "warn"),)


def machine_banner(health: Health) -> Line:
    """That the engine's disk is filling up, its database slow or its gateway shut; else nothing."""
    free = health.disk_free_bytes
    if free is not None and free < LITTLE_SPACE:
        tone: Tone = "bad" if free < NO_SPACE else "warn"
        return (Span(f" {WARNING} only {size(free)} free where the database lies", tone),)
    if health.is_gateway_open is False and health.is_engine_alive:
        return (Span(f" {WARNING} the gateway is shut: pages cannot reach the engine", "bad"),)
    if (health.commit_ms or 0) >= SLOW_COMMIT_MS:
        slow = duration((health.commit_ms or 0) / 1000)
        return (Span(f" {WARNING} the database is slow: the last commit took {slow}", "warn"),)
    return ()


def wage_banner(wage: Wage | None) -> Line:
    """That workers are paid less an hour than they should be; else nothing."""
    warning = wage.warning() if wage is not None else ""
    return (Span(f" {WARNING} {warning}", "warn"),) if warning else ()


def pause_banner(run: RunRow | None) -> Line:
    """That the run waits for the operator; else nothing."""
    if run is None or run.status != "paused":
        return ()
    return (Span(f" run {run.id} is paused" + with_keys(": {live.pause} lets it go on"), "warn"),)


def worst_event(log: Sequence[LogRow]) -> Line:
    """The latest warning or error of the log as a message; else nothing."""
    for row in reversed(log):
        if row.level in ("warn", "error"):
            run = f"run {row.run_id}: " if row.run_id is not None else ""
            text = f" {WARNING} {clock_time(row.at)} {run}{clean(row.text, 300)}"
            return (Span(text, "bad" if row.level == "error" else "warn"),)
    return ()


DIGITS: Final = {"Runs": "1", "Review": "2", "Workers": "3", "Log": "4", "Launch": "5"}
"""Mode → the key that it comes with."""


def modes(
    present: str,
    right: Line,
    badges: dict[str, str],
    cells: int,
    keys: Mapping[str, str] = DIGITS,
) -> Line:
    """The modes, the keys that lead there, and how much waits there."""
    left = _modes(present, badges, keys, are_named=True)
    if line_width(left) + line_width(right) > cells:
        left = _modes(present, badges, keys, are_named=False)
    return with_right(left, (*right, Span(" ")), cells)


def _modes(
    present: str, badges: dict[str, str], keys: Mapping[str, str], *, are_named: bool
) -> Line:
    """Where there is no room for all names, the other modes are their keys."""
    spans = [Span(" ")]
    for name in DIGITS:
        digit = keys.get(name, "")
        shown = f"{digit} {name}" if are_named or name == present else digit
        spans.append(Span(shown, "strong" if name == present else "dim"))
        badge = badges.get(name, "")
        spans.append(Span(f" {badge}  " if badge else "  ", "warn"))
    return tuple(spans)


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key and what it does, as the key bar shows them."""

    key: str
    label: str
    priority: int
    """0 is never dropped; 9 goes first."""
    is_at_right: bool = False

    @property
    def cells(self) -> int:
        return width(self.key) + 1 + width(self.label)


def key_bar(entries: Sequence[KeyEntry], cells: int) -> Line:
    """As many whole entries as fit, the most important ones, and how many more there are."""
    left = [entry for entry in entries if not entry.is_at_right]
    right = [entry for entry in entries if entry.is_at_right]
    room = cells - 2 - _cells_of(right)
    kept = list(left)
    while kept and _cells_of(kept) + 2 + (6 if len(kept) < len(left) else 0) > room:
        # The last of the least important goes.
        worst = max(range(len(kept)), key=lambda index: (kept[index].priority, index))
        del kept[worst]
    spans = [Span(" "), *_spans_of(kept)]
    if len(kept) < len(left):
        spans.append(Span(f"  +{len(left) - len(kept)}" if kept else f"+{len(left)}", "dim"))
    return with_right(tuple(spans), (*_spans_of(right), Span(" ")), cells)


def _cells_of(entries: Sequence[KeyEntry]) -> int:
    return sum(entry.cells for entry in entries) + 2 * max(0, len(entries) - 1)


def _spans_of(entries: Sequence[KeyEntry]) -> list[Span]:
    spans: list[Span] = []
    for entry in entries:
        gap = "  " if spans else ""
        spans += [Span(gap + entry.key, "strong"), Span(f" {entry.label}")]
    return spans


def window_title(run: RunRow | None, errors: int) -> str:
    """What a terminal shows in its list of windows: ``mephisto 312/800 2!``."""
    parts = ["mephisto"]
    if run is not None:
        parts.append(f"{run.done}/{run.total}")
    if errors:
        parts.append(f"{errors}!")
    return " ".join(parts)
