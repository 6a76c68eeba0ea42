from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest
from engine_world import World, until

from mephisto_blueprints.mock import MockBlueprint
from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.abstractions.blueprint import TaskRunner
from mephisto_engine.abstractions.channel import SubmitOutcome, UnknownAgentError
from mephisto_engine.data_model import Agent, Submission, Unit, Worker
from mephisto_engine.database.operations import workers as worker_ops
from mephisto_engine.operations import agents_at_work
from mephisto_engine.operations.presence import SILENCE_SECONDS

MINUTES = 60


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
    monkeypatch.setattr(agents_at_work, "HOOK_SECONDS", 0.2)

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
        overdue = run.supervisor.at_work.end(
            agent, agents_at_work.AgentStatus.TIMEOUT, "engine", ""
        )
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
    from datetime import timedelta

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
    monkeypatch.setattr(agents_at_work, "HOOK_SECONDS", 0.05)

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


async def test_a_unit_names_who_has_it(world: World) -> None:
    run = await world.launch(units=1)
    await run.token("alice")
    assert world.db.read(Unit.get).worker_id is not None
    await world.advance(1801)
    assert world.db.read(Unit.get).worker_id is None
