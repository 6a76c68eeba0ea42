"""What is printed is what the screens show: the same words and figures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from console_world import NOW, ago, hostile_world, normal_world

from mephisto_engine.operations.watching.snapshot import View
from mephisto_tui import plain
from mephisto_tui.safe_text import is_harmless
from mephisto_tui.view.live_lines import run_in_words, troubles_in_words
from mephisto_tui.view.rows import AGENTS, LISTS, RUNS, UNITS, WORKERS
from mephisto_tui.view.run_panels import strip
from mephisto_tui.view.statuses import by_shown_word

WORLD = normal_world()
TABLES = [
    (RUNS, WORLD.runs, lambda rows: plain.run_table(rows, NOW)),
    (UNITS, WORLD.units, lambda rows: plain.unit_table(rows, NOW)),
    (AGENTS, WORLD.agents, lambda rows: plain.agent_table(rows, NOW)),
    (WORKERS, WORLD.workers, plain.worker_table),
]
DRAWN = set("▆▁▲●◐○✓✗⊘?~ ")
"""What a screen draws beside its words."""


@pytest.mark.parametrize(("spec", "rows", "print_rows"), TABLES, ids=lambda part: str(part)[:12])
def test_each_cell_of_a_screen_is_printed(spec, rows, print_rows):
    words = by_shown_word(spec.statuses)
    for row in rows:
        _titles, printed = print_rows([row])
        for column, span in zip(spec.columns, spec.cells(row, NOW), strict=True):
            shown = span.text.strip("".join(DRAWN))
            if not shown or column.title in ("NOTE", "LEFT"):
                continue
            parts = shown.split("/") if column.title == "DONE" and spec is RUNS else [shown]
            assert all(words.get(part, part) in printed for part in parts), (column.title, shown)


def test_every_list_has_its_printed_twin():
    assert set(LISTS) == {spec.name for spec, _rows, _print in TABLES}


def test_a_run_in_words_has_the_figures_of_its_screen():
    words = run_in_words(WORLD, WORLD.run)
    screen = "\n".join(
        "".join(span.text for span in line) for line in strip(WORLD, WORLD.run, NOW, 160)
    )
    assert words.startswith("chat-safety-v3 ● live · 312/759 done · launched 441")
    for figure in ("$93.60 of $240.00 cap", "6.8/min", "1h05m", "6 in task", "accepted 270"):
        assert figure in words
        assert figure in screen


def test_of_another_run_only_what_is_known_is_said():
    words = run_in_words(WORLD, WORLD.runs[1])
    assert words == (
        "image-caption-qa ● live · 58/60 done · launched 2 · assigned 0 · completed 8"
        " · accepted 50 · $41.10, no cap"
    )


def test_trouble_is_told_in_the_words_of_the_banners():
    health = replace(WORLD.health, renewed_at=ago(seconds=12), trouble="throttled")
    found = troubles_in_words(replace(WORLD, health=health), NOW)
    assert found["engine"].startswith("⚠ engine silent 12s; last event 14:22:05 agent 5521")
    assert found["throttled"] == "⚠ publishing fails: throttled"
    assert troubles_in_words(WORLD, NOW) == {}


def test_a_disk_that_fills_up_is_told():
    health = replace(WORLD.health, disk_free_bytes=1)
    found = troubles_in_words(replace(WORLD, health=health), NOW)
    assert list(found) == ["machine"]


def test_nothing_that_is_printed_steers_a_terminal():
    world = replace(hostile_world(), view=View(run_id=142))
    assert is_harmless(run_in_words(world, world.run))
