"""Worlds that fail: each ends cleanly, and its error comes out."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from chat_world import Worker, make_runner
from worlds_for_tests import AsyncWorld, Made, PlainWorld

from mephisto_blueprints.parlai_chat.conversation import Conversation
from mephisto_engine.abstractions.agent import AgentDisconnectedError, AgentSubmittedError
from mephisto_engine.errors import PluginError


class OddError(Exception):
    pass


def fails(*args: Any) -> Any:
    raise OddError("no")


async def fails_later(*args: Any) -> Any:
    raise OddError("no")


async def ended(work: Any) -> Any:
    async with asyncio.timeout(20):
        return await work


def start(runner: Any, *workers: Worker) -> asyncio.Task[None]:
    return asyncio.create_task(runner.run_assignment([worker.agent for worker in workers]))


async def test_an_error_in_make_world_comes_out() -> None:
    with pytest.raises(OddError):
        await ended(start(make_runner(fails), Worker()))
    with pytest.raises(OddError):
        await ended(start(make_runner(fails_later), Worker()))


@pytest.mark.parametrize("world", [None, object()])
async def test_what_is_no_world_is_said_to_be_none(world: Any) -> None:
    runner = make_runner(lambda opt, agents: world)
    with pytest.raises(PluginError, match="has no method 'parley'"):
        await ended(start(runner, Worker()))


@pytest.mark.parametrize(
    ("world_class", "parley"), [(PlainWorld, fails), (AsyncWorld, fails_later)]
)
async def test_an_error_in_parley_comes_out_after_a_shutdown(world_class: Any, parley: Any) -> None:
    made = Made(type("Failing", (world_class,), {"parley": parley}))
    worker = Worker()
    with pytest.raises(OddError):
        await ended(start(make_runner(made), worker))
    assert made.world.shutdowns == 1
    assert worker.world_data == []
    assert not worker.may_hand_in


@pytest.mark.parametrize("world_class", [PlainWorld, AsyncWorld])
@pytest.mark.parametrize("method", ["shutdown", "prep_save_data"])
async def test_a_late_error_comes_out_once_the_worker_has_handed_in(
    world_class: Any, method: str
) -> None:
    turns = {"turns": 1, method: fails}
    made = Made(type("Failing", (world_class,), turns))
    worker = Worker()
    task = start(make_runner(made), worker)
    await worker.turn()
    worker.says("all my work")
    await worker.until(lambda page: worker.may_hand_in)
    assert not task.done()
    worker.agent.set_submitted({})
    with pytest.raises(OddError):
        await ended(task)


async def test_an_error_in_shutdown_does_not_hide_that_a_worker_left() -> None:
    made = Made(type("Failing", (PlainWorld,), {"shutdown": fails}))
    ann, ben = Worker(0), Worker(1)
    task = start(make_runner(made, 2), ann, ben)
    await ann.turn()
    ben.agent.set_gone("disconnect")
    with pytest.raises(AgentDisconnectedError):
        await ended(task)


@pytest.mark.parametrize("error", [SystemExit(3), StopIteration(), KeyboardInterrupt()])
async def test_an_error_that_would_end_the_engine_comes_out_as_a_plugins(error: Any) -> None:
    def parley(self: Any) -> None:
        raise error

    made = Made(type("Leaving", (PlainWorld,), {"parley": parley}))
    with pytest.raises(PluginError, match=type(error).__name__):
        await ended(start(make_runner(made), Worker()))


@pytest.mark.parametrize("is_submitted", [False, True])
async def test_a_world_that_never_returns_does_not_hold_the_workers(
    monkeypatch: Any, is_submitted: bool
) -> None:
    monkeypatch.setattr(Conversation, "unwind_seconds", 0.05)
    release = threading.Event()
    made = Made(type("Endless", (PlainWorld,), {"parley": lambda self: release.wait(30)}))
    worker = Worker()
    task = start(make_runner(made), worker)
    await worker.until(lambda page: bool(page))
    if is_submitted:
        worker.agent.set_submitted({})
    else:
        worker.agent.set_gone("disconnect")
    with pytest.raises(AgentSubmittedError if is_submitted else AgentDisconnectedError):
        await ended(task)
    release.set()


async def test_an_async_world_that_never_returns_does_not_hold_the_workers(
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(Conversation, "unwind_seconds", 0.05)

    async def endless(self: Any) -> None:
        await asyncio.Event().wait()

    made = Made(type("Endless", (AsyncWorld,), {"parley": endless}))
    worker = Worker()
    task = start(make_runner(made), worker)
    await worker.until(lambda page: bool(page))
    worker.agent.set_gone("disconnect")
    with pytest.raises(AgentDisconnectedError):
        await ended(task)
    assert made.world.shutdowns == 1


async def test_a_world_that_waits_for_a_partner_learns_that_one_left() -> None:
    """Nothing was ever awaited of the one who leaves."""

    class OnlyAnn(PlainWorld):
        def parley(self) -> None:
            self.agents[0].act(timeout=3600)

    ann, ben = Worker(0), Worker(1)
    task = start(make_runner(OnlyAnn, 2), ann, ben)
    await ann.turn()
    ben.agent.set_gone("disconnect")
    with pytest.raises(AgentDisconnectedError):
        await ended(task)


async def test_an_async_world_that_waits_like_a_plain_one_is_told_how() -> None:
    async def parley(self: Any) -> None:
        self.agents[0].act(timeout=1)

    made = Made(type("Mixed", (AsyncWorld,), {"parley": parley}))
    with pytest.raises(PluginError) as caught:
        await ended(start(make_runner(made), Worker()))
    assert "aact" in caught.value.hint


async def test_data_that_is_not_plain_is_refused_where_it_is_shown() -> None:
    def parley(self: Any) -> None:
        self.agents[0].observe({"text": "x", "task_data": {"what": object()}})

    made = Made(type("Odd", (PlainWorld,), {"parley": parley}))
    with pytest.raises(PluginError, match="cannot be sent or stored"):
        await ended(start(make_runner(made), Worker()))
