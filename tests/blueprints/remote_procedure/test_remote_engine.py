"""Calls over real sockets to the real engine, with a database that outlasts it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio
from engine_task import EngineTask, WirePage

CODE = """
import asyncio, threading, time

def double(args):
    return args * 2

async def count(args, agent):
    agent.scratch["calls"] = agent.scratch.get("calls", 0) + 1
    return {"number": agent.inputs["number"], "calls": agent.scratch["calls"], "args": args}

def fail(request_id, args, agent_state):
    raise ValueError("secret")

async def never(args):
    await asyncio.Event().wait()

def stuck():
    threading.Event().wait()

def nap(args):
    time.sleep(args)
    return "rested"

def progress(args, agent):
    agent.send({"progress": args})

function_registry = {
    "double": double, "count": count, "fail": fail, "never": never, "stuck": stuck, "nap": nap,
    "progress": progress,
}
"""

Arrive = Callable[[str], Any]


@pytest_asyncio.fixture
async def task(tmp_path: Path) -> AsyncIterator[EngineTask]:
    folder = tmp_path / "task"
    folder.mkdir()
    task = EngineTask(folder)
    yield task
    await task.take_down()


@pytest_asyncio.fixture
async def arrive(task: EngineTask) -> AsyncIterator[Arrive]:
    """A worker opens the page of the task."""
    pages: list[WirePage] = []
    async with aiohttp.ClientSession() as session:

        async def open_page(worker: str) -> WirePage:
            page = WirePage(session, task, worker)
            pages.append(page)
            await page.load()
            return page

        yield open_page
        for page in pages:
            await page.leave()


async def test_a_page_calls_and_submits_and_all_of_it_is_stored(
    task: EngineTask, arrive: Arrive
) -> None:
    await task.launch(CODE)
    page = await arrive("ann")
    assert page.init_data == {"task_data": {"number": 0}, "previous_requests": []}
    assert await page.call("double", [1]) == [1, 1]
    assert await page.call("count", "x") == {"number": 0, "calls": 1, "args": "x"}
    assert (await page.call("fail"))["error"]["kind"] == "failed"
    await page.submit({"label": "cat"})
    await task.take_down()
    await task.bring_back()
    stored = task.live_updates()
    requests = [body["target"] for is_from_worker, body in stored if is_from_worker]
    assert requests == ["double", "count", "fail"]
    ours = [body for is_from_worker, body in stored if not is_from_worker]
    assert [body["response"] for body in ours if "handles" in body][0] == "[1,1]"
    [note] = [body for body in ours if "failed" in body]
    assert "ValueError: secret" in note["error"]
    assert task.answers() == [{"label": "cat"}]
    [problem] = task.events("agent.call_failed")
    assert (problem["call"], problem["kind"]) == ("fail", "failed")
    assert "ValueError: secret" in problem["error"]


async def test_a_reload_gives_what_was_called_before(task: EngineTask, arrive: Arrive) -> None:
    await task.launch(CODE)
    page = await arrive("ann")
    await page.call("double", 4)
    await page.load()
    request, response = page.init_data["previous_requests"]
    assert (request["target"], request["args_json"]) == ("double", "4")
    assert (response["target"], response["response_json"]) == (request["uuid"], "8")
    assert (await page.call("count"))["calls"] == 1
    await page.load()
    assert (await page.call("count"))["calls"] == 2


async def test_a_page_outlives_a_restart_of_the_engine(task: EngineTask, arrive: Arrive) -> None:
    await task.launch(CODE)
    page = await arrive("ann")
    assert await page.call("double", 4) == 8
    left_behind = await page.ask("never")
    assert await page.call("double", 5) == 10
    await task.take_down()
    await page.lost()
    await task.bring_back()
    await page.connect()
    assert (await page.response(left_behind))["error"]["kind"] == "interrupted"
    assert await page.call("double", 6) == 12
    await page.load()
    entries = page.init_data["previous_requests"]
    assert len(entries) == 8
    asked = {entry["uuid"] for entry in entries if entry["args_json"] is not None}
    assert {entry["target"] for entry in entries if entry["response_json"]} == asked
    await page.submit({"done": True})


async def test_many_pages_call_at_once(task: EngineTask, arrive: Arrive) -> None:
    await task.launch(CODE, units=20)
    pages = await asyncio.gather(*(arrive(f"worker{number}") for number in range(20)))
    started = time.monotonic()
    asked = [(page, await page.ask("nap", 0.2)) for page in pages for _ in range(3)]
    counted = [await page.call("count", page.worker) for page in pages]
    assert sorted(item["number"] for item in counted) == list(range(20))
    assert [item["args"] for item in counted] == [page.worker for page in pages]
    assert {await page.response(request_id) for page, request_id in asked} == {"rested"}
    # One after the other they would take twelve seconds.
    assert time.monotonic() - started < 6


async def test_what_a_page_sends_wrongly_harms_neither_it_nor_others(
    task: EngineTask, arrive: Arrive
) -> None:
    await task.launch(CODE, units=2, call_timeout_seconds=0.5)
    bad, good = await arrive("bad"), await arrive("good")
    for args_text in ("NaN", "[" * 100_000, "{", '"\\ud800"'):
        request_id = await bad.ask("double", args_text=args_text)
        assert (await bad.response(request_id))["error"]["kind"] == "malformed"
    assert (await bad.call("unknown"))["error"]["kind"] == "unknown_function"
    for function in ("stuck", "never"):
        asked = [await bad.ask(function) for _ in range(10)]
        kinds = {(await bad.response(request_id))["error"]["kind"] for request_id in asked}
        assert kinds == {"timeout"}
    for data in ({}, {"target": "double"}, {"request_id": 1}, {"handles": "x", "response": "1"}):
        await bad.send({"packet_type": "mephisto_bound_live_update", "data": data})
    assert await good.call("double", 3) == 6
    assert await bad.call("double", 3) == 6
    with suppress(ConnectionError):
        await bad.ask("double", "x" * 10_000_000)
    await bad.lost()
    await bad.connect()
    assert await bad.call("double", 4) == 8
    for page in (bad, good):
        await page.submit({})


async def test_a_function_sends_live_updates_beside_its_response(
    task: EngineTask, arrive: Arrive
) -> None:
    await task.launch(CODE)
    page = await arrive("ann")
    assert await page.call("progress", 70) is None
    assert [item.get("progress") for item in page.updates()] == [70, None]


async def test_the_qualifying_task_can_call_too(task: EngineTask, arrive: Arrive) -> None:
    code = (
        CODE
        + """
onboarding_data = {"question": "2 + 2", "number": 99}

def validate_onboarding(data):
    return data["outputs"]["answer"] == 4
"""
    )
    await task.launch(code, onboarding_qualification="can-add")
    page = await arrive("ann")
    assert page.token.startswith("onboarding")
    assert page.init_data == {"question": "2 + 2", "number": 99}
    assert (await page.call("count"))["number"] == 99
    await page.submit_onboarding({"answer": 4})
    assert not page.token.startswith("onboarding")
    assert page.init_data == {"task_data": {"number": 0}, "previous_requests": []}
    assert (await page.call("count"))["number"] == 0
