"""Worlds lead conversations of workers who need no engine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from chat_world import Worker, make_blueprint, make_runner
from worlds_for_tests import AsyncWorld, Made, PlainWorld

from mephisto_engine.abstractions.agent import AgentDisconnectedError, AgentTimeoutError

both = pytest.mark.parametrize("world_class", [PlainWorld, AsyncWorld])


async def ended(work: Any) -> Any:
    async with asyncio.timeout(20):
        return await work


def start(runner: Any, *workers: Worker) -> asyncio.Task[None]:
    return asyncio.create_task(runner.run_assignment([worker.agent for worker in workers]))


@both
async def test_workers_speak_in_turns_and_hear_each_other(world_class: Any) -> None:
    made = Made(world_class)
    ann, ben = Worker(0), Worker(1)
    task = start(make_runner(made, 2), ann, ben)
    for turn in (1, 2):
        await ann.turn(turn)
        ann.says(f"ann {turn}")
        await ben.turn(turn)
        ben.says(f"ben {turn}")
    await ended(task)
    assert ben.texts == [("Speaker 1", "ann 1"), ("Speaker 1", "ann 2")]
    assert ann.texts == [("Speaker 2", "ben 1"), ("Speaker 2", "ben 2")]
    assert [act["text"] for act in made.world.heard] == ["ann 1", "ben 1", "ann 2", "ben 2"]
    assert [act["id"] for act in made.world.heard] == ["Speaker 1", "Speaker 2"] * 2
    assert ann.may_hand_in
    assert ben.may_hand_in
    assert made.world.shutdowns == 1


async def test_a_plain_world_has_one_thread_and_an_async_one_has_none() -> None:
    plain, on_loop = Made(PlainWorld), Made(AsyncWorld)
    for made in (plain, on_loop):
        worker = Worker()
        task = start(make_runner(made), worker)
        for turn in (1, 2):
            await worker.turn(turn)
            worker.says("hi")
        await ended(task)
    assert on_loop.world.threads == {threading.get_ident()}
    assert len(plain.world.threads) == 1
    assert plain.world.threads != on_loop.world.threads


@both
async def test_a_relayed_message_keeps_its_id_and_gets_a_time(world_class: Any) -> None:
    ann, ben = Worker(0), Worker(1)
    task = start(make_runner(Made(world_class), 2), ann, ben)
    await ann.turn()
    update_id = ann.says("hello", task_data={"mood": "good"})
    await ben.turn()
    [heard] = [update for update in ben.page if "text" in update]
    assert heard["update_id"] == update_id
    assert heard["task_data"] == {"mood": "good"}
    assert heard["timestamp"] > 1_600_000_000
    task.cancel()


@both
async def test_the_name_comes_before_any_text_and_any_turn(world_class: Any) -> None:
    ann, ben = Worker(0), Worker(1)
    task = start(make_runner(Made(world_class), 2), ann, ben)
    await ann.turn()
    ann.says("hello")
    await ben.turn()
    for worker, name in ((ann, "Speaker 1"), (ben, "Speaker 2")):
        assert worker.page[0]["task_data"] == {"agent_display_name": name}
    task.cancel()


async def test_a_worker_whom_the_world_gives_no_name_gets_one() -> None:
    class Nameless(PlainWorld):
        def __init__(self, opt: Any, agents: Any) -> None:
            super().__init__(opt, [])
            self.agents = agents
            agents[0].observe({"id": "System", "text": "Welcome"})

    worker = Worker()
    task = start(make_runner(Nameless), worker)
    await worker.turn()
    assert worker.names == ["Worker"]
    assert worker.page[0]["task_data"] == {"agent_display_name": "Worker"}
    task.cancel()


@both
async def test_a_page_is_told_when_its_turn_begins_and_when_it_ends(world_class: Any) -> None:
    worker = Worker()
    task = start(make_runner(Made(world_class)), worker)
    await worker.turn()
    worker.says("hi")
    await worker.turn(2)
    turns = [data.get("live_update_requested") for data in worker.task_data]
    assert turns == [None, True, False, True]
    task.cancel()


@both
async def test_a_message_before_its_turn_is_held_until_then(world_class: Any) -> None:
    made = Made(world_class)
    ann, ben = Worker(0), Worker(1)
    task = start(make_runner(made, 2), ann, ben)
    await ann.turn()
    ben.says("too early")
    assert ann.texts == []
    ann.says("first")
    await ann.until(lambda page: bool(ann.texts))
    assert [act["text"] for act in made.world.heard[:2]] == ["first", "too early"]
    assert ben.asked == 0
    task.cancel()


@both
async def test_the_context_and_options_reach_the_world(world_class: Any) -> None:
    seen: dict[str, Any] = {}

    def make_world(opt: Any, agents: Any, initialization_data: Any) -> Any:
        seen.update(opt=opt, shared=initialization_data.shared)
        opt["written"] = "into"
        return world_class(opt, agents)

    options = {"max_turns": 3}
    task = start(make_runner(make_world, world_opt=options), worker := Worker())
    await worker.turn()
    assert seen["opt"]["max_turns"] == 3
    assert seen["shared"] == {"topic": "tea"}
    assert options == {"max_turns": 3}
    task.cancel()


@both
async def test_world_data_is_stored_and_not_sent(world_class: Any) -> None:
    ann, ben = Worker(0), Worker(1)
    runner = make_runner(Made(world_class), 2)
    task = start(runner, ann, ben)
    for turn in (1, 2):
        await ann.turn(turn)
        ann.says("x")
        await ben.turn(turn)
        ben.says("y")
    await ended(task)
    assert ann.world_data == [{"speaker": "Speaker 1", "turns": 2}]
    assert ben.world_data == [{"speaker": "Speaker 2", "turns": 2}]
    assert not any("WORLD_DATA" in update for update in ann.page)
    past = runner.get_init_data_for_agent(ann.agent)["past_live_updates"]
    assert not any("WORLD_DATA" in update for update in past)


@both
async def test_a_reload_gets_everything_said_in_order(world_class: Any) -> None:
    ann, ben = Worker(0), Worker(1)
    runner = make_runner(Made(world_class), 2)
    assert runner.get_init_data_for_agent(ann.agent) == {
        "task_data": {"topic": "tea"},
        "past_live_updates": [],
    }
    task = start(runner, ann, ben)
    await ann.turn()
    ann.says("hello")
    await ben.turn()
    ben.says("hi")
    await ann.turn(2)
    past = runner.get_init_data_for_agent(ann.agent)["past_live_updates"]
    assert [update["text"] for update in past if "text" in update] == ["hello", "hi"]
    asked = [update.get("task_data", {}).get("live_update_requested") for update in past]
    assert asked.index(False) == [update.get("text") for update in past].index("hello") + 1
    task.cancel()


@both
async def test_when_a_worker_leaves_the_world_ends_and_the_others_can_hand_in(
    world_class: Any,
) -> None:
    made = Made(world_class)
    ann, ben = Worker(0), Worker(1)
    task = start(make_runner(made, 2), ann, ben)
    await ann.turn()
    ben.agent.set_gone("disconnect")
    with pytest.raises(AgentDisconnectedError) as caught:
        await ended(task)
    assert caught.value.agent is ben.agent
    assert made.world.shutdowns == 1
    assert ann.world_data == [{"speaker": "Speaker 1", "turns": 1}]
    assert not ann.may_hand_in, "the status of the lost partner says so"


@both
async def test_a_worker_who_is_too_slow_is_named(world_class: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(PlainWorld, "timeout", 0.05)

    async def hurried(self: Any) -> None:
        for agent in self.agents:
            await agent.aact(timeout=0.05)

    monkeypatch.setattr(AsyncWorld, "parley", hurried)
    ann, ben = Worker(0), Worker(1)
    task = start(make_runner(Made(world_class), 2), ann, ben)
    await ann.turn()
    ann.says("hello")
    with pytest.raises(AgentTimeoutError) as caught:
        await ended(task)
    assert caught.value.agent is ben.agent


@both
async def test_a_conversation_alone_ends_with_the_submission(world_class: Any) -> None:
    worker = Worker()
    made = Made(world_class)
    task = asyncio.create_task(make_runner(made).run_unit(worker.agent))
    await worker.turn()
    worker.agent.set_submitted({})
    await ended(task)
    assert made.world.shutdowns == 1


async def test_a_conversation_that_starts_again_says_so() -> None:
    worker = Worker()
    worker.agent.history.append({"text": "before", "update_id": "u0"})
    task = asyncio.create_task(make_runner(Made(AsyncWorld)).run_unit(worker.agent))
    await worker.turn()
    assert "starts again" in worker.texts[0][1]
    task.cancel()


async def test_a_conversation_that_was_over_waits_for_done_alone() -> None:
    made = Made(AsyncWorld)
    worker = Worker()
    worker.agent.history.append({"task_data": {"task_done": True}, "update_id": "u0"})
    task = asyncio.create_task(make_runner(made).run_unit(worker.agent))
    await asyncio.sleep(0)
    worker.agent.set_submitted({})
    await ended(task)
    assert made.worlds == []
    assert worker.page == []


async def test_onboarding_ends_without_done_for_the_page_hands_in_itself() -> None:
    made = Made(PlainWorld)

    class Module:
        make_world = make_onboarding_world = staticmethod(
            lambda opt, agent: made(opt, [agent] if not isinstance(agent, list) else agent)
        )
        get_world_params = staticmethod(lambda: {"agent_count": 1})

    blueprint = make_blueprint(Module, onboarding_world_opt={"name": "intro"})
    runner = blueprint.TaskRunnerClass(blueprint)
    worker = Worker(unit_id=0)
    assert runner.get_init_data_for_onboarding(worker.agent) == {
        "topic": "tea",
        "past_live_updates": [],
    }
    task = asyncio.create_task(runner.run_onboarding(worker.agent))
    for turn in (1, 2):
        await worker.turn(turn)
        worker.says("hi")
    await ended(task)
    assert made.world.opt == {"name": "intro"}
    assert not worker.may_hand_in


@pytest.mark.parametrize("count", [40])
async def test_more_plain_worlds_than_a_pool_has_threads_run_at_once(count: int) -> None:
    runner = make_runner(Made(PlainWorld))
    workers = [Worker(index) for index in range(count)]
    tasks = [start(runner, worker) for worker in workers]
    for turn in (1, 2):
        for worker in workers:
            await worker.turn(turn)
        for worker in workers:
            worker.says("hi")
    await ended(asyncio.gather(*tasks))
    assert all(worker.may_hand_in for worker in workers)


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_true():
            await asyncio.to_thread(threading.Event().wait, 0.01)


def world_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("world of")]


async def test_at_the_end_of_the_engine_a_waiting_thread_is_released() -> None:
    made = Made(PlainWorld)
    worker = Worker()
    task = start(make_runner(made), worker)
    await worker.turn()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ended(task)
    await until(lambda: made.world.shutdowns == 1 and not world_threads())


async def test_an_async_world_is_shut_down_at_the_end_of_the_engine() -> None:
    made = Made(AsyncWorld)
    worker = Worker()
    task = start(make_runner(made), worker)
    await worker.turn()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ended(task)
    assert made.world.shutdowns == 1
