from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mephisto_engine.operations.watching.snapshot import (
    AgentRow,
    LogRow,
    RunRow,
    UnitRow,
    WorkerRow,
)
from mephisto_tui import plain
from mephisto_tui.safe_text import width

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOSTILE = "\x1b[2Jx\r\n\t\x9b\u202e\u2028\x00[red]y[/]"
STATUSES = (
    "created",
    "launched",
    "assigned",
    "completed",
    "accepted",
    "soft_rejected",
    "rejected",
    "expired",
)


def make_run(**changes: Any) -> RunRow:
    columns: dict[str, Any] = {
        "id": 3,
        "task_name": "rate",
        "provider_type": "mock",
        "architect_type": "local",
        "blueprint_type": "static_task",
        "status": "live",
        "status_reason": "",
        "url": "http://127.0.0.1:3000",
        "units": {**dict.fromkeys(STATUSES, 0), "completed": 2, "launched": 5},
        "total": 7,
        "is_total_final": True,
        "pay_cents": 30,
        "cost_cents": 60,
        "committed_cents": 150,
        "budget_cents": None,
        "created_at": NOW - timedelta(hours=3, minutes=12),
        "started_at": NOW,
        "ended_at": None,
        "is_driven": True,
        "is_sandbox": False,
    }
    return RunRow(**{**columns, **changes})


def test_columns_are_aligned_under_their_titles() -> None:
    assert plain.table(("id", "name"), [(1, "ada"), (200, "b")]) == [
        " ID  NAME",
        "  1  ada",
        "200  b",
    ]


def test_columns_are_aligned_by_terminal_cells_and_not_by_characters() -> None:
    lines = plain.table(("name", "n"), [("日本", 1), ("e\u0301", 2), ("abcd", 3)])

    assert {width(line) for line in lines} == {7}


def test_a_table_without_rows_has_no_lines() -> None:
    assert plain.table(("id",), []) == []


def test_what_is_absent_shows_as_a_dash() -> None:
    assert plain.table(("a", "b"), [(None, ""), (1, "x")])[1] == "-  -"


def test_run_table_counts_what_is_done() -> None:
    title, row = plain.run_table([make_run()], NOW)

    assert title.split()[:4] == ["RUN", "TASK", "BY", "STATE"]
    assert row.split() == [
        *("3", "rate", "mock", "live", "2", "7", "0.60", "2", "3h12m"),
        "http://127.0.0.1:3000",
    ]


def test_a_total_that_may_still_grow_says_so() -> None:
    assert " 7+ " in plain.run_table([make_run(is_total_final=False)], NOW)[1]


def test_a_live_run_that_no_engine_drives_says_what_to_do() -> None:
    assert "no engine; resume" in plain.run_table([make_run(is_driven=False)], NOW)[1]
    assert "no engine" not in plain.run_table([make_run(is_driven=False, status="stopped")], NOW)[1]


def test_run_facts_tell_every_status_that_has_units() -> None:
    lines = plain.run_facts(make_run(), NOW, "http://127.0.0.1:3000/?worker_id=")

    assert any("launched 5, completed 2" in line for line in lines)
    assert any(line.startswith("worker link  ") for line in lines)


def every_table_with(text: str) -> list[str]:
    unit = UnitRow(1, 2, 0, text, 4, text, 30, NOW, None, text)
    agent = AgentRow(1, 2, text, 3, text, NOW, NOW, None, None)
    worker = WorkerRow(1, text, 0, 1, 0, 0, 0, 30, is_blocked=True)
    run = make_run(task_name=text, status_reason=text, url=text, provider_type=text)
    return [
        *plain.unit_table([unit], NOW),
        *plain.agent_table([agent], NOW),
        *plain.worker_table([worker]),
        *plain.run_table([run], NOW),
        *plain.run_facts(run, NOW, text),
        *plain.facts([("x", text)]),
        plain.log_line(LogRow(1, NOW, "info", 3, text)),
    ]


def test_hostile_text_cannot_steer_the_terminal_or_break_its_line() -> None:
    harmless = every_table_with("x")
    lines = every_table_with(HOSTILE)

    assert len(lines) == len(harmless)
    assert all(line.isprintable() for line in lines)


def test_markup_is_text() -> None:
    assert any("[red]y[/]" in line for line in every_table_with(HOSTILE))


@pytest.mark.parametrize("level", ["info", "warn", "error"])
def test_log_lines_begin_in_the_same_columns(level: str) -> None:
    line = plain.log_line(LogRow(9, NOW, level, None, "something happened"))

    assert line[19:21] == "  "
    assert line.index("something") == 34
