"""An engine as a process, on a disk that fills up and a database that a stranger holds."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import aiohttp
import pytest
from command_line import CONFIG, NOBODY_COMES, CommandLine, is_alive, wait_until
from session_terminal import Picture, Terminal

from mephisto_engine.testing.page_client import PageClient, RequestFailedError

LONG_ANSWER = {"rating": "good", "comment": "x" * 20_000}
RETRY = 503


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "tmpfs", str(folder)]
    made = subprocess.run(mount, capture_output=True, text=True)
    if made.returncode and os.environ.get("CI"):
        pytest.fail(f"no small disk can be mounted here: {made.stderr.strip()}")
    elif made.returncode:
        pytest.skip(f"no small disk can be mounted here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def launched(cli: CommandLine) -> str:
    """Launch a run that nobody comes to; where its pages are."""
    launch = ("launch", str(CONFIG), NOBODY_COMES, "demo.units=2000", "--detach", "--headless")
    done = cli.run(*launch)
    assert done.returncode == 0, done.stderr
    return str(cli.json("status", "1")["url"])


def stored(cli: CommandLine) -> int:
    with closing(sqlite3.connect(cli.home / "data.db")) as database:
        return int(database.execute("SELECT count(*) FROM submission").fetchone()[0])


class Workers:
    """Workers who answer one unit each, and keep an answer that was not taken."""

    def __init__(self, client: PageClient) -> None:
        self._client = client
        self.acknowledged = 0
        self._kept: object = None

    async def answer(self) -> None:
        """Send the answer that was kept, or a new worker's. Raises `RequestFailedError`."""
        if self._kept is None:
            details = await self._client.request_agent(f"w{self.acknowledged}", "mock")
            self._kept = details.agent_id
        await self._client.submit_task(self._kept, LONG_ANSWER)
        self._kept = None
        self.acknowledged += 1

    async def answer_until_refused(self) -> RequestFailedError:
        while True:
            try:
                await self.answer()
            except RequestFailedError as error:
                return error

    async def answer_until_taken(self) -> None:
        async with asyncio.timeout(40):
            while True:
                try:
                    return await self.answer()
                except RequestFailedError as error:
                    if error.is_final:
                        raise
                    await asyncio.sleep(0.2)


def with_workers(url: str, work: Callable[[Workers], Awaitable[None]]) -> int:
    """Let workers do something; how many of their answers were acknowledged."""

    async def run() -> int:
        async with aiohttp.ClientSession() as session:
            workers = Workers(PageClient(session, url))
            await work(workers)
            return workers.acknowledged

    return asyncio.run(run())


@pytest.mark.slow
@pytest.mark.pty
def test_a_full_disk_is_told_nothing_acknowledged_is_lost_and_the_run_goes_on(
    small_disk: Path,
) -> None:
    cli = CommandLine(small_disk / "home")
    terminal = Terminal(cli)
    try:
        url = launched(cli)
        fill = small_disk / "fill"

        async def work(workers: Workers) -> None:
            await workers.answer()
            with suppress(OSError):
                fill.write_bytes(bytes(1 << 25))
            refused = await workers.answer_until_refused()
            assert refused.status == RETRY
            picture = Picture(terminal.start("watch", "1"))
            await asyncio.to_thread(picture.shows, "only 0 B free where the database lies")
            fill.unlink()
            await workers.answer_until_taken()
            await workers.answer()

        acknowledged = with_workers(url, work)
        assert stored(cli) == acknowledged
        assert cli.json("status", "1")["done"] == acknowledged
        findings = json.loads(cli.run("doctor", "--json").stdout)
        # The disk is a small one, also when it is empty.
        assert {item["name"] for item in findings if item["level"] == "error"} <= {"disk"}
        assert cli.run("stop", "1").returncode == 0
        wait_until(lambda: cli.json("status", "1")["status"] == "stopped", "the run has ended")
    finally:
        for child in terminal.children:
            child.close(force=True)
        cli.close()


@pytest.mark.slow
def test_a_database_that_a_stranger_holds_is_waited_for(cli: CommandLine) -> None:
    url = launched(cli)
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        stranger = sqlite3.connect(cli.home / "data.db", isolation_level=None)
        with closing(stranger):
            stranger.execute("BEGIN EXCLUSIVE")
            held.set()
            let_go.wait(60)
            stranger.execute("ROLLBACK")

    holding = threading.Thread(target=hold)

    async def work(workers: Workers) -> None:
        await workers.answer()
        holding.start()
        await asyncio.to_thread(held.wait)
        refused = await workers.answer_until_refused()
        assert refused.status == RETRY
        threading.Timer(15, let_go.set).start()
        await workers.answer_until_taken()

    acknowledged = with_workers(url, work)
    holding.join()
    assert acknowledged == 2
    assert stored(cli) == 2
    run = cli.json("status", "1")
    assert (run["done"], run["is_driven"]) == (2, True)
    assert cli.run("stop", "1").returncode == 0
    pid = int(run["engine"].rpartition(":")[2])
    wait_until(lambda: not is_alive(pid), "the engine has ended with its run")
