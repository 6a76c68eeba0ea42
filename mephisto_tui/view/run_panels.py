"""One run in words and bars: the boxes above its panes, and the strip that stands for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from mephisto_engine.analysis.pay import Wage
from mephisto_engine.cents import dollars
from mephisto_engine.data_model.status import LIVE_RUN
from mephisto_engine.operations.watching.limits import LITTLE_SPACE
from mephisto_engine.operations.watching.snapshot import Health, RunRow, Snapshot
from mephisto_tui.keymap import with_keys
from mephisto_tui.safe_text import clean
from mephisto_tui.view.crowd import (
    agents_in_words,
    quality_in_words,
    refusals_in_words,
    times_in_words,
)
from mephisto_tui.view.glyphs import LATE, LIVE
from mephisto_tui.view.meters import bar, meter, sparkline
from mephisto_tui.view.spans import BLANK, Line, Span, Tone, line, padded
from mephisto_tui.view.statuses import run_status
from mephisto_tui.view.waiting import rooms_in_words
from mephisto_tui.view.words import age, clock_time, count, duration, first_line, plural, size

UNIT_WORDS: Final = {
    "created": "to come",
    "launched": "launched",
    "assigned": "assigned",
    "completed": "completed",
    "accepted": "accepted",
    "soft_rejected": "passed",
    "rejected": "rejected",
    "expired": "expired",
}
RATE_MINUTES: Final = 5
LEASE_LATE_SECONDS: Final = 5
LABEL_CELLS: Final = 11
STRIP_LABEL_CELLS: Final = 9
NO_EVENT: Final = Span("no event yet", "dim")


def rate(health: Health) -> float:
    """Submissions a minute, over the last full minutes; in the first minute, so far."""
    per_minute = health.submits_per_minute
    recent = per_minute[:-1][-RATE_MINUTES:] or per_minute
    return sum(recent) / len(recent) if recent else 0.0


def eta(run: RunRow, health: Health) -> str:
    """How long the open units will take at the present rate; empty when nobody can tell."""
    still_open = sum(run.units.get(name, 0) for name in ("created", "launched", "assigned"))
    speed = rate(health)
    if not still_open or not speed or not run.is_total_final or run.status not in LIVE_RUN:
        return ""
    return duration(still_open / speed * 60)


def _labelled(label: str, *spans: Span, cells: int = LABEL_CELLS) -> Line:
    return (Span(f" {label:<{cells}} ", "dim"), *spans)


def total(run: RunRow) -> str:
    """How many units there are; ``+`` where more may come."""
    return str(run.total) if run.is_total_final else f"{run.total}+"


def progress(run: RunRow, width: int) -> list[Line]:
    """The units of a run: all of them as one meter, then a bar for each status."""
    share = f"{run.done} / {total(run)}"
    cells = max(4, width - len(share) - 4)
    bars = max(0, width - LABEL_CELLS - 8)
    lines: list[Line] = [
        (Span(" "), Span(meter(run.done, run.total, cells), "accent"), Span(f"  {share}", "strong"))
    ]
    for status, word in UNIT_WORDS.items():
        number = run.units.get(status, 0)
        tone: Tone = "" if number else "dim"
        lines.append(
            (
                Span(f" {word:<{LABEL_CELLS - 1}}", "dim"),
                Span(f"{number:>6}  ", tone),
                Span(bar(number, run.total, bars), "accent"),
            )
        )
    return lines


def _engine_facts(run: RunRow, health: Health, now: datetime) -> Span:
    if run.status not in LIVE_RUN:
        return Span("none, the run has ended", "dim")
    if not run.is_driven and not health.is_engine_alive:
        return Span(f"{LATE} none drives this run: mephisto-tui resume {run.id}", "warn")
    late = lease_age(health, now)
    if late is not None and late >= LEASE_LATE_SECONDS:
        return Span(f"{LATE} silent {duration(late)}  {clean(health.holder, 40)}", "bad")
    ahead = health.clock_ahead.total_seconds()
    if ahead:
        side = "ahead" if ahead > 0 else "behind"
        clock = f"its clock {duration(abs(ahead))} {side}"
        return Span(f"{LATE} {clean(health.holder, 40)}  {clock}", "warn")
    return Span(f"{LIVE} {clean(health.holder, 40)}", "good")


def lease_age(health: Health, now: datetime) -> float | None:
    """Seconds since the engine last said that it drives the run; None: it never did."""
    if health.renewed_at is None:
        return None
    return max(0.0, (now - health.renewed_at).total_seconds())


def rate_and_money(snapshot: Snapshot, run: RunRow, now: datetime, width: int) -> list[Line]:
    """How fast answers come, who is there, what it costs."""
    health = snapshot.health
    left = eta(run, health)
    speed = f"  now {rate(health):.1f}" + (f"  ETA {left}" if left else "")
    cells = max(4, min(30, width - LABEL_CELLS - len(speed) - 3))
    cap = "no cap" if run.budget_cents is None else f"cap {dollars(run.budget_cents)}"
    is_over = run.budget_cents is not None and run.cost_cents > run.budget_cents
    todo: Tone = "warn" if run.to_review else ""
    return [
        _labelled("submits/min", Span(sparkline(health.submits_per_minute, cells)), Span(speed)),
        _labelled("agents", Span(agents_summary(snapshot, run, now))),
        _labelled("spent", Span(dollars(run.cost_cents), "bad" if is_over else ""),
                  Span(f", {dollars(run.committed_cents)} open, {cap}")),
        _labelled("pay", *pay(run, snapshot.wage)),
        _labelled("to review", Span(plural(run.to_review, "unit"), todo)),
        *_rooms(snapshot, now),
        *_crowd(snapshot, width),
    ]  # fmt: skip


def pay(run: RunRow, wage: Wage | None) -> tuple[Span, ...]:
    """What a unit pays, and what that comes to in an hour at the median time."""
    unit = Span(f"{dollars(run.pay_cents)} a unit")
    hourly = wage.hourly_cents if wage is not None else None
    if wage is None or hourly is None:
        return (unit,)
    tone: Tone = "bad" if wage.is_too_low else ""
    mark = f" {LATE}" if wage.is_too_low else ""
    time = duration(wage.worked_ms / 1000)
    return (unit, Span(f" · {dollars(hourly)}/h{mark} at {time}", tone))


def agents_summary(snapshot: Snapshot, run: RunRow, now: datetime | None = None) -> str:
    """Who is at work; the other statuses too where the run is the one that is looked at."""
    if snapshot.run is run:
        return agents_in_words(snapshot.crowd, now)
    pages = plural(snapshot.health.connections, "page")
    return f"{run.units.get('assigned', 0)} at work · {pages} open"


def _rooms(snapshot: Snapshot, now: datetime) -> list[Line]:
    """Who waits for partners, and what becomes of those who have waited longest."""
    rooms = snapshot.crowd.rooms
    return [_labelled("waiting", Span(rooms_in_words(rooms, now), "accent"))] if rooms else []


def _crowd(snapshot: Snapshot, width: int) -> Iterator[Line]:
    """Times, quality control and refusals, as far as there are any."""
    times = times_in_words(snapshot.crowd)
    if times:
        yield _labelled("duration", Span(times))
    for label, figures in quality_in_words(snapshot.crowd):
        yield _labelled(label, Span(figures))
    refused = refusals_in_words(snapshot.health.refusals, max(8, width - LABEL_CELLS - 3))
    if refused:
        yield _labelled("refused", Span(refused))


def where(snapshot: Snapshot, run: RunRow, now: datetime) -> list[Line]:
    """What the run is made of, and how its engine does."""
    health = snapshot.health
    sandbox = "  (sandbox)" if run.is_sandbox else ""
    commit = "-" if health.commit_ms is None else f"{health.commit_ms:.1f} ms"
    lag = "-" if health.loop_lag_ms is None else f"{health.loop_lag_ms:.1f} ms"
    started = "-" if run.started_at is None else clock_time(run.started_at)
    return [
        _labelled("state", run_status(run.status), Span("  "), *_reason(run)),
        _labelled("blueprint", Span(clean(run.blueprint_type, 60))),
        _labelled("provider", Span(clean(run.provider_type, 60) + sandbox)),
        _labelled("architect", Span(clean(run.architect_type, 60))),
        _labelled(
            with_keys("link ({run.copy_link})"),
            Span(clean(snapshot.worker_link or run.url, 200) or "-"),
        ),
        _labelled("engine", _engine_facts(run, health, now)),
        _labelled("commit", Span(f"{commit}   loop lag {lag}")),
        _labelled("gateway", *_gateway(health)),
        _labelled("started", Span(f"{started}   {age(run.started_at or run.created_at, now)} ago")),
    ]


def _gateway(health: Health) -> tuple[Span, ...]:
    """Whether pages can reach the engine, how many do, and how much space is left for answers."""
    pages = Span(f"{count(health.connections)} pages")
    state = {None: Span(""), True: Span(f"{LIVE} ", "good"), False: Span(f"{LATE} shut · ", "bad")}
    if health.disk_free_bytes is None:
        return (state[health.is_gateway_open], pages)
    free = health.disk_free_bytes
    tone: Tone = "warn" if free < LITTLE_SPACE else ""
    return (state[health.is_gateway_open], pages, Span(f" · disk {size(free)} free", tone))


def _reason(run: RunRow) -> tuple[Span, ...]:
    if run.why_held_back:
        return (Span(clean(run.why_held_back, 200), "warn"),)
    reason = clean(first_line(run.status_reason), 200)
    return (Span(reason, "bad" if run.status == "failed" else "dim"),) if reason else ()


def strip(snapshot: Snapshot, run: RunRow, now: datetime, width: int) -> list[Line]:
    """A run in a few lines, for the foot of the list and for small windows."""
    health = snapshot.health
    left = eta(run, health)
    half = max(0, width // 2 - STRIP_LABEL_CELLS)
    speed = f"{rate(health):.1f}/min " + (f"ETA {left} " if left else "")
    speed += sparkline(health.submits_per_minute, 12)
    return [
        _brief("units", Span(unit_counts(run, width - STRIP_LABEL_CELLS))),
        _brief("agents", padded(Span(agents_summary(snapshot, run, now)), half),
               Span("  rate   ", "dim"), Span(speed)),
        _brief("money", padded(Span(spent(run)), half), Span("  engine ", "dim"),
               _engine_facts(run, health, now)),
        _brief("link", Span(clean(snapshot.worker_link or run.url, 300) or "-")),
        _pressing(snapshot, run, now),
    ]  # fmt: skip


def _pressing(snapshot: Snapshot, run: RunRow, now: datetime) -> Line:
    """Why it stands where it does; else who waits; else what has happened last."""
    if why := _reason(run):
        return _brief("why", *why)
    if snapshot.run is run and snapshot.crowd.rooms:
        return _brief("waiting", Span(rooms_in_words(snapshot.crowd.rooms, now), "accent"))
    last = snapshot.log[-1] if snapshot.log else None
    said = Span(f"{clock_time(last.at)} {clean(last.text, 300)}") if last else NO_EVENT
    return _brief("last", said)


def spent(run: RunRow) -> str:
    """What it has cost, and what it may."""
    cap = ", no cap" if run.budget_cents is None else f" of {dollars(run.budget_cents)} cap"
    return f"{dollars(run.cost_cents)}{cap}"


def unit_counts(run: RunRow, cells: int) -> str:
    """The statuses that there are units of, as many as fit, and how many more there are."""
    counts = [
        f"{word} {run.units.get(status, 0)}"
        for status, word in UNIT_WORDS.items()
        if run.units.get(status, 0) or status in ("launched", "assigned", "completed")
    ]
    dropped = 0
    while len(text := " · ".join(counts)) > cells - (5 if dropped else 0) and counts:
        counts.pop()
        dropped += 1
    return f"{text}  +{dropped}" if dropped else text


def _brief(label: str, *spans: Span) -> Line:
    return _labelled(label, *spans, cells=STRIP_LABEL_CELLS - 2)


def rule(text: str, width: int) -> Line:
    """A horizontal line with words in it."""
    head = f"─ {text} "
    return line(head + "─" * max(0, width - len(head)), "dim") if width > 0 else BLANK
