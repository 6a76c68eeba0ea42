from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from mephisto_engine.operations.watching.snapshot import LogRow
from mephisto_tui.cli.output import put_json, say

HOSTILE = "\x1b]0;owned\x07 \x9b2J \x7f \u202e \ud800 [bold]x[/] ✓ \r\n"


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_json_brings_hostile_text_unchanged_and_harmless(
    capsys: pytest.CaptureFixture[str],
) -> None:
    put_json({"answer": HOSTILE})

    text = printed(capsys)
    assert json.loads(text) == {"answer": HOSTILE}
    assert all(letter == "\n" or letter.isprintable() for letter in text)
    assert text.isascii()


def test_rows_become_objects_and_moments_become_iso_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    put_json([LogRow(1, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "info", None, "x")])

    assert json.loads(printed(capsys)) == [
        {"id": 1, "at": "2026-01-02T03:04:05+00:00", "level": "info", "run_id": None, "text": "x"}
    ]


@pytest.mark.parametrize("value", [{"a": [1, {"b": None}]}, [], "x"])
def test_a_json_line_is_one_line(value: Any, capsys: pytest.CaptureFixture[str]) -> None:
    put_json(value, is_line=True)

    text = printed(capsys)
    assert text.count("\n") == 1
    assert json.loads(text) == value


def test_words_go_to_stderr_and_keep_their_lines(capsys: pytest.CaptureFixture[str]) -> None:
    say("one\ntwo \x1b[31m")

    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 2
    assert "\x1b" not in captured.err
