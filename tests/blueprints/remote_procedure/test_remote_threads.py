"""Threads of plain functions: used again, replaced when stuck, gone when there is nothing to do."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator

import pytest

from mephisto_blueprints.remote_procedure import threads
from mephisto_blueprints.remote_procedure.threads import CallThreads

PATIENCE = 10.0


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets functions go that would never return."""
    event = threading.Event()
    yield event
    event.set()


async def test_a_thread_is_used_again() -> None:
    pool = CallThreads()
    used = {await pool.run(threading.current_thread) for _ in range(50)}
    assert len(used) < 5


async def test_threads_end_when_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "LINGER_SECONDS", 0.01)
    pool = CallThreads()
    thread = await pool.run(threading.current_thread)
    await asyncio.to_thread(thread.join, PATIENCE)
    assert not thread.is_alive()
    assert await pool.run(lambda: "again") == "again"


async def test_what_is_more_than_the_limit_waits_its_turn(release: threading.Event) -> None:
    pool = CallThreads(most_busy=2)
    busy = [asyncio.create_task(pool.run(release.wait)) for _ in range(2)]
    waiting = [asyncio.create_task(pool.run(int, text)) for text in "345"]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    release.set()
    async with asyncio.timeout(PATIENCE):
        assert await asyncio.gather(*busy, *waiting) == [True, True, 3, 4, 5]


async def test_a_stuck_function_makes_room_for_what_waits(release: threading.Event) -> None:
    pool = CallThreads(most_busy=1)
    has_begun = threading.Event()

    def stick() -> None:
        has_begun.set()
        release.wait()

    stuck = asyncio.create_task(pool.run(stick))
    await asyncio.to_thread(has_begun.wait, PATIENCE)
    waiting = asyncio.create_task(pool.run(lambda: "through"))
    stuck.cancel()
    async with asyncio.timeout(PATIENCE):
        assert await waiting == "through"


async def test_there_is_an_end_to_replacing_stuck_threads(release: threading.Event) -> None:
    pool = CallThreads(most_busy=1, most_stuck=2)
    begun = threading.Semaphore(0)

    def stick() -> None:
        begun.release()
        release.wait()

    for _ in range(3):
        stuck = asyncio.create_task(pool.run(stick))
        assert await asyncio.to_thread(begun.acquire, timeout=PATIENCE)
        stuck.cancel()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(pool.run(lambda: "no thread"), 0.05)
    release.set()
    async with asyncio.timeout(PATIENCE):
        assert await pool.run(lambda: "a thread") == "a thread"


async def test_a_function_whose_turn_never_came_is_not_run(release: threading.Event) -> None:
    pool = CallThreads(most_busy=1)
    called: list[str] = []
    busy = asyncio.create_task(pool.run(release.wait))
    given_up = asyncio.create_task(pool.run(called.append, "given up"))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.sleep(0)
    release.set()
    async with asyncio.timeout(PATIENCE):
        await busy
        await pool.run(called.append, "later")
    assert called == ["later"]


async def test_a_system_without_threads_is_an_error_and_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    pool = CallThreads(most_busy=1)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            await pool.run(lambda: "never")
    assert await pool.run(lambda: "better now") == "better now"


async def test_a_thread_is_no_reason_for_a_process_to_stay() -> None:
    code = (
        "import asyncio, time\n"
        "from mephisto_blueprints.remote_procedure.threads import CallThreads\n"
        "async def main():\n"
        "    try:\n"
        "        await asyncio.wait_for(CallThreads().run(time.sleep, 600), 0.05)\n"
        "    except TimeoutError:\n"
        "        print('left')\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert output.strip() == b"left"
    assert process.returncode == 0
