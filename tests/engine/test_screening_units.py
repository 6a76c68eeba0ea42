"""Screening: a new worker shows what they can do before they get a real unit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from engine_world import Run, World, until

from mephisto_engine.abstractions.channel import AgentDetails
from mephisto_engine.data_model import Unit
from mephisto_engine.data_model.records import SCREENING_INDEX, SubmittedUnit
from mephisto_engine.database.operations.workers import revoke_qualification
from mephisto_engine.errors import ConfigError

OPTIONS = {
    "use_screening_task": True,
    "passed_qualification_name": "passed",
    "block_qualification": "blocked",
    "max_screening_units": 3,
}


def is_right(unit: SubmittedUnit) -> bool | None:
    assert unit.is_screening
    return {"right": True, "wrong": False}.get(unit.answer["answer"])


def sums() -> Iterator[dict[str, Any]]:
    number = 0
    while True:
        number += 1
        yield {"sum": number}


def state(**given: Any) -> dict[str, Any]:
    return {"screening_data_factory": sums, "validate_screening_unit": is_right, **given}


async def launch(world: World, units: int = 5, **given: Any) -> Run:
    options = {**OPTIONS, **given.pop("options", {})}
    shared_state = given.pop("shared_state", state())
    return await world.launch(
        units, options=options, shared_state=shared_state, allowed_concurrent=1, **given
    )


async def resumed(run: Run) -> Run:
    """The run in a new engine; the task's code is not stored with it."""
    state_class = run.world.blueprint.SharedStateClass
    await run.world.operator.resume(run.id, state_class(**state()))
    return run.world.run(run.id)


def unit_of(run: Run, details: AgentDetails) -> Unit:
    assert details.agent_id is not None, details.failure_reason
    agent = run.agent(details.agent_id)
    found = run.world.db.read(Unit.get_by_id, agent.unit_id)
    assert isinstance(found, Unit)
    return found


async def screened(run: Run, worker: str, answer: str) -> int:
    """The worker does a screening unit; its id comes back."""
    details = await run.arrive(worker)
    unit = unit_of(run, details)
    assert unit.unit_index == SCREENING_INDEX
    assert details.agent_id
    await run.submit(details.agent_id, answer)
    return int(unit.id)


def refusals(run: Run) -> list[dict[str, Any]]:
    return run.events("worker.refused")


async def test_a_new_worker_is_screened_and_then_does_real_units(world: World) -> None:
    run = await launch(world)
    details = await run.arrive("alice")
    assert details.init_task_data == {"sum": 1}
    assert unit_of(run, details).unit_index == SCREENING_INDEX
    await run.submit(str(details.agent_id), "right")
    for _ in range(2):
        token = await run.token("alice")
        assert run.supervisor.live.agents[token].unit.unit_index == 0
        await run.submit(token)
    assert run.units() == {"launched": 3, "completed": 3}
    assert doctor_is_content(world)


async def test_who_fails_gets_no_real_unit_ever(world: World) -> None:
    run = await launch(world)
    await screened(run, "mallory", "wrong")
    assert await run.refusal("mallory") == "not_qualified"
    assert refusals(run)[-1]["detail"] == "blocked DoesNotExist"
    assert run.units() == {"launched": 5, "completed": 1}


async def test_without_a_verdict_the_worker_is_screened_again(world: World) -> None:
    run = await launch(world)
    first = await screened(run, "alice", "perhaps")
    assert await screened(run, "alice", "right") != first
    assert run.supervisor.live.agents[await run.token("alice")].unit.unit_index == 0


async def test_no_more_screening_units_are_paid_than_allowed(world: World) -> None:
    run = await launch(world)
    for name in ("a", "b", "c"):
        await screened(run, name, "right")
    assert await run.refusal("d") == "no_units"
    assert "no screening unit may be paid" in refusals(run)[-1]["detail"]
    await run.token("a")


async def test_the_cap_holds_when_many_come_at_once(world: World) -> None:
    run = await launch(world)
    arrived = await asyncio.gather(*(run.arrive(f"w{number}") for number in range(20)))
    assert sum(details.agent_id is not None for details in arrived) == 3
    assert run.units() == {"launched": 5, "assigned": 3}


async def test_a_screening_unit_that_is_left_is_free_for_another_worker(world: World) -> None:
    run = await launch(world, options={"max_screening_units": 1})
    token = await run.token("alice")
    assert await run.refusal("bob") == "no_units"
    await world.advance(1801)
    assert run.agent(token).status == "timeout"
    assert unit_of(run, AgentDetails(agent_id=token)).status == "expired"
    await screened(run, "bob", "right")
    assert run.units() == {"launched": 5, "expired": 1, "completed": 1}


async def test_caps_items_and_verdicts_survive_a_crash(world: World) -> None:
    run = await launch(world)
    await screened(run, "alice", "right")
    await screened(run, "bob", "wrong")
    await until(lambda: run.supervisor.at_work.is_settled)
    await world.crash()
    run = await resumed(run)
    assert (await run.arrive("carol")).init_task_data == {"sum": 3}
    assert await run.refusal("dave") == "no_units"
    assert await run.refusal("bob") == "not_qualified"
    assert run.supervisor.live.agents[await run.token("alice")].unit.unit_index == 0


async def test_an_answer_that_was_not_judged_before_a_crash_is_judged_after_it(
    world: World,
) -> None:
    hang = asyncio.Event()

    async def never(unit: SubmittedUnit) -> bool:
        await hang.wait()
        return True

    run = await launch(world, shared_state=state(validate_screening_unit=never))
    await screened(run, "alice", "wrong")
    await world.crash()
    run = await resumed(run)
    assert await run.refusal("alice") == "not_qualified"


async def test_the_next_arrival_waits_for_the_verdict(world: World) -> None:
    verdict = asyncio.Event()

    async def slow(unit: SubmittedUnit) -> bool:
        await verdict.wait()
        return False

    run = await launch(world, shared_state=state(validate_screening_unit=slow))
    await screened(run, "mallory", "wrong")
    arriving = asyncio.create_task(run.refusal("mallory"))
    await world.settle()
    assert not arriving.done()
    verdict.set()
    assert await arriving == "not_qualified"


async def test_nobody_is_screened_when_there_is_nothing_to_do_after_it(world: World) -> None:
    run = await launch(world, units=1)
    await screened(run, "alice", "right")
    await run.token("alice")
    assert await run.refusal("bob") == "no_units"
    assert run.units() == {"assigned": 1, "completed": 1}


async def test_the_same_tab_gets_the_same_screening_unit(world: World) -> None:
    run = await launch(world)
    first, again = await asyncio.gather(run.arrive("alice", "tab"), run.arrive("alice", "tab"))
    assert first.agent_id == again.agent_id
    assert run.units() == {"launched": 5, "assigned": 1}


async def test_a_second_tab_does_not_get_a_unit_beside_the_screening(world: World) -> None:
    run = await launch(world)
    await run.token("alice", "one tab")
    assert await run.refusal("alice", "another tab") == "allowed_concurrent"
    assert run.units() == {"launched": 5, "assigned": 1}


async def test_onboarding_comes_before_screening(world: World) -> None:
    run = await launch(world, options={"onboarding_qualification": "trained"})
    details = await run.arrive("alice", "tab")
    assert str(details.agent_id).startswith("onboarding")
    details = await run.supervisor.submit_onboarding(str(details.agent_id), {})
    assert unit_of(run, details).unit_index == SCREENING_INDEX


async def test_who_loses_the_qualification_is_screened_again(world: World) -> None:
    run = await launch(world)
    await screened(run, "alice", "right")
    token = await run.token("alice")
    await run.submit(token)
    worker = run.agent(token).worker_id
    await world.db.write(revoke_qualification, worker, "passed", "operator:me")
    await screened(run, "alice", "right")


async def test_the_run_ends_without_the_screening_units_that_were_not_needed(
    world: World,
) -> None:
    run = await launch(world, units=1)
    await screened(run, "alice", "right")
    await run.do_units("alice")
    row = await run.ended()
    assert row.status == "completed"


async def test_resuming_offers_no_expired_screening_unit_to_anybody(world: World) -> None:
    run = await launch(world, units=1)
    await run.token("alice")
    await world.operator.stop(run.id, True, "operator:me")
    await run.ended()
    run = await resumed(run)
    await until(lambda: len(run.driver.live.pool) == 1)
    assert run.units() == {"launched": 1, "expired": 1}
    await screened(run, "bob", "right")


async def test_the_budget_covers_screening_and_real_units_together(world: World) -> None:
    run = await world.operator.launch(
        world.config(5, 1, state(), OPTIONS, allowed_concurrent=1, budget=0.6)
    )
    live = world.run(run)
    await until(lambda: len(live.driver.live.pool) == 3)
    for name in ("a", "b", "c"):
        await screened(live, name, "right")
    assert await live.refusal("d") == "no_units"
    assert live.units() == {"created": 2, "launched": 3, "completed": 3}


async def test_real_units_can_screen(world: World) -> None:
    def judge(unit: SubmittedUnit) -> bool:
        return bool(unit.answer["answer"] == "right")

    given = {"validate_screening_unit": judge}
    run = await launch(world, options={"max_screening_units": None}, shared_state=given)
    await run.submit(await run.token("alice"), "right")
    await run.submit(await run.token("mallory"), "wrong")
    assert await run.refusal("mallory") == "not_qualified"
    await run.submit(await run.token("alice"), "anything, for alice has passed")
    await run.token("alice")
    assert run.units() == {"launched": 1, "completed": 3, "assigned": 1}


async def test_items_may_come_from_an_async_generator(world: World) -> None:
    async def one() -> AsyncIterator[dict[str, Any]]:
        yield {"only": 1}

    run = await launch(world, shared_state=state(screening_data_factory=one))
    assert (await run.arrive("alice")).init_task_data == {"only": 1}
    assert await run.refusal("bob") == "no_units"
    assert "there is no screening unit for this worker" in refusals(run)[-1]["detail"]


async def test_a_factory_that_fails_is_journalled_and_gives_nobody_a_real_unit(
    world: World,
) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        raise RuntimeError("no data today")
        yield {}

    run = await launch(world, shared_state=state(screening_data_factory=broken))
    assert await run.refusal("alice") == "no_units"
    [failure] = run.events("run.hook_failed")
    assert failure["hook"] == "screening_data_factory"
    assert run.units() == {"launched": 5}


async def test_a_judge_that_fails_passes_nobody(world: World) -> None:
    def broken(unit: SubmittedUnit) -> bool:
        raise RuntimeError("cannot judge")

    run = await launch(world, shared_state=state(validate_screening_unit=broken))
    first = await screened(run, "alice", "right")
    assert await screened(run, "alice", "right") != first


async def test_a_provider_that_fails_leaves_no_unit_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await launch(world)

    def fail(*_: Any) -> None:
        raise ConnectionError("no provider")

    unit = run.driver._job.provider.unit
    with monkeypatch.context() as patched:
        patched.setattr(unit, "launch", fail)
        assert await run.refusal("alice") == "no_units"
    assert run.units() == {"launched": 5, "expired": 1}
    await screened(run, "alice", "right")


@pytest.mark.parametrize(
    ("options", "given", "task", "where"),
    [
        ({"passed_qualification_name": None}, {}, {}, "passed_qualification_name"),
        ({"block_qualification": None}, {}, {}, "block_qualification"),
        ({"max_screening_units": None}, {}, {}, "max_screening_units"),
        ({}, {"screening_data_factory": False}, {}, "max_screening_units"),
        ({}, {"validate_screening_unit": None}, {}, "validate_screening_unit"),
        ({}, {"validate_screening_unit": "text"}, {}, "validate_screening_unit"),
        ({}, {}, {"allowed_concurrent": 0}, "allowed_concurrent"),
        ({}, {}, {"maximum_units_per_worker": 1}, "maximum_units_per_worker"),
    ],
)
def test_options_that_cannot_work_are_named_before_anything_exists(
    world: World,
    options: dict[str, Any],
    given: dict[str, Any],
    task: dict[str, Any],
    where: str,
) -> None:
    with pytest.raises(ConfigError) as error:
        world.config(
            1, 1, state(**given), {**OPTIONS, **options}, **{"allowed_concurrent": 1, **task}
        )
    assert [problem.where.rpartition(".")[2] for problem in error.value.problems] == [where]


def doctor_is_content(world: World) -> bool:
    from mephisto_engine.operations.checks.invariants import check_invariants

    return all(finding.level == "ok" for finding in check_invariants(world.db))


async def test_workers_who_do_assignments_together_are_screened_alone(world: World) -> None:
    run = await launch(world, units=1, each=2, options={"is_concurrent": True})
    token = await run.token("alice")
    assert run.agents() == {"in task": 1}
    await run.submit(token, "right")
    waiting = await run.token("alice")
    assert run.agent(waiting).status == "waiting"
    left = await run.token("bob")
    await world.advance(1801)
    assert run.agent(left).status == "timeout"
    await screened(run, "bob", "right")
    assert run.units() == {"launched": 2, "completed": 2, "expired": 1}


async def test_a_screening_in_a_run_of_conversations_outlives_the_engine(world: World) -> None:
    run = await launch(world, units=1, each=2, options={"is_concurrent": True})
    token = await run.token("alice")
    await world.crash()
    run = await resumed(run)
    await run.submit(token, "right")
    await run.token("alice")
    assert run.agents() == {"completed": 1, "waiting": 1}
