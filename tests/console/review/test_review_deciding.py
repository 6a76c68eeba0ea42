"""Every decision takes as many keys as it is dangerous."""

from __future__ import annotations

from review_desk import (
    LARGE,
    SMALL,
    Desk,
    press,
    settled,
    typed,
)
from review_world import ledger_of
from textual import events

from mephisto_engine.data_model import Decision, GrantedQualification
from mephisto_engine.database.operations import workers as worker_ops
from mephisto_tui.screens.prompt import PromptScreen


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


async def test_undo_takes_back_one_act_at_a_time(desk, console):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "A", "u")
        assert len(desk.staged()) == 1
        await press(pilot, "u")
        assert desk.staged() == {}
        await press(pilot, "u")
        assert app.screen.queue.total == 6


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


async def test_a_read_only_console_decides_nothing(desk, console, screen_text):
    app = console(desk, read_only=True)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "a", "w", "u", "n")
        assert "read-only" in screen_text(app)
        assert list(desk.db.stream(Decision.select())) == []
