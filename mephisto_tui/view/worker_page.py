"""A worker over all runs, as sections of lines."""

from __future__ import annotations

from datetime import datetime

from mephisto_engine.cents import dollars
from mephisto_engine.database.queries.standing import Figures
from mephisto_engine.operations.watching.details import WorkerDetail, WorkerUnit
from mephisto_tui.safe_text import clean
from mephisto_tui.view.facts import NAME_CELLS, fact
from mephisto_tui.view.reading import row_section, section
from mephisto_tui.view.spans import Line, Row, Span, line, padded
from mephisto_tui.view.statuses import agent_status, unit_status
from mephisto_tui.view.words import age, duration


def worker_lines(worker: WorkerDetail, now: datetime, cells: int) -> list[Line]:
    """Who it is, what they have done and earned, what is held against them."""
    history = worker.history
    record = history.worker
    blocked = Span("blocked", "bad") if record.is_blocked else Span("welcome", "good")
    number = Span(f"   number {record.id}", "dim")
    return [
        fact("worker", Span(clean(record.name, NAME_CELLS)), number),
        fact("provider", Span(clean(record.provider_type, NAME_CELLS))),
        fact("state", blocked),
        fact("first seen", Span(f"{age(history.first_seen_at, now)} ago")),
        *_figure_facts(history.overall),
        line(""),
        *section("QUALIFICATIONS", [
            fact(clean(grant.qualification_name, 40), Span(f"  {grant.value}"))
            for grant in history.qualifications
        ]),
        *section("NOTES", [
            (Span(f" {age(note.at, now)} ago, {clean(note.written_by, 30)}: ", "dim"),
             Span(clean(note.text, max(12, cells))))
            for note in history.notes
        ]),
        *section("BLOCKS", [
            (Span(f" {age(block.at, now)} ago, {clean(block.by, 30)}: ", "dim"),
             Span("blocked " if block.is_block else "let in again "),
             Span(clean(block.reason, max(12, cells))))
            for block in history.blocks
        ]),
        *section("ONBOARDING", [
            (Span(" "), agent_status(one.status),
             Span(f"  run {one.run_id}  {clean(one.qualification_name, 40)}  "),
             Span(f"{age(one.status_at, now)} ago", "dim"))
            for one in worker.onboardings
        ]),
        *section("TURNED AWAY", [
            (Span(f" {age(refusal.at, now)} ago: ", "dim"),
             Span(clean(f"{refusal.reason} {refusal.detail}".replace("_", " "), max(12, cells))))
            for refusal in worker.refusals
        ]),
        *section("BY TASK", [
            fact(clean(name, 30), Span(f"  {figures_in_words(figures)}"))
            for name, figures in history.by_task.items()
        ]),
    ]  # fmt: skip


def _figure_facts(figures: Figures) -> list[Line]:
    pay = "-" if figures.hourly_cents is None else f"{dollars(figures.hourly_cents)} an hour"
    median = "-" if figures.median_seconds is None else duration(figures.median_seconds)
    earned = dollars(figures.earned_cents)
    bonus = f" and {dollars(figures.bonus_cents)} in bonuses" if figures.bonus_cents else ""
    return [
        fact("work", Span(figures_in_words(figures))),
        fact("median time", Span(median)),
        fact("earned", Span(f"{earned}{bonus}   {pay}")),
    ]


def figures_in_words(figures: Figures) -> str:
    """``44 done: 41✓ 2~ 1✗, 3 to review, 2 lost, 93 %``."""
    parts = [
        f"{figures.done} done: {figures.accepted}✓ {figures.soft_rejected}~ {figures.rejected}✗"
    ]
    if figures.completed:
        parts.append(f"{figures.completed} to review")
    if figures.live:
        parts.append(f"{figures.live} at work")
    if figures.lost:
        parts.append(f"{figures.lost} lost")
    if figures.accept_rate is not None:
        parts.append(f"{100 * figures.accept_rate:.0f} % ✓")
    return ", ".join(parts)


def unit_rows(worker: WorkerDetail, now: datetime, cells: int) -> list[Row]:
    """What they worked on, the latest first; each leads to the unit."""
    lines = [(_worked_line(unit, now, cells), f"unit {unit.unit_id}") for unit in worker.units]
    return row_section("UNITS", [Row(*pair) for pair in lines])


def _worked_line(unit: WorkerUnit, now: datetime, cells: int) -> Line:
    worked = "-" if unit.seconds_worked is None else duration(unit.seconds_worked)
    status = unit_status(unit.unit_status) if unit.unit_status else agent_status(unit.agent_status)
    room = max(8, cells - 52)
    return (
        Span(f" {unit.unit_id:>7}  "),
        Span(f"{clean(unit.task_name, room):<{min(room, 20)}}  ", "dim"),
        padded(status, 14),
        Span(f"  {worked}   {dollars(unit.pay_cents)}   {age(unit.begun_at, now)} ago"),
    )
