from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace

import pytest
from engine_world import World

from mephisto_engine.database.queries import browse
from mephisto_engine.operations.watching.monitor import Monitor
from mephisto_engine.operations.watching.selection import (
    Selection,
    count_selected_units,
    keys_in_order,
    selected_units,
)
from mephisto_engine.operations.watching.snapshot import View, Window


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


async def test_lists_come_whole_and_in_the_order_in_which_they_are_shown(world: World):
    run = await world.launch(units=130)
    await run.token("alice")
    await run.token("bob")
    with closing(Monitor(world.db)) as monitor:
        for window in (
            Window(),
            Window(is_descending=False),
            Window(sort="id"),
            Window(status="launched"),
            Window(text="alice"),
            Window(text="alice", is_inverse=True, sort="status", limit=5, offset=7),
        ):
            shown = replace(window, offset=0, limit=1000)
            monitor.want(View(run.id, units=shown, agents=shown, workers=shown, everybody=shown))
            seen = monitor.settled()
            for name, rows in (
                ("units", [row.id for row in seen.units]),
                ("agents", [row.id for row in seen.agents]),
                ("workers", [row.id for row in seen.workers]),
                ("everybody", [row.worker_id for row in seen.everybody]),
            ):
                assert keys_in_order(world.db, name, run.id, window) == rows


@pytest.mark.parametrize("most", [1, 10_000], ids=["by reading all", "by looking up"])
async def test_many_ids_mean_the_same_units_as_few(world: World, monkeypatch, most: int):
    monkeypatch.setattr(browse, "MOST_IDS", most)
    run, other = await world.launch(units=4), await world.launch(units=2)
    await run.token("alice")
    mine = keys_in_order(world.db, "units", run.id, Window(sort="id", is_descending=False))
    theirs = keys_in_order(world.db, "units", other.id, Window())
    meant = Selection(frozenset([*mine[1:], *theirs]))
    assert set(selected_units(world.db, run.id, meant)) == set(mine[1:])
