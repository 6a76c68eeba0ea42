"""The qualifying task before the first unit."""

from __future__ import annotations

from typing import Any

import pytest
from engine_world import Run, World, until

from mephisto_engine.abstractions.channel import AgentDetails, FailureReason, UnknownAgentError
from mephisto_engine.data_model import OnboardingAgent
from mephisto_engine.database.operations.onboarding import reset
from mephisto_engine.database.operations.workers import grant_qualification
from mephisto_engine.operations.watching.details import UnitDetail, read_detail
from mephisto_engine.operations.watching.snapshot import Subject

QUALIFICATION = "trained"


def knows_oslo(given: Any) -> bool:
    return bool(given["outputs"].get("capital") == given["inputs"]["expected"])


STATE = {"onboarding_data": {"expected": "Oslo"}, "validate_onboarding": knows_oslo}


async def onboarding_run(world: World, **given: Any) -> Run:
    options = {"onboarding_qualification": QUALIFICATION}
    return await world.launch(2, shared_state=STATE, options=options, **given)


async def begin(run: Run, worker: str, tab: str) -> str:
    details = await run.arrive(worker, tab)
    assert details.agent_id is not None
    assert details.agent_id.startswith("onboarding")
    assert details.init_task_data == {"expected": "Oslo"}
    return details.agent_id


async def hand_in(run: Run, token: str, capital: str = "Oslo") -> AgentDetails:
    return await run.supervisor.submit_onboarding(token, {"capital": capital})


def stored(run: Run) -> list[tuple[str, Any]]:
    rows = run.world.db.read(lambda: list(OnboardingAgent.select().order_by(OnboardingAgent.id)))
    return [(row.status, row.answer) for row in rows]


async def test_who_passes_gets_a_unit_with_the_same_registration(world: World) -> None:
    run = await onboarding_run(world)
    token = await begin(run, "alice", "tab")
    assert run.units() == {"launched": 2}
    details = await hand_in(run, token)
    assert details.agent_id is not None
    assert not details.agent_id.startswith("onboarding")
    assert stored(run) == [("approved", {"capital": "Oslo"})]
    again = await run.arrive("alice", "tab")
    assert again.agent_id == details.agent_id


async def test_the_timeline_of_a_unit_begins_with_the_qualifying_task(world: World) -> None:
    run = await onboarding_run(world)
    details = await hand_in(run, await begin(run, "alice", "tab"))
    agent = run.supervisor.live.agents[str(details.agent_id)]
    subject = Subject("unit", agent.unit.id)
    unit = world.db.read(read_detail, subject, world.registry, world.home)
    assert isinstance(unit, UnitDetail)
    assert [moment.text for moment in unit.timeline if "created" not in moment.text] == [
        "began the qualifying task",
        "qualifying task: approved",
        f"agent {agent.id}, worker alice, began",
    ]


async def test_who_fails_is_kept_out_from_then_on(world: World) -> None:
    run = await onboarding_run(world)
    token = await begin(run, "mallory", "tab")
    details = await hand_in(run, token, "Paris")
    assert (details.agent_id, details.failure_reason) == (None, FailureReason.NOT_QUALIFIED)
    assert stored(run) == [("rejected", {"capital": "Paris"})]
    assert await run.refusal("mallory", "tab") == "not_qualified"
    assert await run.refusal("mallory", "another tab") == "not_qualified"
    assert run.units() == {"launched": 2}


async def test_who_is_qualified_already_goes_straight_to_the_task(world: World) -> None:
    run = await onboarding_run(world)
    await hand_in(run, await begin(run, "alice", "first"))
    details = await run.arrive("alice", "second")
    assert details.agent_id is not None
    assert not details.agent_id.startswith("onboarding")


async def test_a_reload_gives_the_same_onboarding(world: World) -> None:
    run = await onboarding_run(world)
    assert await begin(run, "alice", "tab") == await begin(run, "alice", "tab")
    assert len(stored(run)) == 1


async def test_a_repeated_answer_is_answered_like_the_first(world: World) -> None:
    run = await onboarding_run(world)
    token = await begin(run, "alice", "tab")
    first, second = await hand_in(run, token), await hand_in(run, token, "Paris")
    assert first.agent_id == second.agent_id
    assert stored(run) == [("approved", {"capital": "Oslo"})]


async def test_onboarding_survives_a_crash_of_the_engine(world: World) -> None:
    run = await onboarding_run(world)
    token = await begin(run, "alice", "tab")
    await world.crash()
    run = await world.resume(run.id, STATE)
    assert (await hand_in(run, token)).agent_id is not None


async def test_a_silent_onboarding_page_ends_it(world: World) -> None:
    run = await onboarding_run(world)
    token = await begin(run, "alice", "tab")
    run.supervisor.connected(token)
    await world.advance(16)
    await until(lambda: [status for status, _ in stored(run)] == ["disconnect"])
    assert await run.refusal("alice", "tab") == "session_ended"


async def test_nobody_is_onboarded_when_there_is_no_work(world: World) -> None:
    run = await onboarding_run(world)
    for worker in ("alice", "bob"):
        await hand_in(run, await begin(run, worker, worker))
    assert await run.refusal("carol") == "no_units"
    assert len(stored(run)) == 2


async def test_a_judge_that_raises_says_no_and_is_journalled(world: World) -> None:
    def judge(given: Any) -> bool:
        raise ZeroDivisionError("judge's mistake")

    run = await world.launch(
        1,
        shared_state={"validate_onboarding": judge},
        options={"onboarding_qualification": QUALIFICATION},
    )
    details = await run.arrive("alice", "tab")
    answer = await run.supervisor.submit_onboarding(str(details.agent_id), {})
    assert answer.failure_reason == FailureReason.NOT_QUALIFIED
    assert "judge's mistake" in run.events("run.hook_failed")[0]["error"]


async def test_a_forged_onboarding_token_is_unknown(world: World) -> None:
    run = await onboarding_run(world)
    with pytest.raises(UnknownAgentError):
        await hand_in(run, "onboarding_0123")


async def test_a_grant_by_hand_counts_like_a_passed_onboarding(world: World) -> None:
    run = await onboarding_run(world)
    token = await begin(run, "alice", "tab")
    await hand_in(run, token, "Paris")
    await world.db.write(grant_qualification, 1, QUALIFICATION, 1, "operator:me")
    assert (await run.arrive("alice", "new tab")).agent_id is not None


async def test_who_failed_can_do_it_again_after_a_reset(world: World) -> None:
    run = await onboarding_run(world)
    await hand_in(run, await begin(run, "ann", "tab"), "Paris")
    assert await run.refusal("ann", "tab") == "not_qualified"
    agent = world.db.read(OnboardingAgent.get)
    await world.db.write(reset, agent.worker_id, [agent.id], QUALIFICATION, "operator:me")
    details = await hand_in(run, await begin(run, "ann", "tab"))
    assert details.agent_id is not None
    assert [status for status, _ in stored(run)] == ["rejected", "approved"]
