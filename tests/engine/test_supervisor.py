from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from engine_world import World, until

from mephisto_blueprints.mock import MockBlueprint
from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.abstractions.blueprint import TaskRunner
from mephisto_engine.abstractions.channel import SubmitOutcome, UnknownAgentError
from mephisto_engine.data_model import Submission, Unit
from mephisto_engine.data_model.status import AgentStatus
from mephisto_engine.database.operations import agents as agent_ops
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import StorageError
from mephisto_engine.operations.live import hooks
from mephisto_engine.operations.live.presence import SILENCE_SECONDS

MINUTES = 60
MINUTE = timedelta(minutes=1)


async def test_a_reload_is_the_same_agent(world: World) -> None:
    run = await world.launch(units=3)
    first = await run.arrive("alice", "tab")
    assert await run.arrive("alice", "tab") == first
    assert first.agent_id
    await run.submit(first.agent_id)
    assert await run.arrive("alice", "tab") == first
    assert run.units() == {"completed": 1, "launched": 2}


async def test_after_the_time_is_over_the_unit_is_on_offer_again(world: World) -> None:
    run = await world.launch(units=1, assignment_duration_in_seconds=600)
    token = await run.token("alice", "tab")
    await world.advance(599)
    assert run.agents() == {"in task": 1}
    await world.advance(2)
    assert run.agents() == {"timeout": 1}
    assert run.units() == {"launched": 1}
    assert ("status", "timeout") in [(p.kind, p.body) for p in run.channel.sent_to(token)]
    assert await run.refusal("alice", "tab") == "session_ended"
    assert await run.token("bob")


async def test_a_second_submission_is_answered_like_the_first(world: World) -> None:
    run = await world.launch(units=1, each=2)
    token = await run.token("alice")
    outcomes = await asyncio.gather(*(run.submit(token, number) for number in range(5)))
    assert Counter(outcomes) == {SubmitOutcome.STORED: 1, SubmitOutcome.REPEATED: 4}
    assert world.db.read(Submission.get).body == json.dumps({"answer": 0})
    assert run.units() == {"completed": 1, "launched": 1}


async def test_a_late_answer_is_kept(world: World) -> None:
    run = await world.launch(units=1)
    token = await run.token("alice")
    await world.advance(1801)
    bob = await run.token("bob")
    assert await run.submit(token) == SubmitOutcome.LATE
    assert await run.submit(token) == SubmitOutcome.REPEATED
    assert await run.submit(bob) == SubmitOutcome.STORED
    assert run.agents() == {"timeout": 1, "completed": 1}


@pytest.mark.parametrize("is_answer_first", [True, False])
async def test_deadline_and_answer_at_one_moment_leave_one_outcome(
    world: World, is_answer_first: bool
) -> None:
    run = await world.launch(units=1)
    token = await run.token("alice")
    agent = run.driver.live.agents[token]

    def end() -> asyncio.Future[Any]:
        overdue = run.supervisor.at_work.end(agent, AgentStatus.TIMEOUT, "engine", "")
        return asyncio.ensure_future(overdue)

    if is_answer_first:
        answer, ending = asyncio.ensure_future(run.submit(token)), end()
    else:
        ending, answer = end(), asyncio.ensure_future(run.submit(token))
    await asyncio.gather(answer, ending)
    assert answer.result() == (SubmitOutcome.STORED if is_answer_first else SubmitOutcome.LATE)
    assert run.agents() == {"completed" if is_answer_first else "timeout": 1}
    assert token not in run.driver.live.agents
    assert run.driver.live.published == (0 if is_answer_first else 1)


async def test_a_forged_token_is_nobodys(world: World) -> None:
    run = await world.launch()
    for token in ("0" * 32, "", "' OR 1=1"):
        with pytest.raises(UnknownAgentError):
            await run.submit(token)
        with pytest.raises(UnknownAgentError):
            await run.supervisor.submit_metadata(token, {}, ())
        with pytest.raises(UnknownAgentError):
            await run.supervisor.log_error(token, "x")
        assert await run.supervisor.status_of(token) is None


async def test_the_token_of_another_run_is_nobodys(world: World) -> None:
    first, second = await world.launch(units=1), await world.launch(units=1)
    token = await first.token("alice")
    with pytest.raises(UnknownAgentError):
        await second.submit(token)


async def test_a_page_that_falls_silent_is_gone(world: World) -> None:
    run = await world.launch(units=1)
    token = await run.token("alice")
    run.supervisor.connected(token)
    await world.advance(SILENCE_SECONDS - 1)
    run.supervisor.seen(token)
    await world.advance(SILENCE_SECONDS - 1)
    assert run.agents() == {"in task": 1}
    await world.advance(2)
    assert run.agents() == {"disconnect": 1}
    assert run.units() == {"launched": 1}


async def test_a_page_that_never_opened_a_socket_is_not_silent(world: World) -> None:
    run = await world.launch(units=1)
    await run.token("alice")
    await world.advance(10 * MINUTES)
    assert run.agents() == {"in task": 1}


async def test_when_the_engine_stood_still_nobody_is_blamed(world: World) -> None:
    run = await world.launch(units=1)
    token = await run.token("alice")
    run.supervisor.connected(token)
    await world.stall(5 * MINUTES)
    assert run.agents() == {"in task": 1}
    await world.advance(SILENCE_SECONDS + 1)
    assert run.agents() == {"disconnect": 1}


async def test_a_change_of_the_wall_clock_ends_nobody(world: World) -> None:
    run = await world.launch(units=1)
    await run.token("alice")
    for days in (1, -2):
        world.clock.set_wall_clock(world.clock.now() + timedelta(days=days))
        await world.advance(MINUTES)
    assert run.agents() == {"in task": 1}


async def test_the_operators_hook_is_called_once_an_answer(world: World) -> None:
    told: list[int] = []

    def submitted(unit: Any) -> None:
        told.append(unit.id)

    run = await world.launch(units=2, each=1, shared_state={"on_unit_submitted": submitted})
    token = await run.token("alice")
    await asyncio.gather(run.submit(token), run.submit(token))
    await until(lambda: len(told) == 1)
    await run.do_units("bob")
    await until(lambda: len(told) == 2)


async def test_a_hook_that_raises_or_hangs_stops_no_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "HOOK_SECONDS", 0.05)

    async def submitted(unit: Any) -> None:
        if unit.shared["index"] == 0:
            raise RuntimeError("operator's mistake")
        await asyncio.Event().wait()

    run = await world.launch(units=3, shared_state={"on_unit_submitted": submitted})
    await run.do_units("alice", "alice")
    await until(lambda: len(run.events("run.hook_failed")) == 2)
    await run.do_units("alice")
    assert (await run.ended()).status == "completed"


def blueprint_with(runner: type[TaskRunner]) -> type[MockBlueprint]:
    return type("Blueprint", (MockBlueprint,), {"TaskRunnerClass": runner})


async def test_task_code_that_raises_ends_its_agent_alone(world: World) -> None:
    class Runner(TaskRunner):
        async def run_unit(self, agent: LiveAgent) -> None:
            if agent.worker.name == "mallory":
                raise ZeroDivisionError("task's mistake")
            await agent.await_submit()

    world.blueprint = blueprint_with(Runner)
    run = await world.launch(units=2)
    alice, mallory = await run.token("alice"), await run.token("mallory")
    await until(lambda: run.agents() == {"in task": 1, "disconnect": 1})
    assert "task's mistake" in run.events("agent.task_failed")[0]["error"]
    assert run.units() == {"assigned": 1, "launched": 1}
    assert await run.submit(mallory) == SubmitOutcome.LATE
    assert await run.submit(alice) == SubmitOutcome.STORED


async def test_task_code_that_cannot_make_the_first_data_ends_its_agent(world: World) -> None:
    class Runner(TaskRunner):
        def get_init_data_for_agent(self, agent: LiveAgent) -> Any:
            if agent.unit.unit_index == 0 and agent.worker.name == "mallory":
                raise ZeroDivisionError("task's mistake")
            return {"ok": True}

    world.blueprint = blueprint_with(Runner)
    run = await world.launch(units=1)
    await run.refusal("mallory")
    await until(lambda: run.agents() == {"disconnect": 1})
    assert "task's mistake" in run.events("agent.task_failed")[0]["error"]
    assert await run.token("alice")


class Short(TaskRunner):
    """Task code that is over before the page has submitted."""

    async def run_unit(self, agent: LiveAgent) -> None:
        return


async def test_after_the_tasks_own_logic_the_page_has_the_submission_timeout(world: World) -> None:
    world.blueprint = blueprint_with(Short)
    run = await world.launch(units=2, submission_timeout=60)
    lost = await run.token("alice")
    await until(lambda: run.agent(lost).deadline_at == run.agent(lost).created_at + MINUTE)
    await world.advance(59)
    assert run.agents() == {"in task": 1}
    await world.advance(2)
    assert run.agents() == {"timeout": 1}


async def test_the_submission_timeout_gives_nobody_more_time(world: World) -> None:
    world.blueprint = blueprint_with(Short)
    run = await world.launch(units=1, assignment_duration_in_seconds=30, submission_timeout=60)
    await run.token("alice")
    await world.advance(31)
    assert run.agents() == {"timeout": 1}


async def test_clean_up_runs_once_however_the_agent_ended(world: World) -> None:
    cleaned: list[str] = []

    class Runner(TaskRunner):
        async def cleanup_unit(self, agent: LiveAgent) -> None:
            cleaned.append(agent.worker.name)

    world.blueprint = blueprint_with(Runner)
    run = await world.launch(units=3)
    await run.do_units("alice")
    await until(lambda: cleaned == ["alice"])
    await run.token("bob")
    await world.advance(1801)
    await until(lambda: cleaned == ["alice", "bob"])


async def test_task_code_and_page_exchange_updates(world: World) -> None:
    class Runner(TaskRunner):
        async def run_unit(self, agent: LiveAgent) -> None:
            said = await agent.get_live_update()
            agent.observe({"echo": said["text"]})
            await agent.await_submit()

    world.blueprint = blueprint_with(Runner)
    run = await world.launch(units=1)
    token = await run.token("alice")
    run.supervisor.live_update(token, {"text": "hello"})
    await until(lambda: bool(run.channel.sent_to(token)))
    (packet,) = run.channel.sent_to(token)
    assert packet.body["echo"] == "hello"
    await run.submit(token)


async def test_what_a_page_reports_is_kept_with_its_agent(world: World) -> None:
    run = await world.launch(units=1, each=2)
    token = await run.token("alice")
    await run.supervisor.log_error(token, {"message": "oh\u202e no"})
    await run.supervisor.submit_metadata(token, {"tip": "be quick"}, ())
    await run.submit(token)
    await run.supervisor.submit_metadata(token, {"tip": "afterwards"}, ())
    assert "oh" in run.events("agent.page_error")[0]["error"]
    assert len(run.events("agent.metadata")) == 2


async def set_space(world: World, pages: int) -> None:
    """How many pages the database may have; one that it has already reached is a full disk."""

    def limit(tx: Transaction) -> None:
        tx.database.execute_sql(f"PRAGMA max_page_count={pages}")

    await world.db.write(limit)


async def test_on_a_full_disk_nothing_is_acknowledged_and_nothing_lost(world: World) -> None:
    run = await world.launch(units=5)
    token = await run.token("alice")
    late = await run.token("bob")
    long = "x" * 500_000
    await set_space(world, 1)
    with pytest.raises(StorageError):
        await run.submit(token, long)
    assert run.units() == {"assigned": 2, "launched": 3}

    await set_space(world, 1_000_000)
    assert await run.submit(token, long) == SubmitOutcome.STORED
    assert await run.submit(late) == SubmitOutcome.STORED
    await until(lambda: run.driver.live.counts["completed"] == 2)


async def test_an_arrival_on_a_full_disk_takes_no_unit_away(world: World) -> None:
    run = await world.launch(units=2)

    async def crowd() -> None:
        """Some rows still fit into the last page; not as many as these."""
        for number in range(500):
            await run.arrive(f"{number}".ljust(199, "x"))

    await set_space(world, 1)
    with pytest.raises(StorageError):
        await crowd()
    await set_space(world, 1_000_000)
    assert len(run.driver.live.pool) == run.units()["launched"]


async def test_an_agent_whose_end_could_not_be_stored_ends_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await world.launch(units=1)
    await run.token("alice")
    broken = [StorageError("the disk is full")] * 3
    real = agent_ops.end_agent

    def end_agent(*args: Any) -> None:
        if broken:
            raise broken.pop()
        real(*args)

    monkeypatch.setattr(agent_ops, "end_agent", end_agent)
    await world.advance(1801)
    assert run.agents() == {"in task": 1}
    for _ in range(3):
        await world.advance(6)
    assert run.agents() == {"timeout": 1}
    assert run.units() == {"launched": 1}


async def test_a_unit_names_who_has_it(world: World) -> None:
    run = await world.launch(units=1)
    await run.token("alice")
    assert world.db.read(Unit.get).worker_id is not None
    await world.advance(1801)
    assert world.db.read(Unit.get).worker_id is None
