"""How the data of a unit are drawn, whatever they are."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest
from console_world import HOSTILE

from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.abstractions.review_view import (
    Check,
    Checks,
    Compared,
    Comparison,
    Files,
    Grid,
    Json,
    Moment,
    Pairs,
    Timeline,
    Transcript,
    Turn,
    sections_of,
)
from mephisto_engine.data_model.records import GOLD_INDEX
from mephisto_engine.operations.reading.unit_sections import Beside, read_sections
from mephisto_engine.operations.runs.run_setup import RunSetup
from mephisto_engine.testing.hostile_data import odd_data
from mephisto_tui.safe_text import is_harmless
from mephisto_tui.view.sections import section_lines
from mephisto_tui.view.spans import line_width

AT = datetime(2026, 11, 23, 14, 22, 7, tzinfo=UTC)
SPANS = [
    {"start": 0, "end": 12, "label": "person", "why": "a name " * 20},
    {"start": 40, "end": 51, "label": "place"},
]
DEEP: list = []
for _ in range(sys.getrecursionlimit()):
    DEEP = [DEEP]


def drawn(*sections, cells=78):
    return ["".join(span.text for span in line) for line in section_lines(sections, cells)]


def every_kind(text):
    value = {text: [text, {text: text}]}
    return [
        Pairs(text, [(text, value), (text, text)]),
        Transcript(text, [Turn(text, text, AT), Turn("", text, None, is_bad=True)]),
        Grid(text, [text, text], [[text, 1], [value, None], [text]]),
        Comparison(text, [Compared(text, value, text, False), Compared(text, text, text, True)]),
        Checks(text, [Check("passed", text), Check("failed", text), Check("odd", text)]),
        Files(text, [(text, text, 7)]),
        Timeline(text, [Moment(AT, text), Moment(AT, text, is_bad=True)]),
        Json(text, value),
    ]


@pytest.mark.parametrize("cells", [30, 78, 158, 1_000_000])
def test_hostile_text_has_no_power_in_any_section(cells):
    assert all(map(is_harmless, drawn(*every_kind(HOSTILE), cells=cells)))


@pytest.mark.parametrize("cells", [40, 78, 158])
def test_tables_transcripts_and_comparisons_keep_to_their_cells(cells):
    said = [Turn("ann", "word " * 90, AT), Turn("", "x" * 900, AT)]
    shown = [
        *sections_of("ANSWER", {"spans": SPANS, "why": "word " * 90}),
        Transcript("CHAT", said),
        Comparison("GOLD", [Compared("why", "word " * 90, "x" * 500, False)]),
        Checks("CHECKS", [Check("odd", "word " * 90), Check("passed", "short")]),
    ]
    assert max(map(line_width, section_lines(shown, cells))) <= cells


def test_like_records_read_as_a_table_beside_the_other_fields():
    lines = drawn(*sections_of("ANSWER", {"spans": SPANS, "note": "none"}))
    assert [line.strip() for line in lines[:2]] == ["ANSWER", "note  none"]
    assert lines[3] == " ANSWER · spans"
    assert lines[4].split() == ["start", "end", "label", "why"]
    assert lines[5].split()[:4] == ["0", "12", "person", "a"]
    assert lines[-1].split() == ["40", "51", "place"]


def test_records_that_are_not_alike_are_no_table():
    for odd in ([{"a": 1}, {"b": 2, "c": 3, "d": 4}], [{"a": 1}, 2], [{}], [[1]], []):
        assert sections_of("ANSWER", odd) == [Json("ANSWER", odd)]


def test_a_table_that_is_too_wide_stands_record_by_record():
    wide = [{f"column {n}": n for n in range(12)}]
    lines = drawn(*sections_of("ANSWER", wide), cells=60)
    assert lines[1] == "  1."
    assert lines[2].split() == ["column", "0", "0"]


def test_a_wrong_field_says_what_was_expected():
    rows = [Compared("feeling", "pleased", "neutral", False), Compared("sure", "yes", "yes", True)]
    assert drawn(Comparison("GOLD", rows)) == [
        " GOLD   1 of 2 right",
        "  ✗ feeling   neutral",
        "    expected  pleased",
        "  ✓ sure      yes",
    ]


def test_short_checks_stand_side_by_side_and_long_ones_below_each_other():
    rows = [Check("passed", "one"), Check("failed", "two"), Check("odd", "word " * 30)]
    lines = drawn(Checks("CHECKS", rows), cells=60)
    assert lines[1] == f"{'  ✓ one':<30}  ✗ two"
    assert lines[2].startswith("  ▲ word word")
    assert len(drawn(Checks("CHECKS", rows), cells=1_000_000)) == 4


def test_nothing_is_cut_off_where_lines_have_no_end():
    long = "word " * 2000
    (title, shown) = drawn(Pairs("ANSWER", [("why", long)]), cells=1_000_000)
    assert title == " ANSWER"
    assert shown.count("word") == 2000


def test_what_python_cannot_lay_out_is_said():
    assert any("nested too deeply" in line for line in drawn(Json("ANSWER", DEEP)))


@pytest.mark.parametrize(
    "kind", ["mock", "static_task", "static_react_task", "form", "parlai_chat", "remote_procedure"]
)
def test_whatever_the_blueprints_make_of_odd_data_has_no_power(kind):
    registry = Registry()
    setup = RunSetup(1, kind, {})
    beside = Beside(GOLD_INDEX, {"a": HOSTILE, "form": [1]}, Files("FILES", ()), ())
    for data in odd_data({"form": {"title": "x"}, "text": "y"}, {"a": "b"}):
        reading = read_sections(data, beside, setup, registry)
        assert reading.fault == ""
        lines = drawn(*reading.sections)
        assert all(map(is_harmless, lines))
        assert len(lines) < 5000


def test_long_names_have_a_third_of_the_room():
    rows = [("How does the writer of the review feel about it?", "neutral")]
    assert "How does the writer of …  neutral" in drawn(Pairs("ANSWER", rows), cells=60)[1]
    assert (
        "How does the writer of the review feel about it?" in drawn(Pairs("A", rows), cells=160)[1]
    )
