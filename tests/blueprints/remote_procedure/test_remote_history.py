"""What a page gets when it comes back, and what is kept of its calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from called_page import CalledPage

from mephisto_blueprints.remote_procedure import Caller
from mephisto_blueprints.remote_procedure.blueprint import RemoteProcedureAgentState
from mephisto_engine.testing.records import make_live_agent, make_unit

Open = Callable[..., CalledPage]


async def test_a_page_starts_with_its_data_and_no_requests(open_page: Open) -> None:
    page = open_page({"f": lambda: 1})
    assert page.runner.get_init_data_for_agent(page.agent) == {
        "task_data": {"text": f"item {page.agent.id}", "part": 2},
        "previous_requests": [],
    }


async def test_a_page_that_comes_back_gets_requests_and_responses_in_order(
    open_page: Open,
) -> None:
    page = open_page({"f": lambda args: args + 1})
    first, second = page.ask("f", 1), page.ask("f", 2)
    assert [await page.response(first), await page.response(second)] == [2, 3]
    data = page.runner.get_init_data_for_agent(page.agent)
    assert json.loads(json.dumps(data)) == data
    entries = data["previous_requests"]
    assert [entry["uuid"] for entry in entries[:2]] == [first, second]
    assert all(
        set(entry) == {"uuid", "target", "args_json", "response_json", "timestamp"}
        for entry in entries
    )
    assert [entry["args_json"] for entry in entries] == ["1", "2", None, None]
    answers = {entry["target"]: entry["response_json"] for entry in entries[2:]}
    assert answers == {first: "2", second: "3"}
    times = [entry["timestamp"] for entry in entries]
    assert times[0] <= times[1] <= max(times[2:])
    assert {entry["uuid"] for entry in entries[2:]} == {
        update["update_id"] for update in page.received
    }


async def test_what_is_no_call_is_no_previous_request(open_page: Open) -> None:
    page = open_page({"f": lambda args, agent: agent.send({"progress": 1})})
    page.send({"text": "hello"})
    await page.call("f")
    data = page.runner.get_init_data_for_agent(page.agent)
    assert len(data["previous_requests"]) == 2


async def test_a_call_that_failed_is_a_previous_request_with_its_answer(open_page: Open) -> None:
    page = open_page({"f": lambda: 1 / 0})
    await page.call("f")
    [request, response] = page.runner.get_init_data_for_agent(page.agent)["previous_requests"]
    assert request["response_json"] is None
    assert json.loads(response["response_json"])["error"]["kind"] == "failed"


async def test_a_call_that_the_engine_left_behind_is_answered_and_not_run_again(
    open_page: Open,
) -> None:
    called: list[Any] = []
    history = [
        {"request_id": "done", "target": "f", "args": "1", "update_id": "1"},
        {"request_id": "open", "target": "f", "args": "2", "update_id": "2"},
        {"handles": "done", "response": "null", "update_id": "3"},
    ]
    page = open_page({"f": called.append}, history)
    assert (await page.response("open"))["error"]["kind"] == "interrupted"
    page.ask("f", 2, request_id="open")
    page.ask("f", 1, request_id="done")
    assert await page.call("f", "new") is None
    assert called == ["new"]
    assert not page.responses("done")


async def test_a_function_sees_what_was_called_before(open_page: Open) -> None:
    def look(args: Any, agent: Caller) -> Any:
        return [agent.get_init_state()["task_data"], [item["target"] for item in agent.requests]]

    page = open_page({"look": look})
    first = page.ask("look")
    await page.response(first)
    data, targets = await page.call("look")
    assert data == page.agent.unit.shared | page.agent.unit.data
    assert targets == ["look", first, "look"]


async def test_the_parsed_answer_has_the_submission_and_the_requests(open_page: Open) -> None:
    page = open_page({"f": lambda args: args + 1})
    await page.call("f", 1)
    unit = make_unit(3)
    parsed = RemoteProcedureAgentState().get_parsed_data(unit, {"a": 1}, page.agent.history)
    assert parsed["inputs"] == unit.shared
    assert parsed["outputs"]["final_submission"] == {"a": 1}
    assert [item["response_json"] for item in parsed["outputs"]["requests"]] == [None, "2"]
    without = RemoteProcedureAgentState().get_parsed_data(unit, {"a": 1})
    assert without["outputs"] == {"final_submission": {"a": 1}, "requests": []}


async def test_a_page_of_the_qualifying_task_gets_the_plain_onboarding_data(
    open_page: Open,
) -> None:
    page = open_page({"f": lambda: 1})
    agent = make_live_agent(make_unit(0, shared={"question": "2 + 2"}))
    assert page.runner.get_init_data_for_agent(agent) == {"question": "2 + 2"}
