"""The review screen over a real database: how it looks, and what every key of it does."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from console_world import HOSTILE, NOW, FakeBridge
from other_keys import OTHER, other, usual_keys_in
from textual import events

from mephisto_engine.data_model import Agent, Decision, GrantedQualification, Unit
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import runs as run_ops
from mephisto_engine.database.operations import workers as worker_ops
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.database.operations.runs import NewAssignment
from mephisto_engine.operations.reviewing.review import Review
from mephisto_engine.testing.clock import FakeClock
from mephisto_tui.commands import commands_for
from mephisto_tui.safe_text import is_harmless, width
from mephisto_tui.screens.menu import DialogScreen
from mephisto_tui.screens.prompt import PromptScreen

sys.path.append(str(Path(__file__).parent.parent / "review"))

from review_world import QUICK, ReviewedRun, ledger_of

LOOKS = 5000
SMALL, LARGE = (80, 24), (160, 50)
WORKERS = ("A2X9K1", "A3VV02", "A2X9K1", "A0LLR4", "A2X9K1", "A3VV02")
ANSWER = {
    "rating": "safe (1 of 5)",
    "why": "the advice is ok but it should say to use low heat or you can burn it \x1b[31m",
}


class Desk:
    """A database with submitted units, and a console over it."""

    def __init__(
        self,
        home: Path,
        db: MephistoDB,
        answers: list[str],
        workers: tuple[str, ...],
        per_item: int = 1,
    ):
        """Unit n has the n-th answer, from the first again after the last, by the n-th worker."""
        self.home, self.db = home, db
        changes = {"task_name": "chat-safety-v3", "blueprint_type": "static_task", "pay_cents": 30}
        self.run = ReviewedRun(db, home, **changes, unit_cost_cents=30)
        prompt = {"prompt": "Rate the reply for safety and say why."}
        number = len(workers) // per_item
        items = [NewAssignment(n, json.dumps(prompt), ("{}",) * per_item) for n in range(number)]
        stored = self.run.stored
        stored.units = db.write_now(run_ops.add_assignments, stored.id, items, 30, True)
        db.write_now(run_ops.launch_units, stored.id, [unit for unit, _ in stored.units])
        for place, worker in enumerate(workers):
            db.clock.advance(30)
            arrived = stored.arrive(worker, place)
            db.clock.advance(90 + place)
            stored.submit(arrived, answers[place % len(answers)])
        self.units = [unit for unit, _ in stored.units]
        self.review = Review(db, home, "operator:me", patience=QUICK)

    def attach(self, place: int, name: str, data: bytes) -> Path:
        """A file that came with the answer of a unit."""
        agent = Agent.select(Agent.id).where(Agent.unit == self.units[place])
        ((agent_id,),) = self.db.stream(agent)
        folder = self.home / "runs" / str(self.run.stored.id) / "uploads"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / sha256(name.encode() + data).hexdigest()
        path.write_bytes(data)
        row = {
            "agent": agent_id, "field_name": "file", "original_name": name, "sha256": "",
            "stored_name": path.name, "mime_type": "text/plain", "size": len(data),
            "created_at": 0,
        }  # fmt: skip
        self.db.write_now(lambda tx: tx.insert("upload", **row))
        return path

    def staged(self) -> dict[int, str]:
        return {row.unit_id: row.verdict for row in self.review.staged()}


@pytest.fixture
def clock_of_db() -> FakeClock:
    clock = FakeClock()
    clock.set_wall_clock(NOW - timedelta(hours=1))
    return clock


@pytest.fixture
def open_db(tmp_path, clock_of_db):
    home = tmp_path / "home"
    with MephistoDB.open(str(home / "data.db"), home=home, clock=clock_of_db) as db:
        yield home, db


@pytest.fixture
def desk(open_db) -> Desk:
    return Desk(*open_db, [json.dumps(ANSWER)], WORKERS)


@pytest.fixture
def items(open_db) -> Desk:
    """Three workers on each of two items; about the second they do not agree."""
    long = ANSWER["why"]
    said = (
        ("safe", 2, "fine"), ("safe", 2, long), ("safe", 2, "it is"),
        ("unsafe", 1, "fire"), ("safe", 3, "see above"), ("unsafe", 2, long),
    )  # fmt: skip
    answers = [json.dumps({"rating": r, "clarity": c, "why": w}) for r, c, w in said]
    return Desk(*open_db, answers, ("A2X9K1", "A3VV02", "A0LLR4") * 2, per_item=3)


@pytest.fixture
def console(make_app):
    """A console over the desk's database."""

    def make(desk, **options):
        return make_app(bridge=FakeBridge(reviewer=desk.review), **options)

    return make


async def press(pilot, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


async def settled(pilot) -> None:
    """Until nothing is being read or stored: what keys begin goes on beside the screen."""
    await pilot.pause()
    for _ in range(LOOKS):
        if not is_at_work(pilot.app):
            break
        await asyncio.sleep(0.002)
    else:
        raise AssertionError("something goes on and on")
    await pilot.pause()


def is_at_work(app) -> bool:
    """Whether something is under way that waits for no answer of the operator's."""
    if isinstance(app.screen, DialogScreen):
        return False
    return any(not worker.is_finished for worker in app.workers)


async def typed(pilot, text: str) -> None:
    await pilot.press(*(character if character != " " else "space" for character in text))
    await press(pilot, "enter")


async def look(app, screen_text, size, *keys: str) -> str:
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await press(pilot, "2", *keys)
        app.tick()
        await pilot.pause()
        return screen_text(app)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("review", ()),
        ("review-staged", ("a", "a", "p")),
        ("review-send", ("a", "w")),
        ("review-zoomed", ("z",)),
        ("review-worker", ("tab",)),
        ("review-queue", ("tab", "tab")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_the_review_looks_as_stored(desk, console, screen_text, golden, size, name, keys):
    text = await look(console(desk), screen_text, size, *keys)
    golden(f"{name}-{size[0]}x{size[1]}", text)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_what_an_items_units_agree_on_is_said(items, console, screen_text, golden, size):
    text = await look(console(items), screen_text, size, "o")
    assert "agreement on 2 of 2 fields" in text
    golden(f"review-agreed-{size[0]}x{size[1]}", text)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_an_items_units_stand_side_by_side(items, console, screen_text, golden, size):
    text = await look(console(items), screen_text, size, "o", "a", "p", "j", "space", "J", "j")
    golden(f"review-by-item-{size[0]}x{size[1]}", text)


async def test_an_items_units_are_gone_through_as_they_stand(open_db, console):
    desk = Desk(*open_db, ["{}"], ("a", "b", "c"), per_item=3)
    first, *others = desk.units
    late = Unit.update(status_at=Unit.status_at + 3_600_000).where(Unit.id == first)
    desk.db.write_now(lambda tx: tx.select(late))
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "o")
        assert [unit.unit_id for unit in app.screen.queue.units] == [first, *others]


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


async def test_a_unit_takes_one_key(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "p", "a", "a", "p", "a")
        assert sorted(desk.staged()) == sorted(desk.units)
        assert list(desk.staged().values()).count("accepted") == 4


async def test_keys_that_come_at_once_are_about_one_unit_each(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2")
        await pilot.press("a", "p", "a", "p")
        await pilot.pause()
        assert sorted(desk.staged().values()) == ["accepted"] * 2 + ["soft_rejected"] * 2


async def test_reject_asks_for_the_reason_and_needs_one(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "r", "escape")
        assert desk.staged() == {}
        await press(pilot, "r")
        await typed(pilot, "empty")
        (row,) = desk.review.staged()
        assert (row.verdict, row.note, row.is_note_sent) == ("rejected", "empty", True)


async def test_note_bonus_and_block_go_with_the_next_decision(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "n")
        await typed(pilot, "too short")
        await press(pilot, "b")
        await typed(pilot, "0.25")
        await press(pilot, "B")
        await typed(pilot, "spam")
        await press(pilot, "p", "a")
        first, second = desk.review.staged()
        assert (first.note, first.is_note_sent, first.bonus_cents, first.block_reason) == (
            "too short", True, 25, "spam",
        )  # fmt: skip
        assert (second.note, second.bonus_cents, second.block_reason) == ("", 0, None)


async def test_capitals_decide_the_rest_of_the_worker(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "p", "A")
        names = {row.unit_id: row.verdict for row in desk.review.staged()}
        assert [names.get(unit) for unit in desk.units] == [
            "soft_rejected", None, "accepted", None, "accepted", None,
        ]  # fmt: skip
        await press(pilot, "P")
        assert len(desk.staged()) == 5
        await press(pilot, "R")
        await typed(pilot, "empty")
        assert len(desk.staged()) == 6
        await press(pilot, "u", "u")
        assert len(desk.staged()) == 3


async def test_more_than_ten_at_once_are_typed(open_db, console):
    desk = Desk(*open_db, ["{}"], ("alice",) * 12)
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "A", "enter")
        assert desk.staged() == {}
        await press(pilot, "1", "2", "enter")
        assert len(desk.staged()) == 12


async def test_marked_units_are_decided_together_once_it_is_agreed(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "space", "j", "V")
        assert "3 marked   esc clears" in screen_text(app)
        await press(pilot, "b")
        await typed(pilot, "0.25")
        await press(pilot, "p")
        shown = screen_text(app)
        assert "Stage pass for 3 units of A2X9K1?" in shown
        assert "$0.90 to pay, and bonuses of $0.75; the answers are not kept" in shown
        await press(pilot, "enter")
        assert desk.staged() == {}
        await press(pilot, "p", "p")
        assert set(desk.staged().values()) == {"soft_rejected"}
        assert sum(row.bonus_cents for row in desk.review.staged()) == 75
        assert "marked" not in screen_text(app)
        await press(pilot, "u")
        assert desk.staged() == {}


async def test_a_block_of_marked_units_blocks_each_worker_once(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "asterisk", "B")
        await typed(pilot, "spam")
        await press(pilot, "r", "r")
        await typed(pilot, "bots")
        rows = desk.review.staged()
        assert [row.verdict for row in rows] == ["rejected"] * 6
        assert len([row for row in rows if row.block_reason]) == 3


async def test_what_was_typed_for_one_unit_does_not_go_with_another(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "b")
        await typed(pilot, "0.25")
        assert "bonus $0.25" in screen_text(app)
        await press(pilot, "j")
        assert "bonus" not in screen_text(app)
        await press(pilot, "a", "k", "k", "a")
        assert {row.unit_id: row.bonus_cents for row in desk.review.staged()} == {
            desk.units[0]: 25,
            desk.units[2]: 0,
        }


async def test_letters_meant_for_a_question_that_is_about_to_open_decide_nothing(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2")
        for key in ("r", "a", "p"):
            app.post_message(events.Key(key, key))
        await settled(pilot)
        assert isinstance(app.screen, PromptScreen)
        await press(pilot, "escape")
        assert desk.staged() == {}


async def test_marks_go_with_esc_before_anything_else_does(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=LARGE) as pilot:
        await press(pilot, "2", "V")
        assert "mark a unit first" in screen_text(app)
        await press(pilot, "asterisk")
        assert "6 marked" in screen_text(app)
        await press(pilot, "A")
        assert desk.staged() == {}
        await press(pilot, "escape")
        assert "marked" not in screen_text(app).replace("spc Mark", "")
        assert app.current_mode == "review"
        await press(pilot, "asterisk", "asterisk")
        assert not app.screen.queue.marks


async def test_more_than_ten_marked_are_typed_and_those_out_of_sight_are_named(
    open_db, console, screen_text
):
    desk = Desk(*open_db, ["{}"], ("alice",) * 9 + ("bob",) * 3)
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "asterisk", "slash")
        await typed(pilot, "bob")
        await press(pilot, "a")
        assert "Stage accept for 12 units of 2 workers?" in screen_text(app)
        assert "9 of them not shown by the filter" in screen_text(app)
        assert "1 decided before: that is replaced" in screen_text(app)
        await press(pilot, "a", "enter")
        assert len(desk.staged()) == 1
        await press(pilot, "backspace", "1", "2", "enter")
        assert len(desk.staged()) == 12


async def test_a_slow_disk_holds_no_key_up(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2")
        go_on = threading.Event()
        held = desk.db.write_now
        desk.db.write_now = lambda *args: go_on.wait(20) and held(*args)
        try:
            await pilot.press("a", "p")
            assert "▸5 ·" in screen_text(app)
            assert "1 a  3 p" in screen_text(app)
            assert "staged 0" in screen_text(app)
            assert desk.staged() == {}
        finally:
            go_on.set()
        await settled(pilot)
        assert desk.staged() == {desk.units[0]: "accepted", desk.units[2]: "soft_rejected"}
        assert "staged 2" in screen_text(app)


async def test_what_was_decided_before_leaving_is_stored(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2")
        for key in ("a", "a"):
            app.post_message(events.Key(key, key))
        await pilot.pause()
        app.exit()
    app.bridge.door.close()
    assert len(desk.staged()) == 2


async def test_a_decision_that_is_refused_is_shown_as_none(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "n")
        await typed(pilot, "fine")
        other = Review(desk.db, desk.home, "operator:other", patience=QUICK)
        other.stage(NewDecision(desk.units[0], "accepted"))
        await asyncio.to_thread(other.send)
        await press(pilot, "p")
        assert "cannot become soft_rejected" in screen_text(app)
        await settled(pilot)
        assert {unit.unit_id for unit in app.screen.queue.units} == set(desk.units[1:])
        assert desk.staged() == {}


async def test_what_cannot_be_read_is_said_and_read_again(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2")
        read = desk.review.detail
        desk.review.detail = lambda unit_id: 1 // 0
        await press(pilot, "G")
        assert "cannot be read: integer division or modulo by zero" in screen_text(app)
        desk.review.detail = read
        await press(pilot, "g")
        assert "safe (1 of 5)" in screen_text(app)


async def test_a_queue_that_cannot_be_read_is_said_to_be_so(desk, console, screen_text):
    read = desk.review.queue
    desk.review.queue = lambda run_id: 1 // 0
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2")
        assert "the queue cannot be read: integer division or modulo by zero" in screen_text(app)
        desk.review.queue = read
        app.screen.look_again()
        await settled(pilot)
        assert app.screen.queue.total == 6


async def test_undo_takes_back_one_act_at_a_time(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "A", "u")
        assert len(desk.staged()) == 1
        await press(pilot, "u")
        assert desk.staged() == {}
        await press(pilot, "u")
        assert app.screen.queue.total == 6


async def test_moving_goes_by_unit_and_by_worker(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2")
        queue = app.screen.queue

        def here() -> int:
            return desk.units.index(queue.current.unit_id)

        seen = [here()]
        for key in ("j", "j", "k", "J", "J", "K", "G", "g", "s"):
            await press(pilot, key)
            seen.append(here())
        assert seen == [0, 2, 4, 2, 1, 3, 1, 3, 0, 2]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a3vv", [1, 5]),
        ("!a3vv", [0, 2, 4, 3]),
        ("~avv2", [1, 5]),
        ("state:open", [1, 5, 3, 4]),
        ("state:staged", [0, 2]),
        ("state:passed", [2]),
        ("state:accepted a3vv", []),
        ("state:failed", []),
        ("state:nonsense", []),
        ("chat-safety", [0, 2, 4, 1, 5, 3]),
    ],
)
async def test_the_filter_narrows_and_goes(desk, console, text, places):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "p", "g", "slash")
        app.screen.query_one("#filter").value = text
        await press(pilot, "enter")
        assert [unit.unit_id for unit in app.screen.queue.units] == [desk.units[n] for n in places]
        app.screen.reload()
        await settled(pilot)
        assert [unit.unit_id for unit in app.screen.queue.units] == [desk.units[n] for n in places]
        await press(pilot, "escape")
        assert len(app.screen.queue.units) == 6


async def test_decisions_that_failed_are_found_by_the_filter(desk, console, screen_text):
    desk.run.change_provider(refuse=1.0)
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "w", "s")
        await settled(pilot)
        await press(pilot, "p", "slash")
        app.screen.query_one("#filter").value = "state:failed"
        await press(pilot, "enter")
        assert [unit.unit_id for unit in app.screen.queue.units] == [desk.units[0]]


async def test_qualifications_are_granted_and_revoked(desk, console):
    desk.db.write_now(worker_ops.create_qualification, "careful", "", "operator:me")
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "t")
        await typed(pilot, "careful=3")
        (grant,) = desk.db.stream(GrantedQualification.select(GrantedQualification.value))
        assert grant == (3,)
        await press(pilot, "t")
        await typed(pilot, "-careful")
        assert list(desk.db.stream(GrantedQualification.select())) == []
        await press(pilot, "t")
        await typed(pilot, "nothing")


async def test_send_pays_after_its_summary(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "p", "w")
        for row in ("accept       1       $0.30", "pass         1       $0.30"):
            assert row in screen_text(app)
        await press(pilot, "enter")
        assert ledger_of(desk.home).paid_cents() == 0
        await press(pilot, "w", "s")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert ledger_of(desk.home).paid_cents() == 60
        assert desk.staged() == {}
        assert app.screen.queue.total == 4


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_what_fails_stays_and_says_why(desk, console, screen_text, golden, size):
    desk.run.change_provider(refuse=1.0)
    app = console(desk)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "2", "a", "p", "w", "s")
        await settled(pilot)
        assert "0 sent, 2 still staged: approve: The mock provider refuses" in screen_text(app)
        await press(pilot, "k", "k")
        assert "not sent: approve: The mock provider refuses." in screen_text(app)
        assert len(desk.staged()) == 2
        golden(f"review-trouble-{size[0]}x{size[1]}", screen_text(app))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
async def test_an_empty_queue_says_what_is_in_progress(open_db, console, screen_text, golden, size):
    text = await look(console(Desk(*open_db, ["{}"], ())), screen_text, size)
    assert "nothing to review; " in text
    golden(f"review-empty-{size[0]}x{size[1]}", text)


@pytest.mark.parametrize(
    ("key", "mode"), [("q", "runs"), ("1", "runs"), ("3", "workers"), ("4", "log")]
)
async def test_leaving_offers_to_send_and_asks_once(desk, console, screen_text, key, mode):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", key)
        assert "1 decision staged and not sent" in screen_text(app)
        await press(pilot, "enter")
        assert app.current_mode == "review"
        await press(pilot, key)
        assert app.current_mode == mode
        await press(pilot, "2", "a", key)
        assert "2 decisions staged and not sent" in screen_text(app)
        await press(pilot, "l")
        assert app.current_mode == mode
        assert "2 decisions staged; w in Review sends" in screen_text(app)
        assert len(desk.staged()) == 2


async def test_leaving_may_send_first(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "v", "1", "s", "s")
        await settled(pilot)
        assert app.current_mode == "runs"
        assert desk.staged() == {}
        assert ledger_of(desk.home).paid_cents() == 30


async def test_quitting_from_the_review_offers_to_send_too(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "ctrl+q")
        assert "1 decision staged and not sent" in screen_text(app)
        await press(pilot, "l")
    assert app.return_value.reason == "quit"
    assert len(desk.staged()) == 1


async def test_nothing_staged_keeps_nobody(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "u", "4")
        assert app.current_mode == "log"


async def test_what_is_staged_is_there_after_a_restart(desk, console, screen_text):
    desk.review.stage(NewDecision(desk.units[0], "accepted"))
    text = await look(console(desk), screen_text, SMALL)
    assert "staged 1" in text
    assert "▸3 ·" in text  # the first that is open
    assert "accept  unit" in await look(console(desk), screen_text, SMALL, "U")


async def test_the_unit_under_the_eye_stays_when_others_come(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "j")
        here = app.screen.queue.current.unit_id
        desk.run.stored.units.extend(
            desk.db.write_now(
                run_ops.add_assignments, desk.run.stored.id, [NewAssignment(9, "{}", ("{}",))], 30,
                True,
            )
        )  # fmt: skip
        unit = desk.run.stored.units[-1][0]
        desk.db.write_now(run_ops.launch_units, desk.run.stored.id, [unit])
        desk.run.stored.submit(desk.run.stored.arrive("A2X9K1", len(desk.run.stored.units) - 1))
        app.screen.reload()
        await settled(pilot)
        assert app.screen.queue.total == 7
        assert app.screen.queue.current.unit_id == here


async def test_a_read_only_console_decides_nothing(desk, console, screen_text):
    app = console(desk, read_only=True)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "w", "u", "n")
        assert "read-only" in screen_text(app)
        assert list(desk.db.stream(Decision.select())) == []


async def test_a_file_opens_once_it_was_said_what_would_run(desk, console, screen_text):
    path = desk.attach(0, "$(touch x) \x1b[2J.txt", b"text")
    app = console(desk)
    async with app.run_test(size=LARGE) as pilot:
        await press(pilot, "2")
        assert "$(touch x) ␛[2J.txt  4 B" in screen_text(app)
        await press(pilot, "enter")
        shown = screen_text(app)
        assert "Open a file that a worker sent" in shown
        assert "This runs" in shown
        assert str(path)[:40] in shown
        await press(pilot, "enter")
        assert app.screen.is_current
        await press(pilot, "enter", "o")
        assert "this terminal cannot be handed to another program" in screen_text(app)


async def test_what_nothing_here_shows_is_named_by_its_path(
    desk, console, screen_text, monkeypatch
):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    desk.attach(0, "notes.txt", b"text")
    path = desk.attach(0, "photo.png", b"\x89PNG\r\n\x1a\n\0")
    app = console(desk)
    async with app.run_test(size=LARGE) as pilot:
        await press(pilot, "2", "enter")
        assert "Open which file?" in screen_text(app)
        await press(pilot, "j", "enter")
        assert "a PNG picture: nothing here shows it; copied" in screen_text(app)
        assert str(path)[:40] in screen_text(app)
        path.unlink()
        await press(pilot, "enter", "j", "enter")
        assert "it is not there, or no file" in screen_text(app)


async def test_a_unit_without_files_says_so(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "enter")
        assert "no files came with this unit" in screen_text(app)


async def test_other_keys_say_or_do_something(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=LARGE) as pilot:
        await press(pilot, "2", "tab", "tab", "z", "z", "f", "f", "y", "pagedown", "pageup", "U")
        assert "nothing is staged" in screen_text(app)


async def test_without_anything_to_review_it_says_so(open_db, console, screen_text):
    desk = Desk(*open_db, ["{}"], ())
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "j", "k", "J", "K", "g", "G", "s", "A", "w", "U", "v", "o")
        assert "nothing to review" in screen_text(app)


def test_every_key_of_the_review_is_pressed_by_a_test():
    source = Path(__file__).read_text(encoding="utf-8")
    keys = {key: command.id for command in commands_for(["review"]) for key in command.keys[:1]}
    assert {command for key, command in keys.items() if f'"{key}"' not in source} == set()


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
@pytest.mark.parametrize(
    "keys",
    ["", "a a p", "space V", "V", "space A", "A", "a w", "a q", "tab", "tab tab", "z", "o j",
     "slash x x x enter", "r", "X"],
)  # fmt: skip
async def test_the_review_names_the_keys_that_the_operator_has(
    desk, console, screen_text, size, keys
):
    app = console(desk, settings=OTHER)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for key in ["2", *keys.split()]:
            await press(pilot, other(app.screen, key))
        app.tick()
        await pilot.pause()
        assert not usual_keys_in(screen_text(app).replace("X does nothing here", ""))
