from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from mephisto_engine.abstractions.channel import SubmitOutcome
from mephisto_engine.abstractions.site import Limits
from mephisto_engine.errors import StorageError
from mephisto_engine.gateway.posts import ERRORS_AT_ONCE

from .conftest import AGENT, World

SUBMITTED = (200, {"status": "Submitted!"})


async def test_final_data_is_stored_as_it_came(world: World) -> None:
    data = {"rating": "good", "text": "schön 🙂", "list": [1, 2.5, None, True], "nul": "\x00"}
    assert await world.submit(final_data=data, client_timestamp=1795380959.25) == SUBMITTED
    [submission] = world.backend.submissions
    assert submission.token == AGENT
    assert submission.body == data
    assert submission.uploads == []
    assert submission.client_at == 1795380959.25


async def test_missing_data_is_an_empty_object(world: World) -> None:
    assert await world.submit() == SUBMITTED
    assert await world.submit(final_data=None) == SUBMITTED
    assert [submission.body for submission in world.backend.submissions] == [{}, {}]


async def test_json_with_final_string_data_is_understood(world: World) -> None:
    assert await world.submit(final_data={}, final_string_data='{"a": 1}') == SUBMITTED
    assert world.backend.submissions[0].body == {"a": 1}


async def test_a_url_encoded_form_is_understood(world: World) -> None:
    body = {"USED_AGENT_ID": AGENT, "final_data[a]": "4", "final_data[b][c]": "x"}
    assert await world.post_raw("/submit_task", body) == SUBMITTED
    assert world.backend.submissions[0].body == {"a": "4", "b": {"c": "x"}}


@pytest.mark.parametrize("outcome", [SubmitOutcome.REPEATED, SubmitOutcome.LATE])
async def test_repeated_and_late_answers_are_told_submitted(
    world: World, outcome: SubmitOutcome
) -> None:
    world.backend.outcome = outcome
    assert await world.submit(final_data={}) == SUBMITTED


async def test_submitted_is_said_only_after_the_commit(world: World) -> None:
    world.backend.gate = asyncio.Event()
    call = asyncio.create_task(world.submit(final_data={}))
    done, _ = await asyncio.wait([call], timeout=0.05)
    assert not done
    world.backend.gate.set()
    assert await call == SUBMITTED


async def test_a_storage_error_asks_the_page_to_keep_the_answer(world: World) -> None:
    world.backend.failure = StorageError("disk full")
    body = {"USED_AGENT_ID": AGENT, "final_data": {}}
    async with world.client.post(world.url + "/submit_task", json=body) as response:
        assert response.status == 503
        assert int(response.headers["Retry-After"]) > 0
        assert "keep your answer" in (await response.json())["error"].lower()


async def test_an_unexpected_error_is_a_500_in_json_and_the_server_serves_on(
    world: World,
) -> None:
    world.backend.failure = RuntimeError("a bug with a secret in it")
    status, answer = await world.submit(final_data={})
    assert status == 500
    assert "secret" not in json.dumps(answer)
    world.backend.failure = None
    assert await world.submit(final_data={}) == SUBMITTED


async def test_a_forged_agent_id_is_404_and_journalled(world: World) -> None:
    status, _ = await world.post("/submit_task", {"USED_AGENT_ID": "forged", "final_data": {}})
    assert status == 404
    [(reason, where)] = world.backend.refusals
    assert "No agent" in reason
    assert where == "POST /submit_task from 127.0.0.1"
    assert not world.backend.submissions


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[1]",
        b'"text"',
        b"\xff\xfe",
        b'{"USED_AGENT_ID": 7, "final_data": {}}',
        b'{"USED_AGENT_ID": "", "final_data": {}}',
        b'{"final_data": {}}',
        b'{"USED_AGENT_ID": "A", "final_data": NaN}',
        b'{"USED_AGENT_ID": "A", "final_data": {"x": Infinity}}',
        b'{"USED_AGENT_ID": "A", "final_data": "\\ud800"}',
        b'{"USED_AGENT_ID": "A", "final_data": ' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"USED_AGENT_ID": "A", "final_data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"USED_AGENT_ID": "A", "final_data": {}, "USED_AGENT_ID": "B"}',
        b'{"USED_AGENT_ID": "A", "final_data": 1, "final_data": 2}',
        b'{"USED_AGENT_ID": "A", "final_string_data": "{not json"}',
        b'{"USED_AGENT_ID": "A", "final_string_data": {"a": 1}}',
    ],
)
async def test_a_malformed_body_is_400_with_a_reason_and_journalled(
    world: World, body: bytes
) -> None:
    body = body.replace(b'"A"', f'"{AGENT}"'.encode())
    headers = {"Content-Type": "application/json"}
    status, answer = await world.post_raw("/submit_task", body, headers=headers)
    assert status == 400
    assert answer["error"]
    assert len(world.backend.refusals) == 1
    assert not world.backend.submissions
    assert await world.submit(final_data={}) == SUBMITTED


async def test_an_answer_may_speak_of_the_protocol_s_fields(world: World) -> None:
    data = {"final_data": {"USED_AGENT_ID": "x"}}
    assert await world.submit(final_data=data) == SUBMITTED
    assert world.backend.submissions[0].body == data


@pytest.mark.parametrize("stamp", [None, "soon", True, -1, 1e300, [1], {}])
async def test_an_absurd_time_stamp_is_no_reason_to_lose_an_answer(
    world: World, stamp: Any
) -> None:
    assert await world.submit(final_data={}, client_timestamp=stamp) == SUBMITTED
    assert world.backend.submissions[0].client_at is None


class TestSmallLimits:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(max_body_bytes=1000, body_timeout_seconds=0.1)

    @pytest.mark.parametrize("chunked", [False, True])
    async def test_a_large_body_is_413_and_the_limit_is_told(
        self, world: World, chunked: bool
    ) -> None:
        body = json.dumps({"USED_AGENT_ID": AGENT, "final_data": "x" * 3000}).encode()

        async def pieces() -> Any:
            yield body

        status, answer = await world.post_raw("/submit_task", pieces() if chunked else body)
        assert status == 413
        assert "1000" in answer["error"]
        assert len(world.backend.refusals) == 1

    async def test_a_body_that_does_not_come_is_408_and_costs_others_nothing(
        self, world: World
    ) -> None:
        head = b"POST /submit_task HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"
        slow = asyncio.create_task(world.raw(head))
        assert await world.submit(final_data={}) == SUBMITTED
        assert b" 408 " in (await slow).splitlines()[0]
        assert not world.backend.refusals


async def test_metadata_is_taken_as_it_is_and_answered_exactly(world: World) -> None:
    tips = {"tips": {"header": "h", "text": "t", "type": "tips"}}
    answer = await world.post("/submit_metadata", {"USED_AGENT_ID": AGENT, "metadata": tips})
    assert answer == (200, {"status": "Submitted metadata"})
    assert world.backend.metadata == [(AGENT, tips, [])]


async def test_metadata_that_is_a_text_is_parsed(world: World) -> None:
    body = {"USED_AGENT_ID": AGENT, "metadata": '{"feedback": 1}'}
    await world.post("/submit_metadata", body)
    assert world.backend.metadata[0][1] == {"feedback": 1}


async def test_metadata_of_a_forged_agent_is_404(world: World) -> None:
    body = {"USED_AGENT_ID": "forged", "metadata": {}}
    assert (await world.post("/submit_metadata", body))[0] == 404


@pytest.mark.parametrize("token", [AGENT, None])
async def test_errors_of_pages_are_passed_on_with_and_without_an_agent(
    world: World, token: str | None
) -> None:
    body = {"USED_AGENT_ID": token, "error_data": {"error": "x"}, "client_timestamp": 1.0}
    assert await world.post("/log_error", body) == (200, {"status": "Error log sent!"})
    assert world.backend.errors == [(token, {"error": "x"})]


async def test_a_flood_of_error_reports_does_not_reach_the_journal(world: World) -> None:
    body = {"error_data": "x" * 1000}
    answers = [(await world.post("/log_error", body))[0] for _ in range(int(ERRORS_AT_ONCE) + 50)]
    assert set(answers) == {200, 429}
    assert len(world.backend.errors) < len(answers)
