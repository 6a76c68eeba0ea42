from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from mephisto_engine.abstractions.channel import AgentDetails, FailureReason
from mephisto_engine.errors import StorageError
from mephisto_engine.gateway.posts import BROKEN_REASON, PREVIEW_REASON

from .conftest import AGENT, ONBOARDING, World

REGISTRATION = {
    "provider_data": {
        "worker_name": "alice",
        "agent_registration_id": "asg1-alice",
        "assignment_id": "asg1",
        "provider_type": "mock",
    },
    "client_timestamp": 1795380959.179,
}


async def test_the_answer_is_an_agent_details_packet(world: World) -> None:
    status, packet = await world.post("/request_agent?unknown=parameter", REGISTRATION)
    assert status == 200
    assert packet["packet_type"] == "agent_details"
    assert UUID(packet["data"].pop("request_id"))
    assert packet["data"] == {
        "worker_id": "worker-1",
        "agent_id": AGENT,
        "init_task_data": {"text": "hello"},
        "failure_reason": None,
    }
    assert packet["client_timestamp"] is None
    assert packet["router_outgoing_timestamp"] is None
    assert isinstance(packet["server_timestamp"], float)
    assert world.backend.registrations == [REGISTRATION["provider_data"]]


async def test_a_refusal_is_told_with_status_200_and_no_agent(world: World) -> None:
    world.backend.details = AgentDetails("w", None, None, FailureReason.NO_AVAILABLE_UNITS)
    status, packet = await world.post("/request_agent", REGISTRATION)
    assert status == 200
    assert packet["data"]["agent_id"] is None
    assert packet["data"]["init_task_data"] is None
    assert packet["data"]["failure_reason"] == FailureReason.NO_AVAILABLE_UNITS.value


@pytest.mark.parametrize("empty", [None, "", 0, [], False])
async def test_initial_data_is_never_falsy_beside_an_agent(world: World, empty: object) -> None:
    world.backend.details = AgentDetails("w", AGENT, empty)
    _, packet = await world.post("/request_agent", REGISTRATION)
    assert packet["data"]["init_task_data"] == {}


async def test_data_that_only_the_standard_library_can_write_is_written(world: World) -> None:
    data = {"big": 2**80, "odd": "\ud800"}
    world.backend.details = AgentDetails("w", AGENT, data)
    status, packet = await world.post("/request_agent", REGISTRATION)
    assert status == 200
    assert packet["data"]["init_task_data"] == data


async def test_an_error_in_the_backend_gives_a_reason_and_not_a_hanging_page(
    world: World,
) -> None:
    world.backend.failure = RuntimeError("a bug")
    status, packet = await world.post("/request_agent", REGISTRATION)
    assert status == 200
    assert packet["data"]["agent_id"] is None
    assert packet["data"]["failure_reason"] == BROKEN_REASON


async def test_a_storage_error_asks_the_page_to_come_again(world: World) -> None:
    world.backend.failure = StorageError("disk full")
    async with world.client.post(world.url + "/request_agent", json=REGISTRATION) as response:
        assert response.status == 503
        assert int(response.headers["Retry-After"]) > 0


async def test_concurrent_calls_all_reach_the_backend_which_serialises_them(
    world: World,
) -> None:
    calls = [world.post("/request_agent", REGISTRATION) for _ in range(4)]
    answers = await asyncio.gather(*calls)
    assert {packet["data"]["agent_id"] for _, packet in answers} == {AGENT}
    assert len(world.backend.registrations) == 4


async def test_the_preview_of_mturk_gets_no_agent(world: World) -> None:
    data = {**REGISTRATION["provider_data"], "assignment_id": "ASSIGNMENT_ID_NOT_AVAILABLE"}  # type: ignore[dict-item]
    _, packet = await world.post("/request_agent", {"provider_data": data})
    assert packet["data"]["agent_id"] is None
    assert packet["data"]["failure_reason"] == PREVIEW_REASON
    assert not world.backend.registrations


@pytest.mark.parametrize("provider_data", [None, "alice", ["alice"], 7])
async def test_provider_data_must_be_an_object(world: World, provider_data: object) -> None:
    status, answer = await world.post("/request_agent", {"provider_data": provider_data})
    assert status == 400
    assert "provider_data" in answer["error"]
    assert len(world.backend.refusals) == 1


async def test_an_onboarding_is_answered_with_the_real_agent(world: World) -> None:
    body = {"provider_data": {"USED_AGENT_ID": ONBOARDING, "onboarding_data": {"ok": True}}}
    status, packet = await world.post("/submit_onboarding", body)
    assert status == 200
    assert packet["data"]["agent_id"] == AGENT
    assert world.backend.onboardings == [(ONBOARDING, {"ok": True})]


async def test_missing_onboarding_data_is_an_empty_object(world: World) -> None:
    await world.post("/submit_onboarding", {"provider_data": {"USED_AGENT_ID": ONBOARDING}})
    assert world.backend.onboardings == [(ONBOARDING, {})]


async def test_an_onboarding_of_an_unknown_agent_is_answered_and_journalled(
    world: World,
) -> None:
    body = {"provider_data": {"USED_AGENT_ID": "onboarding_forged"}}
    status, answer = await world.post("/submit_onboarding", body)
    assert status == 404
    assert "error" in answer
    assert world.backend.refusals[0][1].startswith("POST /submit_onboarding")
