"""What stands beside every screen: counts over all runs, whatever the list shows of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from engine_world import World

from mephisto_engine.database.queries import activity
from mephisto_engine.operations.watching.monitor import Monitor
from mephisto_engine.operations.watching.snapshot import Snapshot, View, Window


@pytest.fixture
def monitor(world: World) -> Iterator[Monitor]:
    monitor = Monitor(world.db, world.clock, registry=world.registry)
    yield monitor
    monitor.close()


def totals(snapshot: Snapshot) -> tuple[int, int]:
    return snapshot.live_runs, snapshot.to_review


def counted(world: World) -> tuple[int, int]:
    return world.db.read(activity.count_live_runs), world.db.read(activity.count_to_review)


async def test_they_follow_what_happens_in_runs_that_a_filter_hides(
    world: World, monitor: Monitor
) -> None:
    monitor.want(View(runs=Window(text="no such task")))
    assert totals(monitor.refresh()) == (0, 0)
    run = await world.launch(units=3)
    assert totals(monitor.refresh()) == (1, 0)
    await run.do_units(*"ab")
    snapshot = monitor.refresh()
    assert snapshot.runs == ()
    assert totals(snapshot) == counted(world) == (1, 2)
    await run.do_units("c")
    await run.ended()
    assert totals(monitor.refresh()) == counted(world) == (0, 3)


async def test_they_hold_when_another_run_comes_on_the_screen(
    world: World, monitor: Monitor
) -> None:
    first = await world.launch(units=2)
    monitor.want(View(run_id=first.id))
    monitor.refresh()
    await first.do_units(*"ab")
    second = await world.launch(units=1)
    monitor.want(View(run_id=second.id))
    assert totals(monitor.refresh()) == counted(world)
    assert counted(world)[1] == 2
