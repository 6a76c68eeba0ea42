"""Going through the queue."""

from __future__ import annotations

from pathlib import Path

import pytest
from review_desk import (
    LARGE,
    SMALL,
    Desk,
    press,
    settled,
)

from mephisto_engine.data_model import Unit
from mephisto_engine.database.operations import runs as run_ops
from mephisto_engine.database.operations.runs import NewAssignment
from mephisto_tui.commands import commands_for


async def test_an_items_units_are_gone_through_as_they_stand(open_db, console):
    desk = Desk(*open_db, ["{}"], ("a", "b", "c"), per_item=3)
    first, *others = desk.units
    late = Unit.update(status_at=Unit.status_at + 3_600_000).where(Unit.id == first)
    desk.db.write_now(lambda tx: tx.select(late))
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "o")
        assert [unit.unit_id for unit in app.screen.queue.units] == [first, *others]


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
    tests = Path(__file__).parent.glob("test_*.py")
    source = "".join(path.read_text(encoding="utf-8") for path in tests)
    keys = {key: command.id for command in commands_for(["review"]) for key in command.keys[:1]}
    assert {command for key, command in keys.items() if f'"{key}"' not in source} == set()
