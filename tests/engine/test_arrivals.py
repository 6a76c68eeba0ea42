from __future__ import annotations

import asyncio
from typing import Any

import pytest
from engine_world import World

from mephisto_engine.abstractions.channel import SubmitOutcome
from mephisto_engine.data_model import Agent, Worker
from mephisto_engine.database.operations import workers as worker_ops
from mephisto_engine.operations.live import hooks


async def test_a_worker_gets_a_unit_and_submits_it(world: World) -> None:
    run = await world.launch(units=2)
    details = await run.arrive("alice")
    assert details.init_task_data == {"index": 0}
    assert run.units() == {"launched": 1, "assigned": 1}
    assert details.agent_id
    assert await run.submit(details.agent_id) == SubmitOutcome.STORED
    assert run.units() == {"launched": 1, "completed": 1}
    assert run.agents() == {"completed": 1}


async def test_parallel_requests_of_a_new_worker_are_one_worker(world: World) -> None:
    run = await world.launch(units=20)
    came = await asyncio.gather(*(run.arrive("alice") for _ in range(10)))
    assert len({details.agent_id for details in came}) == 10
    assert world.db.read(Worker.select().count) == 1


async def test_parallel_requests_of_one_tab_are_one_agent(world: World) -> None:
    run = await world.launch(units=20)
    came = await asyncio.gather(*(run.arrive("alice", "tab") for _ in range(20)))
    assert len({details.agent_id for details in came}) == 1
    assert run.units() == {"launched": 19, "assigned": 1}


async def test_one_registration_id_of_two_workers_is_two_agents(world: World) -> None:
    run = await world.launch(units=2)
    data = {"assignment_id": "x", "agent_registration_id": "x", "provider_type": "mock"}
    came = [
        await run.supervisor.register_agent({**data, "worker_name": name})
        for name in ("alice", "bob")
    ]
    assert len({details.agent_id for details in came}) == 2


@pytest.mark.parametrize("limit", [1, 3])
async def test_allowed_concurrent_holds_in_a_stampede(world: World, limit: int) -> None:
    run = await world.launch(units=100, allowed_concurrent=limit)
    came = await asyncio.gather(*(run.arrive("alice") for _ in range(50)))
    tokens = [details.agent_id for details in came if details.agent_id]
    assert len(tokens) == limit
    assert run.supervisor.arrivals.refusals == {"allowed_concurrent": 50 - limit}
    await run.submit(tokens[0])
    assert await run.token("alice")


async def test_maximum_units_per_worker_counts_all_runs_of_the_task(world: World) -> None:
    first = await world.launch(units=5, maximum_units_per_worker=3)
    await first.do_units("alice", "alice")
    second = await world.launch(units=5, maximum_units_per_worker=3)
    came = await asyncio.gather(*(second.arrive("alice") for _ in range(5)))
    assert sum(details.agent_id is not None for details in came) == 1
    assert await first.refusal("alice") == "maximum_units_per_worker"
    other = await world.launch(units=5, maximum_units_per_worker=3, task_name="other")
    assert await other.token("alice")


async def test_a_unit_that_was_given_back_does_not_count(world: World) -> None:
    run = await world.launch(units=5, maximum_units_per_worker=1)
    await run.token("alice")
    await world.advance(1800)
    assert run.agents() == {"timeout": 1}
    assert await run.token("alice")


async def test_nobody_gets_an_assignment_twice(world: World) -> None:
    run = await world.launch(units=4, each=3)

    async def work(name: str) -> int:
        number = 0
        while (details := await run.arrive(name)).agent_id:
            number += 1
            await run.submit(details.agent_id)
        return number

    done = await asyncio.gather(*(work(name) for name in ("alice", "bob", "carol")))
    assert done == [4, 4, 4]
    pairs = list(world.db.stream(Agent.select(Agent.worker, Agent.assignment)))
    assert len(pairs) == len(set(pairs)) == 12
    assert (await run.ended()).status == "completed"


async def test_who_has_seen_everything_is_told_so(world: World) -> None:
    run = await world.launch(units=1, each=2)
    await run.do_units("alice")
    assert await run.refusal("alice") == "all_seen"
    await run.token("bob")
    assert await run.refusal("carol") == "no_units"


async def test_a_run_that_drains_lets_nobody_in(world: World) -> None:
    run = await world.launch(units=3)
    await run.token("alice")
    await run.driver.stop("operator:test", False, "enough")
    assert await run.refusal("bob") == "closed"


async def test_a_blocked_worker_is_kept_out(world: World) -> None:
    run = await world.launch(units=3)
    await run.do_units("alice")
    (worker,) = next(world.db.stream(Worker.select(Worker.id)))
    await world.db.write(worker_ops.block_worker, worker, "spam", "operator:test")
    assert await run.refusal("alice") == "blocked"
    await world.db.write(worker_ops.unblock_worker, worker, "operator:test")
    assert await run.token("alice")


async def test_a_qualification_opens_the_door(world: World) -> None:
    await world.db.write(worker_ops.create_qualification, "good", "", "operator:test")
    wanted = [{"qualification_name": "good", "comparator": "GreaterThan", "value": 2}]
    run = await world.launch(units=3, shared_state={"qualifications": wanted})
    assert await run.refusal("alice") == "not_qualified"
    (worker,) = next(world.db.stream(Worker.select(Worker.id)))
    await world.db.write(worker_ops.grant_qualification, worker, "good", 3, "operator:test")
    assert await run.token("alice")


async def test_a_link_that_was_not_sent_out_is_refused(world: World) -> None:
    run = await world.launch()
    details = await run.supervisor.register_agent({"worker_name": ["alice"]})
    assert details.agent_id is None
    assert run.supervisor.arrivals.refusals == {"bad_link": 1}


async def test_a_page_that_asks_again_and_again_fills_no_journal(world: World) -> None:
    run = await world.launch(units=1)
    await run.token("alice")
    for _ in range(20):
        await run.refusal("bob")
    assert len(run.events("worker.refused")) == 1


async def test_the_operators_filter_has_the_last_say(world: World) -> None:
    def may_do(worker: Any, unit: Any) -> bool:
        return worker.name == "alice" or unit.shared["index"] >= 2

    run = await world.launch(units=4, shared_state={"worker_can_do_unit": may_do})
    assert (await run.arrive("bob")).init_task_data == {"index": 2}
    assert (await run.arrive("alice")).init_task_data in ({"index": 0}, {"index": 1})
    assert await run.token("bob")
    assert await run.refusal("bob") == "not_for_this_worker"
    assert run.units() == {"assigned": 3, "launched": 1}


async def test_a_filter_that_raises_refuses_and_is_journalled(world: World) -> None:
    def may_do(worker: Any, unit: Any) -> bool:
        raise KeyError("operator's mistake")

    run = await world.launch(units=2, shared_state={"worker_can_do_unit": may_do})
    assert await run.refusal("alice") == "not_for_this_worker"
    assert "operator's mistake" in run.events("run.hook_failed")[0]["error"]
    assert len(run.driver.live.pool) == 2


async def test_a_filter_that_hangs_holds_up_nobody_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "HOOK_SECONDS", 0.2)

    async def may_do(worker: Any, unit: Any) -> bool:
        if worker.name == "slow":
            await asyncio.Event().wait()
        return True

    run = await world.launch(units=2, shared_state={"worker_can_do_unit": may_do})
    slow = asyncio.ensure_future(run.arrive("slow"))
    await world.settle()
    assert await run.token("quick")
    assert not slow.done()
    assert (await slow).agent_id is None
    assert await run.token("third")
