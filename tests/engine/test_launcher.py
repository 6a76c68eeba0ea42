from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest
from engine_world import Run, World, until

from mephisto_blueprints.mock import MockBlueprint
from mephisto_engine.abstractions.blueprint import InitializationData
from mephisto_engine.data_model.records import UnitRecord
from mephisto_engine.data_model.status import COSTED_UNIT, UnitStatus
from mephisto_engine.errors import ProviderError
from mephisto_engine.operations.live import launcher
from mephisto_engine.operations.live.launcher import TaskLauncher
from mephisto_engine.operations.watching.monitor import Monitor
from mephisto_engine.operations.watching.snapshot import Health, View
from mephisto_providers.mock import MockProvider
from mephisto_providers.mock.actions import MockUnit


def blueprint_of(source: Any, *, is_lazy: bool = False) -> type[MockBlueprint]:
    """A blueprint whose items come from ``source()``."""

    class Blueprint(MockBlueprint):
        def get_initialization_data(self) -> Any:
            return source()

        def has_lazy_data(self) -> bool:
            return is_lazy

    return Blueprint


def item(index: int) -> InitializationData:
    return InitializationData(shared={"index": index})


async def launch(world: World, **task: Any) -> Run:
    """Launch without waiting for units."""
    return world.run(await world.operator.launch(world.config(1, **task)))


async def test_everything_is_published_in_order(world: World) -> None:
    run = await world.launch(units=2500, each=2)
    assert run.units() == {"launched": 5000}
    assert [(await run.arrive(f"w{n}")).init_task_data["index"] for n in range(3)] == [0, 0, 1]


async def test_who_comes_right_after_the_launch_gets_a_unit(world: World) -> None:
    run = world.run(await world.operator.launch(world.config(3000)))
    assert await run.token("the first")


async def test_a_launch_does_not_wait_for_units_that_cannot_come(world: World) -> None:
    world.blueprint = blueprint_of(list)
    async with asyncio.timeout(launcher.FIRST_UNITS_SECONDS / 2):
        await launch(world)
        await launch(world, budget=0.01)


@pytest.mark.parametrize("seed", range(4))
async def test_no_more_units_than_the_cap_are_published(world: World, seed: int) -> None:
    rng = random.Random(seed)
    cap, units = rng.randint(1, 5), rng.randint(5, 25)
    run = await world.launch(units=units, each=rng.randint(1, 3), max_num_concurrent_units=cap)
    peak = 0
    tokens: list[str] = []
    for number in range(400):
        if run.driver.ended.is_set():
            break
        units_now = run.units()
        peak = max(peak, units_now["launched"] + units_now["assigned"])
        if tokens and rng.random() < 0.5:
            await run.submit(tokens.pop(rng.randrange(len(tokens))))
        elif token := (await run.arrive(f"worker-{number}")).agent_id:
            tokens.append(token)
        else:
            await world.settle()
    for token in tokens:
        await run.submit(token)
    assert 0 < peak <= cap
    assert run.driver.live.published <= cap


async def test_a_run_with_a_cap_of_one_completes(world: World) -> None:
    run = await world.launch(units=5, max_num_concurrent_units=1)
    for number in range(5):
        await until(lambda: len(run.driver.live.pool) == 1)
        await run.do_units(f"worker-{number}")
    assert (await run.ended()).status == "completed"


async def test_endless_data_stays_a_little_ahead(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "AHEAD", 5)
    taken: list[int] = []

    def endless() -> Iterator[InitializationData]:
        for index in iter(int, 1):
            taken.append(index)
            yield item(len(taken) - 1)

    world.blueprint = blueprint_of(endless, is_lazy=True)
    run = await launch(world)
    await until(lambda: len(run.driver.live.pool) == 5)
    await world.settle()
    assert len(taken) <= 6
    await run.do_units("a", "b", "c")
    await until(lambda: len(run.driver.live.pool) == 5)
    assert len(taken) <= 9
    await run.driver.stop("operator:test", False, "enough")
    row = await run.ended()
    assert (row.status, row.status_reason) == ("stopped", "enough")
    assert set(run.units()) == {"completed", "expired"}


async def test_an_endless_source_that_waits_for_its_next_item_can_be_stopped(world: World) -> None:
    async def waiting() -> AsyncIterator[InitializationData]:
        yield item(0)
        await asyncio.Event().wait()

    world.blueprint = blueprint_of(waiting, is_lazy=True)
    run = await launch(world)
    await until(lambda: len(run.driver.live.pool) == 1)
    await run.driver.stop("operator:test", True, "enough")
    assert (await run.ended()).status == "stopped"


async def test_a_plain_generator_that_blocks_can_be_stopped(world: World) -> None:
    release = threading.Event()

    def blocking() -> Iterator[InitializationData]:
        yield item(0)
        assert release.wait(30)
        yield item(1)

    world.blueprint = blueprint_of(blocking, is_lazy=True)
    run = await launch(world)
    await until(lambda: len(run.driver.live.pool) == 1)
    try:
        await run.driver.stop("operator:test", True, "enough")
        assert (await run.ended()).status == "stopped"
    finally:
        release.set()


async def test_a_generator_that_raises_ends_the_run_with_its_words(world: World) -> None:
    def broken() -> Iterator[InitializationData]:
        for index in range(1500):
            yield item(index)
        raise ValueError("row 1501 is not JSON")

    world.blueprint = blueprint_of(broken)
    run = await launch(world)
    row = await run.ended()
    assert row.status == "failed"
    assert "row 1501 is not JSON" in str(row.status_reason)
    assert set(run.units()) == {"expired"}


async def test_a_generator_that_raises_lets_those_at_work_finish(world: World) -> None:
    go_on = asyncio.Event()

    async def broken() -> AsyncIterator[InitializationData]:
        yield item(0)
        await go_on.wait()
        raise ValueError("no more")

    world.blueprint = blueprint_of(broken, is_lazy=True)
    run = await launch(world)
    await until(lambda: len(run.driver.live.pool) == 1)
    token = await run.token("alice")
    go_on.set()
    await until(lambda: run.driver._launcher.failure() is not None)
    assert await run.submit(token) == "stored"
    assert (await run.ended()).status == "failed"
    assert run.units() == {"completed": 1}


async def test_no_items_at_all_complete_the_run(world: World) -> None:
    world.blueprint = blueprint_of(list)
    run = await launch(world)
    assert (await run.ended()).status == "completed"


async def test_a_resumed_source_goes_on_where_it_was(world: World) -> None:
    run = await world.launch(units=20, max_num_concurrent_units=3)
    await run.do_units("a", "b")
    await world.crash()
    world.start_engine()
    run = await world.resume(run.id)
    await until(lambda: len(run.driver.live.pool) == 3)
    assert run.row().items_taken == 20
    assert sum(run.units().values()) == 20


async def test_the_budget_is_never_passed_and_ends_the_run(world: World) -> None:
    run = await launch_with_units(world, 10, budget=0.35)
    await until(lambda: len(run.driver.live.pool) == 3)
    for number in range(3):
        await run.do_units(f"worker-{number}")
    row = await run.ended()
    assert row.status == "stopped"
    assert "budget of run 1 is used up; 7 units" in str(row.status_reason)
    assert run.units() == {"completed": 3, "expired": 7}
    assert sum(run.units()[status] for status in COSTED_UNIT) * row.unit_cost_cents <= 35


async def test_a_budget_below_one_unit_ends_the_run_at_once(world: World) -> None:
    run = await launch_with_units(world, 2, budget=0.05)
    row = await run.ended()
    assert row.status == "stopped"
    assert "budget" in str(row.status_reason)


async def test_a_unit_that_comes_back_costs_the_budget_once(world: World) -> None:
    run = await launch_with_units(world, 1, budget=0.1)
    await until(lambda: len(run.driver.live.pool) == 1)
    await run.token("alice")
    await world.advance(1801)
    await run.do_units("bob")
    assert (await run.ended()).status == "completed"


async def launch_with_units(world: World, units: int, **task: Any) -> Run:
    return world.run(await world.operator.launch(world.config(units, **task)))


class FlakyProvider(MockProvider):
    failures = 2

    def __init__(self, args: Any, context: Any) -> None:
        super().__init__(args, context)
        self.unit = FlakyUnit(self.ledger, self.failures)


class FlakyUnit(MockUnit):
    def __init__(self, ledger: Any, failures: int) -> None:
        super().__init__(ledger)
        self.failures = failures

    async def launch(self, units: Sequence[UnitRecord], url: str) -> dict[int, str]:
        if self.failures:
            self.failures -= 1
            raise ProviderError("throttled")
        return await super().launch(units, url)


async def test_a_provider_that_fails_is_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "FIRST_WAIT", 0.01)
    world.provider = FlakyProvider
    run = await world.launch(units=5)
    assert run.units() == {"launched": 5}
    assert [event["error"] for event in run.events("run.publishing_failed")] == ["throttled"] * 2
    assert run.driver._launcher.trouble == ""
    await run.do_units(*"abcde")
    assert (await run.ended()).status == "completed"


def seen_health(world: World, run: Run) -> Health:
    """What a console is told of the engine."""
    monitor = Monitor(world.db, world.clock)
    try:
        monitor.want(View(run_id=run.id))
        return monitor.refresh().health
    finally:
        monitor.close()


async def test_a_run_whose_provider_keeps_failing_can_be_stopped(world: World) -> None:
    world.provider = type("Failing", (FlakyProvider,), {"failures": 1_000_000})
    run = await launch(world)
    await until(lambda: bool(run.driver._launcher.trouble))
    assert run.driver._launcher.trouble == "throttled"
    await until(lambda: seen_health(world, run).trouble == "throttled")
    health = seen_health(world, run)
    assert health.next_try_at is not None
    assert health.next_try_at > world.clock.now()
    assert health.is_gateway_open
    assert (health.disk_free_bytes or 0) > 0
    await run.driver.stop("operator:test", False, "enough")
    assert (await run.ended()).status == "stopped"
    assert run.units() == {UnitStatus.EXPIRED: 1}


@pytest.mark.parametrize("is_started", [False, True], ids=["before", "after"])
async def test_what_is_told_of_around_the_start_is_published_once(
    world: World, is_started: bool
) -> None:
    run = await world.launch(units=3, max_num_concurrent_units=1)
    used = run.driver._launcher
    fresh = TaskLauncher(world.db, used._live, used._job, "", lambda: None)
    told = [(2, 2), (3, 3)]
    if not is_started:
        fresh.add(told)
    fresh._allowance = lambda: 0
    fresh.start()
    if is_started:
        fresh.add(told)
    fresh.add([(4, 4)])
    assert list(fresh._waiting) == [(2, 2), (3, 3), (4, 4)]
    await fresh.stop()
