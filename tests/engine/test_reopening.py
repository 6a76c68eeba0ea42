"""What a resumed run offers again of the units that had expired."""

from __future__ import annotations

from typing import Any

from engine_world import Run, World, until

from mephisto_engine.data_model import Assignment


async def _together(world: World, *workers: str, each: int = 2, **options: Any) -> Run:
    """A run of one assignment for several, in which these workers are."""
    run = await world.launch(each=each, options={"is_concurrent": True, **options})
    for worker in workers:
        await run.token(worker)
    if len(workers) == each:
        await until(lambda: run.agents() == {"in task": each})
    return run


async def _leaves(world: World, run: Run, worker: str) -> None:
    run.supervisor.connected(_token(run, worker))
    await world.advance(16)
    await until(lambda: not any(a.worker.name == worker for a in run.driver.live.agents.values()))


async def _again(world: World, run: Run) -> Run:
    await world.settle()
    await world.crash()
    return await world.resume(run.id)


async def _stopped(run: Run) -> None:
    await run.driver.stop("operator:me", True, "enough")
    assert (await run.ended()).status == "stopped"


def _token(run: Run, worker: str) -> str:
    return next(t for t, a in run.driver.live.agents.items() if a.worker.name == worker)


def _origins(world: World) -> list[tuple[int, int | None]]:
    rows = world.db.read(lambda: list(Assignment.select().order_by(Assignment.id)))
    return [(row.id, row.requeued_from_id) for row in rows]


async def test_a_conversation_that_was_offered_again_is_so_once(world: World) -> None:
    run = await _together(world, "alice", "bob")
    await _leaves(world, run, "alice")
    await until(lambda: run.units() == {"expired": 1, "assigned": 1, "launched": 2})
    await run.submit(_token(run, "bob"))
    run = await _again(world, run)
    await until(lambda: len(run.driver.live.pool) == 2)
    assert run.units() == {"expired": 1, "completed": 1, "launched": 2}
    await run.token("carol")
    await run.token("dave")
    await until(lambda: run.agents()["in task"] == 2)


async def test_what_everybody_has_left_is_offered_again_once(world: World) -> None:
    run = await _together(world, "alice", "bob", when_partner_leaves="release")
    await _leaves(world, run, "alice")
    whole = {"expired": 2, "launched": 2}
    await until(lambda: run.units() == whole)
    run = await _again(world, run)
    await until(lambda: len(run.driver.live.pool) == 2)
    assert (run.units(), _origins(world)) == (whole, [(1, None), (2, 1)])


async def test_a_broken_conversation_stays_so_where_the_config_says_so(world: World) -> None:
    run = await _together(world, "alice", "bob", requeue_broken=False)
    await _leaves(world, run, "alice")
    run = await _again(world, run)
    await _leaves(world, run, "bob")
    row = await run.ended()
    assert (row.status, run.units()) == ("completed", {"expired": 2})


async def test_a_place_that_stayed_empty_is_not_offered_later(world: World) -> None:
    run = await _together(world, "alice", "bob", each=3, when_no_partner="start", min_agents=2)
    await world.advance(600)
    await until(lambda: run.agents() == {"in task": 2})
    await run.submit(_token(run, "alice"))
    await run.submit(_token(run, "bob"))
    assert (await run.ended()).status == "completed"
    other = await _together(world, "carol", "dave", each=3, when_no_partner="start", min_agents=2)
    await world.advance(600)
    await until(lambda: other.agents() == {"in task": 2})
    await other.submit(_token(other, "carol"))
    other = await _again(world, other)
    # Dave's part cannot be done again by one, so the whole is; the place that was empty is not.
    whole = {"completed": 1, "assigned": 1, "expired": 1, "launched": 3}
    await until(lambda: other.units() == whole)


async def test_a_conversation_that_a_stop_has_cut_off_is_offered_again_whole(
    world: World,
) -> None:
    run = await _together(world, "alice", "bob")
    await _stopped(run)
    run = await world.resume(run.id)
    await until(lambda: len(run.driver.live.pool) == 2)
    assert run.units() == {"launched": 2}
    assert _origins(world) == [(1, None)]


async def test_what_one_has_submitted_before_a_stop_is_not_waited_for_again(world: World) -> None:
    run = await _together(world, "alice", "bob")
    await run.submit(_token(run, "alice"))
    await _stopped(run)
    run = await world.resume(run.id)
    await until(lambda: len(run.driver.live.pool) == 2)
    assert run.units() == {"completed": 1, "expired": 1, "launched": 2}
    assert _origins(world) == [(1, None), (2, 1)]


async def test_units_of_one_each_are_offered_again_beside_done_ones(world: World) -> None:
    run = await world.launch(each=2)
    await run.do_units("alice")
    await _stopped(run)
    run = await world.resume(run.id)
    await until(lambda: len(run.driver.live.pool) == 1)
    assert run.units() == {"completed": 1, "launched": 1}
