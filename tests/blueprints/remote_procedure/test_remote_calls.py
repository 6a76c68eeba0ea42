"""Calls of a page: what the functions get, what the page gets, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from called_page import PATIENCE, CalledPage

from mephisto_blueprints.remote_procedure import Caller, threads
from mephisto_blueprints.remote_procedure.session import MOST_AT_A_TIME, MOST_OPEN
from mephisto_engine.abstractions.agent import AgentDisconnectedError

Open = Callable[..., CalledPage]


@pytest.fixture
def release() -> Any:
    """Lets functions go that would never return."""
    event = threading.Event()
    yield event
    event.set()


async def double(args: Any) -> Any:
    return args * 2


class Doubling:
    async def __call__(self, args: Any) -> Any:
        return args * 2

    def method(self, args: Any, agent: Caller) -> Any:
        return args * 2


def mephistos(request_id: str, args: Any, agent_state: Any) -> Any:
    assert request_id.startswith("request-")
    assert agent_state.inputs["part"] == 2
    return args * 2


def short_mephistos(_request_id: str, args: Any) -> Any:
    assert _request_id.startswith("request-")
    return args * 2


@pytest.mark.parametrize(
    "function",
    [
        double,
        lambda args: args * 2,
        lambda payload, caller: payload * 2 if isinstance(caller, Caller) else None,
        lambda args, factor=2: args * factor,
        lambda *given: given[1] * 2,
        mephistos,
        short_mephistos,
        functools.partial(double),
        Doubling(),
        Doubling().method,
        lambda args: double(args),
    ],
)
async def test_a_function_of_any_of_the_shapes_is_called(open_page: Open, function: Any) -> None:
    page = open_page({"f": function})
    assert await page.call("f", 21) == 42


async def test_a_function_without_parameters_is_called(open_page: Open) -> None:
    page = open_page({"f": lambda: "pong"})
    assert await page.call("f", {"ignored": 1}) == "pong"


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (None, "null"),
        ({"ä": [1, 2.5, True]}, '{"ä":[1,2.5,true]}'),
        ({1: float("nan")}, '{"1":null}'),
        ("", '""'),
    ],
)
async def test_the_response_is_a_json_text(open_page: Open, result: Any, text: str) -> None:
    page = open_page({"f": lambda: result})
    request_id = page.ask("f")
    await page.response(request_id)
    assert page.responses(request_id) == [text]


async def test_a_page_may_leave_the_arguments_out(open_page: Open) -> None:
    page = open_page({"f": lambda args: {"got": args}})
    page.send({"request_id": "r", "target": "f"})
    assert await page.response("r") == {"got": None}


async def test_calls_of_one_agent_run_side_by_side(open_page: Open) -> None:
    meeting = threading.Barrier(MOST_AT_A_TIME)

    def meet() -> str:
        meeting.wait(PATIENCE)
        return "met"

    page = open_page({"f": meet})
    asked = [page.ask("f") for _ in range(MOST_AT_A_TIME)]
    assert [await page.response(request_id) for request_id in asked] == ["met"] * MOST_AT_A_TIME


async def test_no_more_than_a_few_calls_of_one_agent_run_at_a_time(open_page: Open) -> None:
    running = most = 0
    may_end = asyncio.Event()

    async def count() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await may_end.wait()
        running -= 1

    page = open_page({"f": count, "g": lambda: None})
    asked = [page.ask("f") for _ in range(MOST_AT_A_TIME + 3)]
    waiting = page.ask("g")
    await asyncio.sleep(0)
    while running < MOST_AT_A_TIME:  # noqa: ASYNC110 - the tasks begin one after the other
        await asyncio.sleep(0)
    assert not page.responses(waiting)
    may_end.set()
    for request_id in (*asked, waiting):
        await page.response(request_id)
    assert most == MOST_AT_A_TIME


async def test_a_slow_call_holds_up_no_other(open_page: Open, release: threading.Event) -> None:
    page = open_page({"slow": release.wait, "fast": lambda: "done"}, call_timeout_seconds=60)
    slow = page.ask("slow")
    assert await page.call("fast") == "done"
    assert not page.responses(slow)
    release.set()
    assert await page.response(slow) is True


async def test_agents_are_served_side_by_side_each_with_their_own_scratch(
    open_page: Open, make_blueprint: Any
) -> None:
    meeting = asyncio.Barrier(3)

    async def count(args: Any, agent: Caller) -> Any:
        await meeting.wait()
        agent.scratch["calls"] = agent.scratch.get("calls", 0) + 1
        return [args, agent.scratch["calls"], agent.agent_id]

    blueprint = make_blueprint({"f": count})
    runner = blueprint.TaskRunnerClass(blueprint)
    pages = [CalledPage(runner) for _ in range(3)]
    for turn in (1, 2):
        answers = await asyncio.gather(*(page.call("f", turn) for page in pages))
        assert answers == [[turn, turn, page.agent.id] for page in pages]
    for page in pages:
        page.agent.set_submitted({})
        await asyncio.wait_for(page.work, PATIENCE)


async def test_a_function_can_send_live_updates_from_its_thread(open_page: Open) -> None:
    def work(args: Any, agent: Caller) -> str:
        for percent in (50, 100):
            agent.send({"progress": percent})
        return agent.worker_name

    page = open_page({"f": work})
    assert await page.call("f") == "alice"
    assert [item.get("progress") for item in page.received] == [50, 100, None]


async def test_live_updates_that_are_no_calls_are_left_alone(open_page: Open) -> None:
    page = open_page({"f": lambda: "done"})
    page.send({"text": "hello"})
    page.send({"handles": "r", "response": "1"})
    page.send({"request_id": "r", "handles": "r", "response": "1", "target": "f"})
    page.send({"request_id": 7, "target": "f"})
    page.send({})
    assert await page.call("f") == "done"
    assert len(page.received) == 1


def raising(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def raising_async(error: BaseException) -> Callable[[], Any]:
    async def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize("make", [raising, raising_async])
@pytest.mark.parametrize(
    "error",
    [
        ValueError("secret of /etc"),
        StopIteration(),
        SystemExit(3),
        TimeoutError(),
        asyncio.CancelledError(),
    ],
    ids=repr,
)
async def test_a_function_that_raises_is_answered_and_others_go_on(
    open_page: Open, make: Any, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    page = open_page({"bad": make(error), "good": double})
    answer = await page.call("bad")
    assert answer == {"error": {"kind": "failed", "message": "the function failed"}}
    assert await page.call("good", 1) == 2
    [note] = page.notes
    assert note["kind"] == "failed"
    assert type(error).__name__ in note["error"]
    assert type(error).__name__ in caplog.text


@pytest.mark.parametrize(
    "args",
    [
        "{not json",
        "NaN",
        '{"a": Infinity}',
        '"\\ud800"',
        "",
        "[" * 100_000,
        "[" * 500 + "]" * 500,
        '{"a":' * 500 + "1" + "}" * 500,
        7,
        {"a": 1},
        ["x"],
    ],
    ids=lambda args: repr(args)[:20],
)
async def test_arguments_that_are_no_sound_json_are_refused(open_page: Open, args: Any) -> None:
    called = []
    page = open_page({"f": called.append})
    page.send({"request_id": "r", "target": "f", "args": args})
    assert (await page.response("r"))["error"]["kind"] == "malformed"
    assert called == []


@pytest.mark.parametrize("target", ["unknown", "", "__class__", None, 7, ["f"], "x" * 10_000])
async def test_a_function_that_is_not_there_is_answered(open_page: Open, target: Any) -> None:
    page = open_page({"f": double})
    answer = (await page.call(target))["error"]
    assert answer["kind"] == "unknown_function"
    assert len(answer["message"]) < 150
    page.send({"request_id": "r"})
    assert (await page.response("r"))["error"]["kind"] == "unknown_function"


def circular() -> Any:
    loop: list[Any] = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    "result",
    [object(), {1, 2}, b"bytes", circular(), 2**80, "\ud800", "x" * 5_000_000],
    ids=lambda value: repr(value)[:20],
)
async def test_a_result_that_cannot_be_sent_is_answered(open_page: Open, result: Any) -> None:
    page = open_page({"f": lambda: result})
    assert await page.failure("f") == "bad_result"


async def test_a_coroutine_that_takes_too_long_is_cancelled(open_page: Open) -> None:
    was_cancelled = asyncio.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            was_cancelled.set()

    page = open_page({"f": forever}, call_timeout_seconds=0.02)
    assert await page.failure("f") == "timeout"
    await asyncio.wait_for(was_cancelled.wait(), PATIENCE)


async def test_a_coroutine_that_does_not_let_itself_be_cancelled_is_left_alone(
    open_page: Open,
) -> None:
    may_end = asyncio.Event()

    async def stubborn() -> str:
        while not may_end.is_set():
            try:
                await may_end.wait()
            except asyncio.CancelledError:
                continue
        return "too late"

    page = open_page({"f": stubborn, "g": double}, call_timeout_seconds=0.02)
    request_id = page.ask("f")
    assert (await page.response(request_id))["error"]["kind"] == "timeout"
    assert await page.call("g", 1) == 2
    may_end.set()
    await asyncio.sleep(0)
    assert len(page.responses(request_id)) == 1


async def test_functions_that_never_return_take_no_thread_from_others(
    open_page: Open, release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads.CallThreads.__init__, "__defaults__", (2, 50))
    page = open_page({"stuck": release.wait, "plain": lambda: "ok"}, call_timeout_seconds=0.5)
    asked = [page.ask("stuck") for _ in range(6)]
    for request_id in asked:
        assert (await page.response(request_id))["error"]["kind"] == "timeout"
    assert await page.call("plain") == "ok"
    # The engine's own threads are free, too.
    assert await asyncio.to_thread(lambda: "free") == "free"


async def test_the_time_of_a_call_begins_when_it_is_run(open_page: Open) -> None:
    async def nap() -> str:
        await asyncio.sleep(0.4)
        return "rested"

    page = open_page({"f": nap}, call_timeout_seconds=1.5)
    asked = [page.ask("f") for _ in range(MOST_AT_A_TIME * 5)]
    assert {await page.response(request_id) for request_id in asked} == {"rested"}


async def test_a_flood_is_answered_and_does_no_harm(open_page: Open) -> None:
    may_end = asyncio.Event()

    async def wait() -> str:
        await may_end.wait()
        return "done"

    page = open_page({"f": wait})
    asked = [page.ask("f") for _ in range(MOST_OPEN + 50)]
    for request_id in asked[MOST_OPEN:]:
        assert (await page.response(request_id))["error"]["kind"] == "too_many_calls"
    may_end.set()
    for request_id in asked[:MOST_OPEN]:
        assert await page.response(request_id) == "done"
    assert await page.call("f") == "done"


async def test_a_request_that_comes_twice_is_run_and_answered_once(open_page: Open) -> None:
    numbers = itertools.count(1)
    page = open_page({"f": lambda: next(numbers)})
    page.ask("f", request_id="r")
    page.ask("f", request_id="r")
    assert await page.response("r") == 1
    page.ask("f", request_id="r")
    assert await page.call("f") == 2
    assert page.responses("r") == ["1"]


async def test_errors_can_be_answered_as_null(open_page: Open) -> None:
    page = open_page({"f": raising(ValueError("why"))}, answer_errors=False)
    request_id = page.ask("f")
    await page.response(request_id)
    assert page.responses(request_id) == ["null"]
    assert "ValueError: why" in page.notes[0]["error"]


async def test_calls_made_before_the_submission_are_carried_out(open_page: Open) -> None:
    saved = []

    async def save(args: Any) -> None:
        await asyncio.sleep(0.01)
        saved.append(args)

    page = open_page({"save": save})
    page.ask("save", "last words")
    page.agent.set_submitted({})
    await asyncio.wait_for(page.work, PATIENCE)
    assert saved == ["last words"]


async def test_calls_of_a_worker_who_left_are_cancelled(open_page: Open) -> None:
    has_begun, was_cancelled = asyncio.Event(), asyncio.Event()

    async def forever() -> None:
        has_begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            was_cancelled.set()

    page = open_page({"f": forever})
    page.ask("f")
    await asyncio.wait_for(has_begun.wait(), PATIENCE)
    page.agent.set_gone("disconnect")
    with pytest.raises(AgentDisconnectedError):
        await asyncio.wait_for(page.work, PATIENCE)
    await asyncio.wait_for(was_cancelled.wait(), PATIENCE)
    assert page.received == []


async def test_a_refused_call_is_logged_with_its_reason(
    open_page: Open, caplog: pytest.LogCaptureFixture
) -> None:
    page = open_page({"f": double})
    with caplog.at_level(logging.WARNING):
        await page.call("\x1b[31mred")
        page.send({"target": "f"})
        await page.call("f", 1)
    assert "unknown_function" in caplog.text
    assert "\x1b" not in caplog.text
    assert "a call without a request_id" in caplog.text


async def test_a_long_list_of_arguments_comes_through_whole(open_page: Open) -> None:
    page = open_page({"f": lambda args: len(json.dumps(args))})
    assert await page.call("f", list(range(100_000))) == len(json.dumps(list(range(100_000))))
