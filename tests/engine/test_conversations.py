"""Assignments that several workers do together."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from engine_world import Run, World, until

from mephisto_blueprints.mock import MockBlueprint, MockTaskRunner
from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.abstractions.channel import SubmitOutcome
from mephisto_engine.data_model import Agent, Assignment, LiveUpdate
from mephisto_engine.data_model.status import HOLDING_AGENT
from mephisto_engine.errors import StateError
from mephisto_engine.operations.watching.details import AgentDetail, read_detail
from mephisto_engine.operations.watching.monitor import Monitor
from mephisto_engine.operations.watching.snapshot import Subject, View
from mephisto_engine.operations.watching.waiting import Waiting


class Chat(MockTaskRunner):
    """Each worker in turn says one thing, which the others are told."""

    async def run_assignment(self, agents: Sequence[LiveAgent]) -> None:
        for agent in agents:
            agent.observe({"text": "your turn"})
            said = await agent.get_live_update(timeout=300)
            for other in agents:
                if other is not agent:
                    other.observe({"text": said["text"], "id": agent.worker.name})


class ChatBlueprint(MockBlueprint):
    TaskRunnerClass = Chat


class TogetherBlueprint(MockBlueprint):
    """Task code that only waits for the answers."""


async def together(
    world: World, blueprint: type[MockBlueprint] = TogetherBlueprint, **given: Any
) -> Run:
    world.blueprint = blueprint
    options = {"is_concurrent": True, **given.pop("options", {})}
    return await world.launch(each=given.pop("each", 2), options=options, **given)


def statuses(run: Run, token: str) -> list[str]:
    """What the agent's page was told of its status."""
    return [packet.body for packet in run.channel.sent_to(token) if packet.kind == "status"]


def updates(run: Run, token: str) -> list[dict[str, Any]]:
    """The live updates that the agent's page was sent."""
    return [packet.body for packet in run.channel.sent_to(token) if packet.kind == "live_update"]


async def test_workers_wait_for_their_partners_and_start_together(world: World) -> None:
    run = await together(world, units=2)
    alice = await run.token("alice")
    assert run.agents() == {"waiting": 1}
    bob = await run.token("bob")
    await until(lambda: run.agents() == {"in task": 2})
    for token in (alice, bob):
        await until(lambda token=token: statuses(run, token)[-1:] == ["in task"])
    assert run.agent(alice).assignment_id == run.agent(bob).assignment_id


async def test_an_assignment_that_somebody_waits_in_is_filled_first(world: World) -> None:
    run = await together(world, units=3)
    tokens = [await run.token(f"worker-{number}") for number in range(6)]
    pairs = [run.agent(token).assignment_id for token in tokens]
    assert pairs == [1, 1, 2, 2, 3, 3]


async def test_what_is_said_reaches_the_partner_and_is_stored(world: World) -> None:
    run = await together(world, ChatBlueprint)
    alice, bob = await run.token("alice"), await run.token("bob")
    await until(lambda: len(updates(run, alice)) == 1)
    run.supervisor.live_update(alice, {"text": "hello", "update_id": "u1"})
    await until(lambda: len(updates(run, bob)) == 2)
    assert [update["text"] for update in updates(run, bob)] == ["hello", "your turn"]
    run.supervisor.live_update(bob, {"text": "hi", "update_id": "u2"})
    await until(lambda: world.db.read(LiveUpdate.select().count) == 6)
    rows = world.db.read(lambda: list(LiveUpdate.select().order_by(LiveUpdate.id)))
    said = [(row.agent_id, row.is_from_worker, row.body["text"]) for row in rows]
    assert said[:3] == [(1, False, "your turn"), (1, True, "hello"), (2, False, "hello")]


async def test_when_one_leaves_the_other_is_told_and_may_still_submit(world: World) -> None:
    run = await together(world)
    alice, bob = await run.token("alice"), await run.token("bob")
    await until(lambda: run.agents() == {"in task": 2})
    run.supervisor.connected(bob)
    await world.advance(16)
    await until(lambda: run.agents() == {"disconnect": 1, "partner disconnect": 1})
    assert statuses(run, alice)[-1] == "partner disconnect"
    assert await run.submit(alice) == SubmitOutcome.STORED
    assert run.agents() == {"disconnect": 1, "completed": 1}


async def test_a_broken_assignment_is_offered_again_once_with_a_link_to_the_old(
    world: World,
) -> None:
    run = await together(world, each=3)
    tokens = [await run.token(f"worker-{number}") for number in range(3)]
    await until(lambda: run.agents() == {"in task": 3})
    for token in tokens[:2]:
        run.supervisor.connected(token)
    await world.advance(16)
    await until(lambda: run.units()["launched"] == 3)
    rows = world.db.read(lambda: list(Assignment.select().order_by(Assignment.id)))
    assert [(row.id, row.requeued_from_id) for row in rows] == [(1, None), (2, 1)]
    assert run.units() == {"expired": 2, "assigned": 1, "launched": 3}


async def test_nothing_is_offered_again_where_the_config_says_so(world: World) -> None:
    run = await together(world, options={"requeue_broken": False})
    alice, bob = await run.token("alice"), await run.token("bob")
    await until(lambda: run.agents() == {"in task": 2})
    run.supervisor.connected(bob)
    await world.advance(16)
    await until(lambda: "disconnect" in run.agents())
    assert await run.submit(alice) == SubmitOutcome.STORED
    assert (await run.ended()).status == "completed"


async def test_partners_can_be_released_from_a_broken_assignment(world: World) -> None:
    run = await together(world, options={"when_partner_leaves": "release"})
    alice, bob = await run.token("alice"), await run.token("bob")
    await until(lambda: run.agents() == {"in task": 2})
    run.supervisor.connected(bob)
    await world.advance(16)
    await until(lambda: run.agents() == {"disconnect": 1, "returned": 1})
    assert statuses(run, alice)[-1] == "returned"


async def test_a_worker_who_leaves_while_waiting_frees_the_place(world: World) -> None:
    run = await together(world)
    alice = await run.token("alice")
    run.supervisor.connected(alice)
    await world.advance(16)
    await until(lambda: run.agents() == {"disconnect": 1})
    assert run.units() == {"launched": 2}
    await run.token("bob")
    await run.token("carol")
    await until(lambda: run.agents() == {"disconnect": 1, "in task": 2})


async def test_who_waits_in_vain_is_let_go(world: World) -> None:
    run = await together(world, options={"partner_wait_seconds": 60})
    alice = await run.token("alice")
    await world.advance(61)
    await until(lambda: run.agents() == {"expired": 1})
    assert statuses(run, alice)[-1] == "expired"
    assert run.units() == {"launched": 2}


@pytest.mark.parametrize(
    ("policy", "agents"), [("return", {"expired": 1}), ("pay", {"completed": 1})]
)
async def test_a_run_that_drains_lets_nobody_wait_for_a_partner(
    world: World, policy: str, agents: dict[str, int]
) -> None:
    run = await together(world, options={"when_no_partner": policy})
    await run.token("alice")
    await world.operator.stop(run.id, False, "operator:me")
    assert (await run.ended()).status == "stopped"
    assert run.agents() == agents


async def test_a_pair_that_talks_may_finish_while_the_run_drains(world: World) -> None:
    run = await together(world, units=2)
    talking = [await run.token("alice"), await run.token("bob")]
    await until(lambda: run.agents() == {"in task": 2})
    await run.token("carol")
    await world.operator.stop(run.id, False, "operator:me")
    await until(lambda: run.agents() == {"in task": 2, "expired": 1})
    for token in talking:
        await run.submit(token)
    assert (await run.ended()).status == "stopped"


@pytest.mark.parametrize(
    ("policy", "min_agents", "outcome"),
    [("return", 1, "return"), ("pay", 1, "pay"), ("start", 2, "start"), ("start", 3, "return")],
)
async def test_consoles_are_told_what_becomes_of_those_who_wait(
    world: World, policy: str, min_agents: int, outcome: str
) -> None:
    options = {
        "partner_wait_seconds": 60, "when_no_partner": policy, "min_agents": min_agents,
    }  # fmt: skip
    run = await together(world, each=4, options=options)
    tokens = [await run.token(name) for name in ("alice", "bob")]
    first, agent = run.agent(tokens[0]), run.agent(tokens[1])
    detail = world.db.read(read_detail, Subject("agent", agent.id), world.registry, world.home)
    assert isinstance(detail, AgentDetail)
    assert detail.waiting == Waiting(4, 2, agent.deadline_at, outcome)  # type: ignore[arg-type]
    assert [(one.worker_name, one.status) for one in detail.partners] == [("alice", "waiting")]
    monitor = Monitor(world.db, registry=world.registry)
    monitor.want(View(run_id=run.id))
    assert monitor.refresh().crowd.rooms == (
        Waiting(4, 2, first.deadline_at, outcome),  # type: ignore[arg-type]
    )
    monitor.close()
    # What was told is what happens.
    await world.advance(61)
    happens = {"return": "expired", "pay": "completed", "start": "in task"}[outcome]
    await until(lambda: run.agents() == {happens: 2})


async def test_waiting_in_vain_can_be_paid(world: World) -> None:
    run = await together(world, options={"partner_wait_seconds": 60, "when_no_partner": "pay"})
    alice = await run.token("alice")
    await world.advance(61)
    await until(lambda: run.agents() == {"completed": 1})
    assert statuses(run, alice)[-1] == "completed"
    await until(lambda: run.units() == {"completed": 1, "expired": 1, "launched": 2})


async def test_a_blueprint_may_go_on_with_fewer(world: World) -> None:
    run = await together(
        world,
        each=3,
        options={"partner_wait_seconds": 60, "when_no_partner": "start", "min_agents": 2},
    )
    await run.token("alice")
    await run.token("bob")
    await world.advance(61)
    await until(lambda: run.agents() == {"in task": 2})
    assert run.units() == {"assigned": 2, "expired": 1}


async def test_who_takes_too_long_to_answer_times_out_and_the_partner_is_told(
    world: World,
) -> None:
    class Impatient(MockTaskRunner):
        async def run_assignment(self, agents: Sequence[LiveAgent]) -> None:
            await agents[0].get_live_update(timeout=0.01)

    class ImpatientBlueprint(MockBlueprint):
        TaskRunnerClass = Impatient

    run = await together(world, ImpatientBlueprint)
    alice, bob = await run.token("alice"), await run.token("bob")
    await until(lambda: run.agents() == {"timeout": 1, "partner disconnect": 1})
    slow = run.agent(alice).unit_id < run.agent(bob).unit_id
    assert run.agent(alice if slow else bob).status == "timeout"


async def test_task_code_that_raises_ends_its_agents_and_the_run_goes_on(world: World) -> None:
    class Broken(MockTaskRunner):
        async def run_assignment(self, agents: Sequence[LiveAgent]) -> None:
            raise ZeroDivisionError("task's mistake")

    class BrokenBlueprint(MockBlueprint):
        TaskRunnerClass = Broken

    run = await together(world, BrokenBlueprint, options={"requeue_broken": False})
    await run.token("alice")
    await run.token("bob")
    await until(lambda: run.agents()["disconnect"] == 2)
    assert "task's mistake" in run.events("agent.task_failed")[0]["error"]


async def test_after_a_crash_who_waited_waits_on_and_talkers_may_submit(world: World) -> None:
    run = await together(world, units=2)
    alice, bob = await run.token("alice"), await run.token("bob")
    await until(lambda: run.agents() == {"in task": 2})
    carol = await run.token("carol")
    await world.crash()
    run = await world.resume(run.id)
    await until(lambda: run.agents() == {"partner disconnect": 2, "waiting": 1})
    assert await run.submit(alice) == SubmitOutcome.STORED
    assert await run.submit(bob) == SubmitOutcome.STORED
    dave = await run.token("dave")
    assert run.agent(dave).assignment_id == run.agent(carol).assignment_id
    await until(lambda: run.agents() == {"completed": 2, "in task": 2})


async def test_two_hundred_workers_at_once_make_a_hundred_pairs(world: World) -> None:
    run = await together(world, units=100)
    tokens = await asyncio.gather(*(run.token(f"worker-{number}") for number in range(200)))
    await until(lambda: run.agents() == {"in task": 200})
    rows = world.db.read(lambda: list(Agent.select()))
    assert len(set(tokens)) == 200
    assert all(
        len({row.worker_id for row in rows if row.assignment_id == number}) == 2
        for number in range(1, 101)
    )


@pytest.mark.parametrize("each", [2, 3])
@pytest.mark.parametrize("seed", range(6))
async def test_nobody_is_twice_on_an_assignment_and_nobody_waits_for_ever(
    world: World, seed: int, each: int
) -> None:
    rng = random.Random(seed)
    run = await together(world, units=4, each=each, options={"partner_wait_seconds": 60})
    tokens: list[str] = []
    for _ in range(40):
        step = rng.choice(["come", "come", "submit", "drop", "wait"])
        if step == "come":
            details = await run.arrive(f"worker-{rng.randrange(8)}")
            tokens += [details.agent_id] if details.agent_id else []
        elif step == "wait":
            await world.advance(20)
        elif tokens:
            token = rng.choice(tokens)
            if step == "submit":
                with suppress(StateError):  # a page that still waits for partners
                    await run.submit(token)
            else:
                run.supervisor.connected(token)
                await world.advance(16)
    await world.advance(61)
    await until(lambda: run.agents()["waiting"] == 0)
    rows = world.db.read(lambda: list(Agent.select()))
    held = [(row.assignment_id, row.worker_id) for row in rows if row.status in HOLDING_AGENT]
    assert len(held) == len(set(held))
