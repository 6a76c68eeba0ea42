"""What a world may do with a worker, and what a worker's page may send."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from chat_world import Worker, make_runner
from worlds_for_tests import AsyncWorld, PlainWorld

FORM = [
    {"type": "choices", "question": "Was it fun?", "choices": ["yes", "no"]},
    {"type": "text", "question": "Why?"},
]


async def ended(work: Any) -> Any:
    async with asyncio.timeout(20):
        return await work


def start(make_world: Any, *workers: Worker) -> asyncio.Task[None]:
    runner = make_runner(make_world, len(workers))
    return asyncio.create_task(runner.run_assignment([worker.agent for worker in workers]))


def world(parley: Any, base: Any = PlainWorld) -> Any:
    return type("OneTurn", (base,), {"parley": parley, "turns": 1})


async def test_an_act_without_a_timeout_asks_and_does_not_wait() -> None:
    """Worlds ask all workers for a form first, and then collect the forms one after another."""
    heard: list[Any] = []

    def parley(self: Any) -> None:
        self.turn += 1
        heard.extend(agent.act() for agent in self.agents)
        heard.extend(agent.act(timeout=30)["text"] for agent in self.agents)

    ann, ben = Worker(0), Worker(1)
    task = start(world(parley), ann, ben)
    await ann.turn()
    await ben.turn()
    ben.says("ben's form")
    ann.says("ann's form")
    await ended(task)
    assert heard == [None, None, "ann's form", "ben's form"]
    assert (ann.asked, ben.asked) == (1, 1)


async def test_a_world_may_look_again_and_again_for_a_message() -> None:
    polls: list[Any] = []

    def parley(self: Any) -> None:
        self.turn += 1
        act = None
        while act is None:
            act = self.agents[0].act()
            polls.append(act)

    worker = Worker()
    task = start(world(parley), worker)
    await worker.turn()
    worker.says("at last")
    await ended(task)
    assert polls[-1]["text"] == "at last"
    assert worker.asked == 1


async def test_a_form_is_shown_and_its_answers_come_back() -> None:
    answers: list[Any] = []

    async def parley(self: Any) -> None:
        self.say("Please fill this", respond_with_form=FORM)
        act = await self.agents[0].aact(timeout=30)
        answers.append(act["task_data"])
        self.finish()

    worker = Worker()
    task = start(world(parley, AsyncWorld), worker)
    await worker.turn()
    given = [{"question": "Was it fun?", "response": "yes"}]
    worker.says("Was it fun?: yes\n", task_data={"form_responses": given})
    await ended(task)
    assert {"respond_with_form": FORM} in worker.task_data
    assert answers == [{"form_responses": given}]


async def test_a_worker_cannot_steer_a_partners_page() -> None:
    controls = {
        "task_done": True,
        "is_final": True,
        "live_update_requested": True,
        "respond_with_form": [],
        "agent_display_name": "Boss",
        "doneText": "go",
    }
    ann, ben = Worker(0), Worker(1)
    task = start(PlainWorld, ann, ben)
    await ann.turn()
    ann.says("hi", task_data={**controls, "mine": 1}, id="Coordinator")
    await ben.turn()
    [heard] = [update for update in ben.page if "text" in update]
    assert heard["task_data"] == {"mine": 1}
    assert heard["id"] == "Speaker 1"
    task.cancel()


@pytest.mark.parametrize("text", [None, 7, ["a"], {"b": 1}])
@pytest.mark.parametrize("task_data", [None, "x", [1]])
async def test_a_malformed_message_reaches_the_world_well_formed(text: Any, task_data: Any) -> None:
    heard: list[Any] = []

    def parley(self: Any) -> None:
        self.turn += 1
        heard.append(self.agents[0].act(timeout=30))

    worker = Worker()
    task = start(world(parley), worker)
    await worker.turn()
    worker.says(text, task_data=task_data, episode_done="yes")
    await ended(task)
    assert heard[0]["text"] == ""
    assert heard[0]["task_data"] == {}
    assert heard[0]["episode_done"] is False


async def test_a_worker_is_not_shown_their_own_message_again() -> None:
    def parley(self: Any) -> None:
        self.turn += 1
        act = self.agents[0].act(timeout=30)
        act.force_set("task_data", {"utterance_count": 1})
        for agent in self.agents:
            agent.observe(act)

    ann, ben = Worker(0), Worker(1)
    task = start(world(parley), ann, ben)
    await ann.turn()
    ann.says("hello")
    await ended(task)
    assert ann.texts == []
    assert {"utterance_count": 1} in ann.task_data
    assert ben.texts == [("Speaker 1", "hello")]


async def test_the_same_message_twice_is_two_updates() -> None:
    def parley(self: Any) -> None:
        self.turn += 1
        act = {"id": "System", "text": "again", "update_id": "mine"}
        self.agents[0].observe(act)
        self.agents[0].observe(act)
        act["text"] = "changed afterwards"

    worker = Worker()
    await ended(start(world(parley), worker))
    assert worker.texts == [("System", "again"), ("System", "again")]
    ids = [update["update_id"] for update in worker.page]
    assert len(set(ids)) == len(ids)


async def test_parts_that_pages_stumble_over_are_left_out() -> None:
    def parley(self: Any) -> None:
        self.turn += 1
        self.agents[0].observe({"id": "System", "text": None, "task_data": None, "reward": 0.5})

    worker = Worker()
    await ended(start(world(parley), worker))
    [shown] = [update for update in worker.page if "reward" in update]
    assert set(shown) == {"id", "reward", "update_id", "timestamp"}


async def test_done_is_not_said_twice() -> None:
    def parley(self: Any) -> None:
        self.turn += 1
        self.agents[0].observe({"task_data": {"task_done": True, "doneText": "Well done"}})

    worker = Worker()
    await ended(start(world(parley), worker))
    assert sum("task_done" in data for data in worker.task_data) == 1


async def test_an_agent_has_the_names_that_parlais_worlds_use() -> None:
    seen: list[Any] = []

    def parley(self: Any) -> None:
        self.turn += 1
        agent = self.agents[0]
        seen.extend([agent.id, agent.agent_id, agent.mephisto_agent.worker.name])
        agent.shutdown(timeout=None)

    await ended(start(world(parley), Worker()))
    assert seen == ["Speaker 1", "Speaker 1", "worker-0"]
