from __future__ import annotations

from engine_world import World, until

LOW = "run.pays_too_little"


async def test_a_live_run_that_pays_too_little_says_so_once(world: World) -> None:
    run = await world.launch(units=12, minimum_hourly_wage=7.25)
    for number in range(6):
        token = await run.token(f"w{number}")
        await world.advance(120)
        await run.submit(token)
    await until(lambda: bool(run.events(LOW)))
    for _ in range(3):
        await world.advance(70)

    (event,) = run.events(LOW)
    assert "$3.00 an hour at the median time of 2m00s" in event["warning"]


async def test_a_run_without_a_minimum_is_not_watched(world: World) -> None:
    run = await world.launch(units=12)
    for number in range(6):
        token = await run.token(f"w{number}")
        await world.advance(120)
        await run.submit(token)
    await world.advance(130)

    assert run.events(LOW) == []


async def test_a_launch_is_warned_about_by_the_tasks_earlier_runs(world: World) -> None:
    run = await world.launch(units=6)
    for number in range(6):
        token = await run.token(f"w{number}")
        await world.advance(120)
        await run.submit(token)
    await run.ended()
    later = await world.launch(units=1, minimum_hourly_wage=7.25)

    (event,) = later.events(LOW)
    assert "median time of 2m00s" in event["warning"]
