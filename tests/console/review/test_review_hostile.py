"""Whatever workers send is shown, breaks no frame and obeys nobody but the operator."""

from __future__ import annotations

import json

import pytest
from console_world import HOSTILE
from review_desk import (
    LARGE,
    SMALL,
    Desk,
    look,
    press,
)

from mephisto_tui.safe_text import is_harmless, width


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_hostile_answers_are_shown_and_obeyed_by_nobody(
    open_db, console, screen_text, golden, size
):
    text = HOSTILE.replace("\ud800", "")  # no JSON parser takes half a surrogate
    hostile = [json.dumps({"text": text, text[:40]: ["\u202eabc", "[bold]x[/bold]"]})]
    desk = Desk(*open_db, hostile, ("\u202ehelp\x1b[2J", "b"))
    text = await look(console(desk), screen_text, size)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "control codes shown" in text
    golden(f"review-hostile-{size[0]}x{size[1]}", text)


def nested(depth: int, beginning: str, end: str) -> str:
    return beginning * depth + "1" + end * depth


ODD = {
    "long": json.dumps({"text": "x" * 1_000_000}),
    "long-codes": json.dumps({"text": "\x1b[31m" * 100_000}),
    "deep-lists": nested(1000, "[", "]"),
    "deep-dicts": nested(1000, '{"a":', "}"),
    "too-deep": nested(5000, "[", "]"),
    "wide": json.dumps({f"key {n}": n for n in range(10_000)}),
    "long-key": json.dumps({"k" * 100_000: 1}),
    "list": json.dumps(list(range(100_000))),
    "table": json.dumps({"rows": [{"token": "\u202e" * 50, "n": n} for n in range(3000)]}),
    "right-to-left": json.dumps({"text": "\u202eשלום עולם " * 2000}),
    "marks": json.dumps({"text": "e" + "\u0301" * 10_000, "z": "\u200b" * 10_000}),
    "wide-letters": json.dumps(
        {"日本語" * 20: "日本語" * 5000, "family": "👩\u200d👩\u200d👧" * 500}
    ),
    "lines": json.dumps({"text": "\n\r\t\v\f" * 10_000}),
    "markup": json.dumps({"[bold]": "[/x][@click=app.quit]quit[/] [link=file:///etc]x[/link]"}),
    "number": '{"n": ' + "9" * 4000 + "}",
    "no-json": "not json at all",
    "null": "null",
    "text": json.dumps("just text"),
    "nested": json.dumps({"a": {"b": [1, {"c": None}]}}),
    "empty": "{}",
}


def assert_frame_holds(text: str, size: tuple[int, int]) -> None:
    """Every line fits, and each that begins with an edge ends with one, in the last cell."""
    assert len(text.splitlines()) == size[1]
    for row in text.splitlines():
        assert width(row) <= size[0]
        assert is_harmless(row)
        if row.startswith("│"):
            assert row.endswith("│")
            assert width(row) == size[0]


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
@pytest.mark.parametrize("grouping", ["worker", "item"])
async def test_odd_answers_are_shown_and_break_no_frame(
    open_db, console, screen_text, size, grouping
):
    workers = ("alice", "bob") * (len(ODD) // 2)
    app = console(Desk(*open_db, list(ODD.values()), workers, per_item=2))
    async with app.run_test(size=size) as pilot:
        await press(pilot, "2", *(["o"] if grouping == "item" else []))
        for _ in ODD:
            assert_frame_holds(screen_text(app), size)
            await press(pilot, "pagedown")
            assert_frame_holds(screen_text(app), size)
            await press(pilot, "j")


async def test_odd_answers_are_there_raw_and_can_be_decided(open_db, console, screen_text):
    desk = Desk(*open_db, list(ODD.values()), ("alice",) * len(ODD))
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2")
        for _ in ODD:
            await press(pilot, "v", "G")
            assert "raw" in screen_text(app)
            assert_frame_holds(screen_text(app), SMALL)
            await press(pilot, "q", "a")
        assert sorted(desk.staged()) == desk.units


@pytest.mark.parametrize(
    ("name", "end"), [("long", "xxx"), ("deep-lists", "]]]"), ("no-json", "all")]
)
async def test_all_of_an_answer_is_there_raw(open_db, console, screen_text, name, end):
    app = console(Desk(*open_db, [ODD[name]], ("alice",)))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "v")
        text = app.screen.raw().text
        assert ODD[name] in text
        await press(pilot, "G")
        assert end in screen_text(app)


async def test_what_workers_call_a_token_is_no_secret_of_ours(open_db, console, screen_text):
    answer = {"spans": {"first": [{"token": "cat", "api_key": "x1"}, 2]}}
    app = console(Desk(*open_db, [json.dumps(answer)], ("alice",)))
    async with app.run_test(size=LARGE) as pilot:
        await press(pilot, "2")
        assert '"token": "cat"' in screen_text(app)
        await press(pilot, "v")
        assert '"api_key": "x1"' in screen_text(app)
