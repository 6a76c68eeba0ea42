"""How the answers of each blueprint read in review, and what they are looked at for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mephisto_blueprints.form import FormBlueprint
from mephisto_blueprints.mock import MockBlueprint
from mephisto_blueprints.parlai_chat import ParlAIChatBlueprint
from mephisto_blueprints.remote_procedure import RemoteProcedureBlueprint
from mephisto_blueprints.static_task import StaticTaskBlueprint
from mephisto_engine.abstractions.review_view import (
    Pairs,
    SubmittedData,
    Transcript,
    Turn,
)
from mephisto_engine.data_model.answers import UpdateRecord

AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def at(seconds):
    return AT + timedelta(seconds=seconds)


def said(*bodies, start=0):
    return [
        UpdateRecord(at(start + place), is_from_worker, body)
        for place, (is_from_worker, body) in enumerate(bodies)
    ]


def checks(blueprint, data):
    return [(check.result, check.text) for check in blueprint.review_checks(data)]


def form(*fields):
    return {
        "title": "Rate",
        "sections": [{"fieldsets": [{"rows": [{"fields": list(fields)}]}]}],
    }


RATING = {
    "type": "radio", "name": "rating", "label": "Rating", "validators": {"required": True},
    "options": [{"label": "very good", "value": 5}, {"label": "bad", "value": 1}],
}  # fmt: skip
WHY = {"type": "textarea", "name": "why", "label": "Why?", "validators": {"minLength": 20}}
COLOURS = {
    "type": "checkbox", "name": "colours", "label": "Colours",
    "options": [{"label": "Red", "value": "red"}, {"label": "Blue", "value": "blue"}],
}  # fmt: skip


def answered(*fields, **answer):
    return SubmittedData({"form": form(*fields)}, answer)


def test_a_form_reads_as_questions_with_the_words_that_were_chosen():
    ticked = {"red": True, "blue": False}
    data = answered(RATING, WHY, COLOURS, rating="5", why="because", colours=ticked, more="x")
    assert FormBlueprint.review_sections(data)[-1] == Pairs(
        "ANSWER",
        (
            ("Rating", "very good (5)"),
            ("Why?", "because"),
            ("Colours", ["Red (red)"]),
            ("more", "x"),
        ),
    )


def test_a_form_is_looked_at_for_its_own_rules():
    sound = answered(RATING, WHY, rating="5", why="x" * 61)
    assert checks(FormBlueprint, sound) == [
        ("passed", "answered the required field"),
        ("passed", "Why?: 61 characters, minimum 20"),
    ]
    short = answered(RATING, WHY, COLOURS, rating=" ", why="short", colours={"green": True})
    assert checks(FormBlueprint, short) == [
        ("failed", "1 of 1 required fields empty: Rating"),
        ("failed", "Why?: 5 characters, minimum 20"),
        ("failed", "Colours: green cannot be chosen"),
    ]


@pytest.mark.parametrize(
    "broken", [3, {"sections": 7}, form(None, 3, {"name": 4}, {**RATING, "options": 3})]
)
def test_a_form_that_is_none_is_looked_at_all_the_same(broken):
    data = SubmittedData({"form": broken}, {"rating": "5"})
    assert FormBlueprint.review_sections(data)
    assert checks(FormBlueprint, data)


def test_the_html_of_a_static_task_says_what_is_required(tmp_path: Path):
    html = tmp_path / "task.html"
    html.write_text(
        '<input name="${q}-rating" required><textarea name="why" minlength="9" maxlength="12">'
    )
    args = {"task_source": str(html)}
    data = SubmittedData({"q": "one"}, {"one-rating": "", "why": "too short to be"}, args=args)
    assert checks(StaticTaskBlueprint, data) == [
        ("failed", "1 of 1 required fields empty: one-rating"),
        ("passed", "why: 15 characters, minimum 9"),
        ("failed", "why: 15 characters, maximum 12"),
    ]
    html.unlink()
    assert checks(StaticTaskBlueprint, data) == [("odd", "1 of 2 fields empty: one-rating")]


def test_a_static_task_shows_neither_its_own_file_nor_places_of_files():
    data = SubmittedData({"text": "x", "html": "task.html"}, {"feeling": "sad", "file1": {}})
    assert StaticTaskBlueprint.review_sections(data) == [
        Pairs("PROMPT", (("text", "x"),)),
        Pairs("ANSWER", (("feeling", "sad"),)),
    ]


def test_any_answer_is_looked_at_for_what_is_empty():
    answer = {"a": "x", "b": " ", "c": None, "file1": {}}
    assert checks(MockBlueprint, SubmittedData({}, answer)) == [
        ("odd", "2 of 3 fields empty: b, c")
    ]
    for nothing in ({}, "", [], None):
        assert checks(MockBlueprint, SubmittedData({}, nothing)) == [
            ("failed", "nothing was handed in")
        ]


def test_a_chat_reads_with_its_times_and_is_looked_at_for_what_the_worker_said():
    history = said(
        (False, {"id": "bot", "text": "Hi!"}),
        (True, {"id": "worker", "text": "yes"}),
        (False, {"task_data": {"live_update_requested": True}}),
        (True, {"id": "worker", "text": "Yes "}),
        (True, {"id": "worker", "text": "yes"}),
    )
    data = SubmittedData({"topic": "wax"}, {}, history)
    (chat,) = [
        section
        for section in ParlAIChatBlueprint.review_sections(data)
        if isinstance(section, Transcript)
    ]
    assert chat.turns[0] == Turn("bot", "Hi!", at(0))
    assert [turn.at for turn in chat.turns] == [at(0), at(1), at(3), at(4)]
    assert checks(ParlAIChatBlueprint, data) == [
        ("passed", "3 messages, 3 characters at the median"),
        ("odd", "3 of 3 messages are the same"),
    ]
    assert checks(ParlAIChatBlueprint, SubmittedData({}, {}, history[:1])) == [
        ("failed", "the worker said nothing")
    ]


def test_calls_read_with_arguments_results_times_and_failures():
    history = said(
        (True, {"request_id": "a", "target": "suggest", "args": '{"title": "x"}'}),
        (True, {"request_id": "b", "target": "slow", "args": None}),
        (False, {"handles": "a", "response": '"a better title"'}),
        (False, {"failed": "b", "kind": "timeout", "error": "took longer than 30 s"}),
        (False, {"handles": "b", "response": '{"error": {"kind": "timeout"}}'}),
        (True, {"request_id": "c", "target": "gone", "args": "[1]"}),
        (True, {"request_id": "d", "target": "check", "args": "null"}),
        (False, {"failed": "d", "kind": "failed", "error": "Traceback\n …\nKeyError: 'x'\n"}),
        (False, {"update_id": "u", "note": "saved"}),
    )
    data = SubmittedData({}, {"headline": "x"}, history)
    (calls,) = [
        section
        for section in RemoteProcedureBlueprint.review_sections(data)
        if isinstance(section, Transcript)
    ]
    assert list(calls.turns) == [
        Turn("suggest", '{"title": "x"}', at(0)),
        Turn("", "→ a better title", at(2)),
        Turn("slow", "", at(1)),
        Turn("", "✗ timeout: took longer than 30 s", at(4), is_bad=True),
        Turn("gone", "[1]", at(5)),
        Turn("", "✗ no answer", is_bad=True),
        Turn("check", "", at(6)),
        Turn("", "✗ KeyError: 'x'", None, is_bad=True),
        Turn("task", '{"note":"saved"}', at(8)),
    ]
    assert checks(RemoteProcedureBlueprint, data) == [
        ("odd", "2 of 4 calls failed: failed, timeout"),
        ("passed", "answered every field"),
    ]
