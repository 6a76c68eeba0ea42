"""A unit, an agent or a worker in full, as sections of lines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from mephisto_engine.abstractions.review_view import Moment
from mephisto_engine.cents import dollars
from mephisto_engine.data_model.answers import UpdateRecord
from mephisto_engine.data_model.status import LIVE_AGENT
from mephisto_engine.data_model.units import COMPENSATION_INDEX, GOLD_INDEX, SCREENING_INDEX
from mephisto_engine.database.queries.details import SiblingRow
from mephisto_engine.database.queries.standing import Figures
from mephisto_engine.operations.details import (
    AgentDetail,
    Detail,
    FileRow,
    UnitDetail,
    WorkerDetail,
    WorkerUnit,
)
from mephisto_tui.safe_text import clean
from mephisto_tui.view.reading import one_line, section, value_lines, wrapped_words
from mephisto_tui.view.spans import Line, Span, Tone, line
from mephisto_tui.view.statuses import agent_status, unit_status
from mephisto_tui.view.words import age, clock_time, duration, plural

LABEL_CELLS: Final = 14
NAME_CELLS: Final = 60
_KINDS: Final = {
    SCREENING_INDEX: "screening",
    GOLD_INDEX: "gold",
    COMPENSATION_INDEX: "compensation",
}
_SPEECH: Final = ("text", "message", "response", "args")
"""What a message says, if one of these names it."""


def page_lines(detail: Detail, now: datetime, cells: int) -> list[Line]:
    """What it is, what was asked and what was answered."""
    if isinstance(detail, UnitDetail):
        return _unit_page(detail, now, cells)
    if isinstance(detail, AgentDetail):
        return _agent_page(detail, now, cells)
    return _worker_page(detail, now, cells)


def side_lines(detail: Detail, now: datetime, cells: int) -> list[Line]:
    """What happened around it; the latest of what was said comes last."""
    if isinstance(detail, UnitDetail):
        said = detail.agent.updates if detail.agent else ()
        return [
            *section("TIMELINE", [_moment_line(moment, cells) for moment in detail.timeline]),
            *section("ALSO ON THIS ITEM", [_sibling_line(unit, cells) for unit in detail.siblings]),
            *section("SAID", transcript(said, cells)),
        ]
    if isinstance(detail, AgentDetail):
        return section("SAID", transcript(detail.updates, cells))
    return section("UNITS", [_worked_line(unit, now, cells) for unit in detail.units])


def transcript(updates: Iterable[UpdateRecord], cells: int) -> list[Line]:
    """Messages in the order of time, each with who said it."""
    lines: list[Line] = []
    for update in updates:
        name, text = _who_said_what(update)
        tone: Tone = "accent" if update.is_from_worker else "good"
        head = (Span(f" {clock_time(update.at)} ", "dim"), Span(f"{clean(name, 14):<14} ", tone))
        first, *more = list(wrapped_words(text, max(12, cells - 25))) or [""]
        lines.append((*head, Span(first)))
        lines += [(Span(" " * 25), Span(rest)) for rest in more]
    return lines


def related(detail: Detail) -> list[tuple[str, str]]:
    """``(kind id, words)`` of what can be opened from here."""
    if isinstance(detail, UnitDetail):
        found = [(f"unit {unit.id}", _about(unit)) for unit in detail.siblings]
        return [*_people(detail.agent), *found] if detail.agent else found
    if isinstance(detail, AgentDetail):
        return [(f"unit {detail.unit_id}", f"unit {detail.unit_id}"), _people(detail)[0]]
    return [
        (f"unit {unit.unit_id}", f"unit {unit.unit_id}  {clean(unit.task_name, 30)}")
        for unit in detail.units
    ]


def files_of(detail: Detail | None) -> list[tuple[int, FileRow]]:
    """Each file that was sent, with the run that it was sent in."""
    agent = detail.agent if isinstance(detail, UnitDetail) else detail
    return [(agent.run_id, file) for file in agent.files] if isinstance(agent, AgentDetail) else []


def _people(agent: AgentDetail) -> list[tuple[str, str]]:
    name = clean(agent.worker_name, 30)
    return [
        (f"worker {agent.worker_id}", f"worker {name}"),
        (f"agent {agent.id}", f"agent {agent.id} of {name}"),
    ]


def _about(unit: SiblingRow) -> str:
    return f"unit {unit.id}  {clean(unit.worker_name, 30)}".rstrip()


def _fact(label: str, *spans: Span) -> Line:
    return (Span(f" {label:<{LABEL_CELLS}}", "dim"), *spans)


def _unit_page(unit: UnitDetail, now: datetime, cells: int) -> list[Line]:
    kind = _KINDS.get(unit.unit_index, "")
    place = f"item {unit.item_index}, unit {unit.unit_index} of assignment {unit.assignment_id}"
    facts = [
        _fact("state", unit_status(unit.status), Span(f"  {age(unit.status_at, now)} ago", "dim")),
        _fact("task", Span(f"{clean(unit.task_name, NAME_CELLS)}, run {unit.run_id}")),
        _fact("place", Span(kind or place, "warn" if kind else "")),
        _fact("pay", Span(dollars(unit.pay_cents))),
    ]
    agent = unit.agent
    if agent is not None:
        worked = "" if agent.seconds_worked is None else f"   {duration(agent.seconds_worked)}"
        facts.append(_fact("worker", Span(clean(agent.worker_name, NAME_CELLS) + worked)))
    return [
        *facts,
        line(""),
        *section("ITEM", value_lines(unit.shared, cells) if unit.shared else []),
        *section("THIS UNIT", value_lines(unit.data, cells) if unit.data else []),
        *(_handed_in(agent, cells) if agent is not None else []),
    ]


def _agent_page(agent: AgentDetail, now: datetime, cells: int) -> list[Line]:
    since = Span(f"  for {age(agent.status_at, now)}", "dim")
    facts = [
        _fact("state", agent_status(agent.status), since),
        _fact("worker", Span(clean(agent.worker_name, NAME_CELLS))),
        _fact("unit", Span(f"{agent.unit_id}  "), unit_status(agent.unit_status)),
        _fact("task", Span(f"{clean(agent.task_name, NAME_CELLS)}, run {agent.run_id}")),
        _fact("began", Span(f"{clock_time(agent.created_at)}   {age(agent.created_at, now)} ago")),
        *_times(agent, now),
    ]
    return [*facts, line(""), *_handed_in(agent, cells)]


def _times(agent: AgentDetail, now: datetime) -> list[Line]:
    lines: list[Line] = []
    if agent.seconds_worked is not None:
        lines.append(_fact("worked", Span(duration(agent.seconds_worked))))
    if agent.status in LIVE_AGENT and agent.deadline_at is not None:
        left = (agent.deadline_at - now).total_seconds()
        what = "waits for a partner until" if agent.status == "waiting" else "has until"
        text = f"{what} {clock_time(agent.deadline_at)}, {duration(left)} left"
        lines.append(_fact("time", Span(text, "warn" if left < 60 else "")))
    if agent.last_seen_at is not None:
        lines.append(_fact("last seen", Span(f"{age(agent.last_seen_at, now)} ago")))
    return lines


def _handed_in(agent: AgentDetail, cells: int) -> list[Line]:
    """The answer, the files, and what the page sent beside them."""
    title = "ANSWER, which came after the time was over" if agent.is_late else "ANSWER"
    answer = value_lines(agent.answer, cells) if agent.answer is not None else []
    said = [text for at, body in agent.metadata for text in _aside(at, body, cells)]
    return [
        *section(title, answer),
        *section("FILES", [_file_line(file) for file in agent.files]),
        *section("BESIDE THE ANSWER", said),
    ]


def _aside(at: datetime, body: Any, cells: int) -> list[Line]:
    return [line(f" {clock_time(at)}", "dim"), *value_lines(body, cells)]


def _file_line(file: FileRow) -> Line:
    name = clean(file.original_name or file.field_name, 40)
    size = f"{file.size / 1024:,.0f} KB"
    return (
        Span(f" {name:<24}"),
        Span(f" {size:>10}  {clean(file.mime_type, 30)}  ", "dim"),
        Span(clean(file.stored_name, 80)),
    )


def _moment_line(moment: Moment, cells: int) -> Line:
    text = clean(moment.text, max(12, cells - 11))
    return (Span(f" {clock_time(moment.at)}  ", "dim"), Span(text, "bad" if moment.is_bad else ""))


def _sibling_line(unit: SiblingRow, cells: int) -> Line:
    return (
        Span(f" {unit.id:>7}  "),
        unit_status(unit.status),
        Span(f"  {clean(unit.worker_name, 16) or '-':<16}  ", "dim"),
        Span(one_line(unit.answer, max(8, cells - 42))),
    )


def _who_said_what(update: UpdateRecord) -> tuple[str, str]:
    who = "worker" if update.is_from_worker else "task"
    body = update.body
    if not isinstance(body, dict):
        return who, one_line(body, 2000)
    for name in ("id", "speaker", "target"):
        if isinstance(body.get(name), str) and body[name]:
            who = body[name]
            break
    for name in _SPEECH:
        if body.get(name) not in (None, ""):
            said = body[name]
            return who, said if isinstance(said, str) else one_line(said, 2000)
    return who, one_line(body, 2000)


def _worker_page(worker: WorkerDetail, now: datetime, cells: int) -> list[Line]:
    history = worker.history
    record = history.worker
    blocked = Span("blocked", "bad") if record.is_blocked else Span("welcome", "good")
    number = Span(f"   number {record.id}", "dim")
    return [
        _fact("worker", Span(clean(record.name, NAME_CELLS)), number),
        _fact("provider", Span(clean(record.provider_type, NAME_CELLS))),
        _fact("state", blocked),
        _fact("first seen", Span(f"{age(history.first_seen_at, now)} ago")),
        *_figure_facts(history.overall),
        line(""),
        *section("QUALIFICATIONS", [
            _fact(clean(grant.qualification_name, 40), Span(f"  {grant.value}"))
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
            _fact(clean(name, 30), Span(f"  {figures_in_words(figures)}"))
            for name, figures in history.by_task.items()
        ]),
    ]  # fmt: skip


def _figure_facts(figures: Figures) -> list[Line]:
    pay = "-" if figures.hourly_cents is None else f"{dollars(figures.hourly_cents)} an hour"
    median = "-" if figures.median_seconds is None else duration(figures.median_seconds)
    earned = dollars(figures.earned_cents)
    bonus = f" and {dollars(figures.bonus_cents)} in bonuses" if figures.bonus_cents else ""
    return [
        _fact("work", Span(figures_in_words(figures))),
        _fact("median time", Span(median)),
        _fact("earned", Span(f"{earned}{bonus}   {pay}")),
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


def _worked_line(unit: WorkerUnit, now: datetime, cells: int) -> Line:
    worked = "-" if unit.seconds_worked is None else duration(unit.seconds_worked)
    status = unit_status(unit.unit_status) if unit.unit_status else agent_status(unit.agent_status)
    room = max(8, cells - 44)
    return (
        Span(f" {unit.unit_id:>7}  "),
        Span(f"{clean(unit.task_name, room):<{min(room, 20)}}  ", "dim"),
        status,
        Span(f"  {worked}   {dollars(unit.pay_cents)}   {age(unit.begun_at, now)} ago"),
    )


def title_of(detail: Detail) -> str:
    """``unit 17``, ``agent 3``, ``worker ada``."""
    if isinstance(detail, WorkerDetail):
        return f"worker {clean(detail.history.worker.name, 30)}"
    return f"{'unit' if isinstance(detail, UnitDetail) else 'agent'} {detail.id}"


def side_title(detail: Detail) -> str:
    """What the second half holds, and how much."""
    if isinstance(detail, WorkerDetail):
        return plural(len(detail.units), "unit")
    said = detail.updates if isinstance(detail, AgentDetail) else ()
    return plural(len(said), "message") if said else "What happened"
