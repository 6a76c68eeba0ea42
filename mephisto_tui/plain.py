"""The line-oriented twin of every screen: records in, lines of safe text out.

Tables are for eyes and for `grep`: a title line, columns two blanks apart, no colour, nothing cut
off. Whoever wants to compute with them takes `--json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from mephisto_engine.cents import amount
from mephisto_engine.data_model.status import LIVE_AGENT
from mephisto_engine.operations.watching.snapshot import (
    AgentRow,
    LogRow,
    RunRow,
    UnitRow,
    WorkerRow,
)
from mephisto_tui.safe_text import clean, width
from mephisto_tui.view.words import age, date_time, duration, rough_age

if TYPE_CHECKING:
    from mephisto_engine.abstractions.args import ArgInfo
    from mephisto_engine.abstractions.registry import PluginInfo
    from mephisto_engine.abstractions.review_view import Section
    from mephisto_engine.analysis.pay import Wage
    from mephisto_engine.operations.checks.doctor import Finding
    from mephisto_engine.operations.watching.details import Detail

GAP: Final = "  "
NOTHING: Final = "-"
TYPE_CELLS: Final = 40
UNWRAPPED: Final = 1_000_000
"""More cells than any line has."""


def table(titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Aligned lines, the titles first; numbers to the right. No rows give no lines at all."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        return []
    is_right = [all(_is_number(row[index]) for row in cells) for index in range(len(titles))]
    cells.insert(0, [title.upper() for title in titles])
    widths = [max(width(row[index]) for row in cells) for index in range(len(titles))]
    return [GAP.join(map(_pad, row, widths, is_right)).rstrip() for row in cells]


def facts(pairs: Iterable[tuple[str, Any]]) -> list[str]:
    """One fact a line, what is said of it beginning in the same column."""
    cells = [(name, _cell(value)) for name, value in pairs]
    left = max((width(name) for name, _ in cells), default=0)
    return [f"{_pad(name, left, False)}{GAP}{value}".rstrip() for name, value in cells]


def run_table(runs: Iterable[RunRow], now: datetime) -> list[str]:
    titles = ("run", "task", "by", "state", "done", "of", "cost", "to review", "age", "url")
    return table(
        titles,
        (
            (
                run.id,
                run.task_name,
                run.provider_type,
                run_state(run),
                run.done,
                _total(run),
                amount(run.cost_cents),
                run.to_review,
                rough_age(run.created_at, now),
                run.url,
            )
            for run in runs
        ),
    )


def run_facts(
    run: RunRow, now: datetime, worker_link: str = "", wage: Wage | None = None
) -> list[str]:
    units = ", ".join(f"{name} {count}" for name, count in run.units.items() if count)
    budget = NOTHING if run.budget_cents is None else amount(run.budget_cents)
    return facts(
        (
            ("run", run.id),
            ("task", run.task_name),
            ("state", run_state(run)),
            ("reason", run.status_reason),
            ("url", run.url),
            ("worker link", worker_link),
            ("blueprint", run.blueprint_type),
            ("architect", run.architect_type),
            ("engine", run.engine),
            ("provider", f"{run.provider_type}{' (sandbox)' if run.is_sandbox else ''}"),
            ("units", f"{run.done} of {_total(run)} done: {units or 'none yet'}"),
            ("to review", run.to_review),
            ("pay a unit", amount(run.pay_cents)),
            ("pay an hour", _hourly(wage)),
            ("cost so far", amount(run.cost_cents)),
            ("committed", amount(run.committed_cents)),
            ("budget", budget),
            ("created", moment(run.created_at)),
            ("age", age(run.created_at, now)),
            ("ended", moment(run.ended_at)),
        )
    )


def _hourly(wage: Wage | None) -> str:
    if wage is None or wage.hourly_cents is None:
        return NOTHING
    at_median = f"{amount(wage.hourly_cents)} at a median of {duration(wage.worked_ms / 1000)}"
    return f"{at_median}; {wage.warning()}" if wage.is_too_low else at_median


def run_state(run: RunRow) -> str:
    """Its status, and whether anybody acts on it."""
    is_orphan = run.status in {"launching", "live", "paused", "draining"} and not run.is_driven
    if run.why_held_back:
        return f"{run.status} ({run.why_held_back})"
    return f"{run.status} (no engine; resume)" if is_orphan else run.status


def unit_table(units: Iterable[UnitRow], now: datetime) -> list[str]:
    titles = ("unit", "assignment", "index", "worker", "state", "age", "took", "pay", "preview")
    return table(
        titles,
        (
            (
                unit.id,
                unit.assignment_id,
                unit.unit_index,
                unit.worker_name,
                unit.status,
                rough_age(unit.status_at, now),
                None if unit.seconds_worked is None else duration(unit.seconds_worked),
                amount(unit.pay_cents),
                unit.preview,
            )
            for unit in units
        ),
    )


def agent_table(agents: Iterable[AgentRow], now: datetime) -> list[str]:
    return table(
        ("agent", "worker", "state", "unit", "since", "last seen"),
        (
            (
                agent.id,
                agent.worker_name,
                agent.status,
                agent.unit_id,
                (age if agent.status in LIVE_AGENT else rough_age)(agent.status_at, now),
                age(agent.last_seen_at, now),
            )
            for agent in agents
        ),
    )


def worker_table(workers: Iterable[WorkerRow]) -> list[str]:
    return table(
        ("worker", "name", "live", "done", "lost", "accepted", "rejected", "paid", "blocked"),
        (
            (
                worker.id,
                worker.name,
                worker.live,
                worker.done,
                worker.lost,
                worker.accepted,
                worker.rejected,
                amount(worker.paid_cents),
                "blocked" if worker.is_blocked else "",
            )
            for worker in workers
        ),
    )


def detail_lines(detail: Detail, now: datetime) -> list[str]:
    """A unit, an agent or a worker in the words of its screen, nothing wrapped."""
    from mephisto_tui.view.details import page_rows, side_rows

    shown = [*page_rows(detail, now, UNWRAPPED), *side_rows(detail, now, UNWRAPPED)]
    lines = ["".join(span.text for span in row.line)[1:].rstrip() for row in shown]
    return lines if not lines or lines[-1] else lines[:-1]


def section_text(sections: Sequence[Section], fault: str = "") -> list[str]:
    """The data of a unit in the words of its review, nothing wrapped."""
    from mephisto_tui.view.sections import fault_line, section_lines

    shown = [fault_line(fault, UNWRAPPED)] if fault else []
    shown += section_lines(sections, UNWRAPPED)
    return ["".join(span.text for span in spans)[1:].rstrip() for spans in shown]


def log_line(row: LogRow) -> str:
    """One event as one line: when, how grave, which run, what."""
    run = NOTHING if row.run_id is None else str(row.run_id)
    return f"{moment(row.at)}  {row.level:<5}  {run:>4}  {_cell(row.text)}"


def finding_lines(findings: Iterable[Finding]) -> list[str]:
    """What the doctor found, each with what to do about it on a line of its own."""
    shown = list(findings)
    left = max((width(_cell(finding.name)) for finding in shown), default=0)
    lines = []
    for finding in shown:
        name = _pad(_cell(finding.name), left, False)
        lines.append(GAP.join((f"{finding.level:<5}", name, _cell(finding.text))))
        if finding.hint:
            lines.append(GAP.join((" " * 5, " " * left, _cell(finding.hint))))
    return lines


def plugin_table(plugins: Iterable[PluginInfo]) -> list[str]:
    return table(
        ("kind", "name", "from", "version", "state"),
        (
            (plugin.kind, plugin.name, plugin.distribution, plugin.version, plugin.error or "ok")
            for plugin in plugins
        ),
    )


def option_lines(sections: Mapping[str, Iterable[ArgInfo]]) -> list[str]:
    """The options of each part under its heading."""
    lines: list[str] = []
    for title, options in sections.items():
        rows = [
            (
                option.name,
                _short_type(option.type),
                "required" if option.is_required else repr(option.default),
                option.help + _choices(option),
            )
            for option in options
        ]
        lines += ["", f"{title}:", *table(("option", "type", "default", "help"), rows)]
    return lines[1:]


def moment(at: datetime | None) -> str:
    """Local time to the second."""
    return NOTHING if at is None else date_time(at)


def _choices(option: ArgInfo) -> str:
    return f" (one of: {', '.join(map(str, option.choices))})" if option.choices else ""


def _short_type(name: str) -> str:
    """A type without the modules its parts come from, and no longer than it helps."""
    return clean(re.sub(r"[a-z_]+\.(?=[A-Za-z])", "", name), TYPE_CELLS)


def _total(run: RunRow) -> str:
    return f"{run.total}{'' if run.is_total_final else '+'}"


def _cell(value: Any) -> str:
    """One value as safe text that cannot break its line; what is absent shows as a dash."""
    text = "" if value is None else clean(str(value))
    return text.strip() or NOTHING


def _is_number(text: str) -> bool:
    return text == NOTHING or text.rstrip("+").replace(".", "", 1).removeprefix("-").isdigit()


def _pad(text: str, cells: int, is_right: bool) -> str:
    blanks = " " * (cells - width(text))
    return blanks + text if is_right else text + blanks
