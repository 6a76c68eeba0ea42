from __future__ import annotations

import json

from engine_world import World

from mephisto_engine.operations.selection import (
    Selection,
    count_selected_units,
    selected_units,
)
from mephisto_engine.operations.snapshot import Window


async def test_units_are_meant_by_their_ids_within_one_run(world: World):
    run, other = await world.launch(units=3), await world.launch(units=2)
    everything = Selection(is_all=True)
    mine = sorted(selected_units(world.db, run.id, everything))
    theirs = sorted(selected_units(world.db, other.id, everything))
    meant = Selection(frozenset([mine[0], mine[2], theirs[0], 999_999]))
    assert selected_units(world.db, run.id, meant) == {
        mine[0]: "launched",
        mine[2]: "launched",
    }


async def test_all_that_a_filter_lets_through_is_meant_but_for_some(world: World):
    run = await world.launch(units=5)
    await run.token("alice")
    launched = Selection.of_filter(Window(limit=1, status="launched"))
    assert count_selected_units(world.db, run.id, launched) == {"launched": 4}
    first = min(selected_units(world.db, run.id, launched))
    but_one = Selection.of_filter(Window(status="launched"), frozenset([first]))
    assert first not in selected_units(world.db, run.id, but_one)
    not_alices = Selection.of_filter(Window(text="alice", is_inverse=True))
    assert count_selected_units(world.db, run.id, not_alices) == {"launched": 4}
    fuzzy = Selection.of_filter(Window(text="alc", is_fuzzy=True))
    assert count_selected_units(world.db, run.id, fuzzy) == {"assigned": 1}
    assert count_selected_units(world.db, run.id, Selection()) == {}


def test_a_selection_survives_its_way_through_a_command():
    for selection in (
        Selection(frozenset([3, 1])),
        Selection.of_filter(Window(text="a", is_inverse=True, status="live"), frozenset([7])),
    ):
        assert Selection.from_args(json.loads(json.dumps(selection.as_args()))) == selection
