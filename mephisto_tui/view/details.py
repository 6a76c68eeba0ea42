"""A unit, an agent or a worker in full, as sections of lines, some of which lead further."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from mephisto_engine.abstractions.review_view import Moment
from mephisto_engine.cents import dollars
from mephisto_engine.data_model.status import LIVE_AGENT
from mephisto_engine.data_model.units import COMPENSATION_INDEX, GOLD_INDEX, SCREENING_INDEX
from mephisto_engine.database.queries.details import SiblingRow
from mephisto_engine.operations.watching.details import (
    AgentDetail,
    Detail,
    FileRow,
    TryRow,
    UnitDetail,
    WorkerDetail,
)
from mephisto_tui.safe_text import clean
from mephisto_tui.view.decisions import PAST, VERBS
from mephisto_tui.view.facts import NAME_CELLS, fact, fact_row
from mephisto_tui.view.reading import one_line, row_section, rows_of, section, value_lines
from mephisto_tui.view.sections import fault_line, section_lines
from mephisto_tui.view.spans import BLANK, Line, Row, Span, Tone, line, padded
from mephisto_tui.view.statuses import agent_status, unit_status
from mephisto_tui.view.transcript import transcript
from mephisto_tui.view.waiting import missing_in_words, then_in_words
from mephisto_tui.view.words import age, clock_time, duration, plural
from mephisto_tui.view.worker_page import unit_rows, worker_lines

_KINDS: Final = {
    SCREENING_INDEX: "screening",
    GOLD_INDEX: "gold",
    COMPENSATION_INDEX: "compensation",
}


def page_rows(detail: Detail, now: datetime, cells: int) -> list[Row]:
    """What it is, what was asked and what was answered."""
    if isinstance(detail, UnitDetail):
        return _unit_page(detail, now, cells)
    if isinstance(detail, AgentDetail):
        return _agent_page(detail, now, cells)
    return rows_of(worker_lines(detail, now, cells))


def side_rows(detail: Detail, now: datetime, cells: int) -> list[Row]:
    """What happened around it; the latest of what was said comes last."""
    if isinstance(detail, WorkerDetail):
        return unit_rows(detail, now, cells)
    if isinstance(detail, AgentDetail):
        return rows_of(section("SAID", transcript(detail.updates, cells)))
    said = [one for one in detail.sections if one.kind == "transcript"]
    before = [row for one in detail.tries for row in _try_rows(one, cells)]
    others = [row for unit in detail.siblings for row in _sibling_rows(unit, cells)]
    return [
        *rows_of(section("TIMELINE", [_moment_line(one, cells) for one in detail.timeline])),
        *row_section("WHO HAD IT BEFORE", before),
        *row_section("ALSO ON THIS ITEM", others),
        *rows_of(section_lines(said, cells)),
    ]


def worker_of(detail: Detail) -> tuple[int, str] | None:
    """``(id, name)`` of the worker that a detail is about; None where nobody has the unit."""
    if isinstance(detail, WorkerDetail):
        return detail.id, detail.history.worker.name
    agent = detail.agent if isinstance(detail, UnitDetail) else detail
    return None if agent is None else (agent.worker_id, agent.worker_name)


def files_of(detail: Detail | None) -> list[tuple[int, FileRow]]:
    """Each file that was sent, with the run that it was sent in."""
    agent = detail.agent if isinstance(detail, UnitDetail) else detail
    return [(agent.run_id, file) for file in agent.files] if isinstance(agent, AgentDetail) else []


def _unit_page(unit: UnitDetail, now: datetime, cells: int) -> list[Row]:
    kind = _KINDS.get(unit.unit_index, "")
    place = f"item {unit.item_index}, unit {unit.unit_index} of assignment {unit.assignment_id}"
    since = Span(f"  {age(unit.status_at, now)} ago", "dim")
    facts = [
        fact_row("state", unit_status(unit.status), since),
        fact_row("task", Span(f"{clean(unit.task_name, NAME_CELLS)}, run {unit.run_id}")),
        fact_row("place", Span(kind or place, "warn" if kind else "")),
        fact_row("pay", Span(dollars(unit.pay_cents))),
    ]
    agent = unit.agent
    if agent is not None:
        worked = "" if agent.seconds_worked is None else f"   {duration(agent.seconds_worked)}"
        facts += [
            _worker_row(agent),
            fact_row(
                "agent",
                Span(f"{agent.id}  "),
                agent_status(agent.status),
                Span(worked, "dim"),
                key=f"agent {agent.id}",
            ),
            *rows_of(_waiting(agent, now)),
        ]
    return [*facts, Row(BLANK), *rows_of(_data(unit, cells))]


def _data(unit: UnitDetail, cells: int) -> list[Line]:
    """What was asked and answered, as it reads in review; what was said stands beside it."""
    shown = [one for one in unit.sections if one.kind != "transcript"]
    fault = [fault_line(unit.fault, cells)] if unit.fault else []
    return [
        *fault,
        *section_lines(shown, cells, "{copy} copy path"),
        BLANK,
        *_beside(unit.agent, cells),
    ]


def _worker_row(agent: AgentDetail) -> Row:
    name = Span(clean(agent.worker_name, NAME_CELLS))
    return fact_row("worker", name, key=f"worker {agent.worker_id}")


def _agent_page(agent: AgentDetail, now: datetime, cells: int) -> list[Row]:
    since = Span(f"  for {age(agent.status_at, now)}", "dim")
    unit = (Span(f"{agent.unit_id}  "), unit_status(agent.unit_status))
    began = Span(f"{clock_time(agent.created_at)}   {age(agent.created_at, now)} ago")
    partners = [
        Row(
            (Span(f" {one.agent_id:>7}  "), agent_status(one.status),
             Span(f"  {clean(one.worker_name, NAME_CELLS)}", "dim")),
            f"agent {one.agent_id}",
        )
        for one in agent.partners
    ]  # fmt: skip
    return [
        fact_row("state", agent_status(agent.status), since),
        *([fact_row("left", Span(clean(agent.reason, max(12, cells))))] if agent.reason else []),
        _worker_row(agent),
        fact_row("unit", *unit, key=f"unit {agent.unit_id}"),
        fact_row("task", Span(f"{clean(agent.task_name, NAME_CELLS)}, run {agent.run_id}")),
        fact_row("began", began),
        *rows_of(_times(agent, now)),
        *rows_of(_waiting(agent, now)),
        Row(BLANK),
        *row_section("PARTNERS", partners),
        *rows_of(_handed_in(agent, cells)),
    ]


def _times(agent: AgentDetail, now: datetime) -> list[Line]:
    lines: list[Line] = []
    if agent.seconds_worked is not None:
        lines.append(fact("worked", Span(duration(agent.seconds_worked))))
    if agent.status in LIVE_AGENT and agent.deadline_at is not None and agent.waiting is None:
        left = (agent.deadline_at - now).total_seconds()
        text = f"has until {clock_time(agent.deadline_at)}, {duration(left)} left"
        lines.append(fact("time", Span(text, "warn" if left < 60 else "")))
    if agent.last_seen_at is not None:
        lines.append(fact("last seen", Span(f"{age(agent.last_seen_at, now)} ago")))
    return lines


def _waiting(agent: AgentDetail, now: datetime) -> list[Line]:
    """Who is missing, and what becomes of it if nobody comes."""
    if agent.waiting is None:
        return []
    is_soon = agent.waiting.until is not None and (agent.waiting.until - now).total_seconds() < 60
    return [
        fact("waits", Span(missing_in_words(agent.waiting), "accent")),
        fact("if nobody", Span(then_in_words(agent.waiting, now), "warn" if is_soon else "")),
    ]


def _handed_in(agent: AgentDetail, cells: int) -> list[Line]:
    """The answer, the files, and what the page sent beside them."""
    title = "ANSWER, which came after the time was over" if agent.is_late else "ANSWER"
    answer = value_lines(agent.answer, cells) if agent.answer is not None else []
    return [
        *section(title, answer),
        *section("FILES", [_file_line(file) for file in agent.files]),
        *_beside(agent, cells),
    ]


def _beside(agent: AgentDetail | None, cells: int) -> list[Line]:
    """Tips, feedback and what else the page sent beside the answer."""
    sent = agent.metadata if agent is not None else ()
    said = [text for at, body in sent for text in _aside(at, body, cells)]
    return section("BESIDE THE ANSWER", said)


def _aside(at: datetime, body: Any, cells: int) -> list[Line]:
    return [line(f" {clock_time(at)}", "dim"), *value_lines(body, cells)]


def _file_line(file: FileRow) -> Line:
    name = clean(file.original_name or file.field_name, 40)
    size = f"{file.size / 1024:,.0f} KB"
    return (
        Span(f" {name:<24}"),
        Span(f" {size:>10}  {clean(file.mime_type, 30)}  ", "dim"),
        Span(clean(f"archived in {file.archived_in}", 120), "warn")
        if file.archived_in
        else Span(clean(file.stored_name, 80)),
    )


def _moment_line(moment: Moment, cells: int) -> Line:
    text = clean(moment.text, max(12, cells - 11))
    return (Span(f" {clock_time(moment.at)}  ", "dim"), Span(text, "bad" if moment.is_bad else ""))


def _try_rows(one: TryRow, cells: int) -> list[Row]:
    """Somebody who has left the unit, and under it why."""
    stayed = duration((one.left_at - one.began_at).total_seconds())
    shown = (
        Span(f" {one.agent_id:>7}  "),
        padded(agent_status(one.status), 14),
        Span(f"  {clean(one.worker_name, 16):<16}  after {stayed}", "dim"),
    )
    return [Row(shown, f"agent {one.agent_id}"), *_remark(one.reason, "dim", cells)]


def _remark(text: str, tone: Tone, cells: int) -> list[Row]:
    """What there is to say of the row above, if anything."""
    return [Row((Span(" " * 10), Span(clean(text, max(8, cells - 11)), tone)))] if text else []


def _sibling_rows(unit: SiblingRow, cells: int) -> list[Row]:
    """Another unit, and under it what was decided or is about to be."""
    tone: Tone
    shown = (
        Span(f" {unit.id:>7}  "),
        padded(unit_status(unit.status), 11),
        Span(f"  {clean(unit.worker_name, 16) or '-':<16}  ", "dim"),
        Span(one_line(unit.answer, max(8, cells - 42))),
    )
    if unit.decision_status == "sent":
        said, tone = PAST.get(unit.verdict, unit.verdict), "dim"
    else:
        said, tone = f"{VERBS.get(unit.verdict, unit.verdict)} staged", "accent"
    note = f": {unit.note}" if unit.note else ""
    text = f"{said} by {unit.decided_by}{note}" if unit.verdict else ""
    return [Row(shown, f"unit {unit.id}"), *_remark(text, tone, cells)]


def title_of(detail: Detail) -> str:
    """``unit 17``, ``agent 3``, ``worker ada``."""
    if isinstance(detail, WorkerDetail):
        return f"worker {clean(detail.history.worker.name, 30)}"
    return f"{'unit' if isinstance(detail, UnitDetail) else 'agent'} {detail.id}"


def side_title(detail: Detail) -> str:
    """What the second half holds, and how much."""
    if isinstance(detail, WorkerDetail):
        return plural(len(detail.units), "unit")
    if isinstance(detail, AgentDetail):
        return plural(detail.said, "message") if detail.said else "Nothing said"
    return "What happened"
