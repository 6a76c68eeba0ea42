"""Consoles that come and go, and the engine processes that outlive them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pexpect
import pytest
from command_line import CONFIG, CommandLine, children_of, is_alive, wait_until
from session_terminal import (
    ALTERNATE_SCREEN,
    EMPTY_RUN,
    MAIN_SCREEN,
    Picture,
    Terminal,
    shown,
    status_of,
)

pytestmark = pytest.mark.pty


def lease(cli: CommandLine) -> tuple[int, dict[str, Any]]:
    """Process that drives run 1, and what it says of its health."""
    with sqlite3.connect(f"file:{cli.home / 'data.db'}?mode=ro", uri=True, timeout=5) as database:
        pid, health = database.execute("SELECT pid, health FROM lease").fetchone()
    return int(pid), json.loads(health)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def has_terminal(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[4] != "0"


def until_ended(cli: CommandLine, pid: int) -> None:
    cli.run("stop", "1")
    wait_until(lambda: not is_alive(pid), "the engine has ended with its run")
    assert status_of(cli) == "stopped"


def test_detaching_gives_the_prompt_back_and_the_engine_logs_on(
    cli: CommandLine, terminal: Terminal
) -> None:
    child = terminal.start(*EMPTY_RUN)
    shown(child)
    engine, _ = lease(cli)
    child.sendcontrol("q")
    child.expect_exact("Leave them running")
    child.send("l")
    child.expect_exact(MAIN_SCREEN)
    child.expect_exact(f"Run 1 goes on as process {engine}")
    child.expect_exact("`mephisto-tui watch 1`")

    assert terminal.end(child) == 0
    assert is_alive(engine)
    assert not has_terminal(engine)
    cli.run("expire", "1", "1", "--yes")
    (log,) = (cli.home / "logs").glob("engine-*.log")
    wait_until(lambda: "asked for expire" in log.read_text(), "the log goes on")
    until_ended(cli, engine)
    assert "stopped" in log.read_text()


def test_an_engine_that_can_write_no_log_goes_on_without_one(
    cli: CommandLine, terminal: Terminal
) -> None:
    cli.run("runs")
    # Not a folder: the permissions of one would not keep root out.
    (cli.home / "logs").write_text("")
    picture = Picture(terminal.start(*EMPTY_RUN))
    picture.shows("no log of the console")
    engine, _ = lease(cli)
    picture.child.sendcontrol("q")
    picture.shows("Leave them running")
    picture.child.send("l")
    picture.child.expect_exact("its log is /dev/null")
    assert terminal.end(picture.child) == 0
    assert is_alive(engine)
    refused = cli.run(*EMPTY_RUN, "--detach", "--headless")
    assert refused.returncode == 1
    assert "cannot be written: Not a directory" in refused.stderr
    until_ended(cli, engine)


def test_a_run_without_its_console_is_watched_and_left_again(
    cli: CommandLine, terminal: Terminal
) -> None:
    child = terminal.start(*EMPTY_RUN)
    shown(child)
    engine, _ = lease(cli)
    child.kill(signal.SIGHUP)
    assert terminal.end(child) == 0

    again = terminal.start("watch", "1")
    shown(again)
    again.sendcontrol("q")
    assert terminal.end(again) == 0
    assert is_alive(engine)
    until_ended(cli, engine)


def test_killing_the_process_in_front_takes_the_console_and_not_the_engine(
    cli: CommandLine, terminal: Terminal
) -> None:
    child = terminal.start(*EMPTY_RUN)
    shown(child)
    engine, _ = lease(cli)
    assert parent_of(engine) == child.pid
    child.kill(signal.SIGKILL)
    wait_until(lambda: not has_terminal(engine), "the engine has left the terminal")

    assert status_of(cli) == "live"
    until_ended(cli, engine)


def test_killing_the_engine_leaves_a_clean_terminal_and_a_run_to_resume(
    cli: CommandLine, terminal: Terminal
) -> None:
    child = terminal.start(*EMPTY_RUN)
    shown(child)
    engine, _ = lease(cli)
    os.kill(engine, signal.SIGKILL)
    child.expect_exact(MAIN_SCREEN)
    child.expect_exact("killed by SIGKILL")

    assert terminal.end(child) == 128 + signal.SIGKILL
    assert cli.json("status", "1")["is_driven"] is False
    assert "resume 1" in cli.run("pause", "1").stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_watching_console_is_ended_and_leaves_nothing_behind(
    cli: CommandLine, terminal: Terminal, number: signal.Signals
) -> None:
    cli.run(*EMPTY_RUN, "--detach", "--headless")
    child = terminal.start("watch", "1")
    shown(child)
    (drawing,) = children_of(child.pid)
    os.kill(drawing, number)
    child.expect_exact(MAIN_SCREEN)
    terminal.end(child)
    assert cli.json("status", "1")["is_driven"] is True
    cli.run("stop", "1")


def test_two_consoles_agree_and_a_reader_cannot_command(
    cli: CommandLine, terminal: Terminal
) -> None:
    cli.run(*EMPTY_RUN, "--detach", "--headless")
    one = Picture(terminal.start("watch", "1"))
    reader = Picture(terminal.start("watch", "1", "--read-only"))
    for picture in (one, reader):
        picture.shows("○ launched")
    reader.child.send("S")
    reader.shows("this console is read-only")

    one.child.send("S")
    one.shows("Pause it")
    one.child.send("p")
    for picture in (one, reader):
        picture.shows("run 1 was paused by operator:")
    assert status_of(cli) == "paused"
    one.child.send("S")
    for picture in (one, reader):
        picture.shows("run 1 is live")
    assert status_of(cli) == "live"
    cli.run("stop", "1")


@pytest.mark.slow
def test_the_engine_does_not_wait_for_a_terminal_that_does_not_read(
    cli: CommandLine, terminal: Terminal
) -> None:
    busy = ("mephisto.provider.simulated_workers=40", "mephisto.provider.work_seconds=1")
    child = terminal.start("launch", str(CONFIG), *busy, "demo.units=100000")
    shown(child)
    child.expect_exact("completed")
    # From here on nobody reads: the pty fills up, and the console's writes wait.
    lags: list[float] = []
    done_before = cli.json("status", "1")["done"]
    until = time.monotonic() + 40
    poll = threading.Event()
    while time.monotonic() < until:
        _, health = lease(cli)
        lags.append(health["loop_lag_ms"])
        poll.wait(2)
    assert cli.json("status", "1")["done"] > done_before + 400
    assert max(lags) < 500
    engine, _ = lease(cli)
    child.kill(signal.SIGHUP)
    read_all(child)
    assert is_alive(engine)
    cli.run("stop", "1", "--now")
    wait_until(lambda: not is_alive(engine), "the engine has ended")


def read_all(child: pexpect.spawn[str]) -> None:
    child.expect(pexpect.EOF)


@pytest.mark.parametrize("term", ["xterm", "screen-256color", "tmux-256color"])
def test_each_terminal_is_drawn_on_and_resized_without_end(
    cli: CommandLine, terminal: Terminal, term: str
) -> None:
    cli.run(*EMPTY_RUN, "--detach", "--headless")
    child = terminal.start("watch", "1", TERM=term, NO_COLOR="1")
    shown(child)
    for columns, lines in ((40, 10), (200, 60), (61, 17), (300, 80), (20, 5)) * 4:
        child.setwinsize(lines, columns)
    child.setwinsize(24, 80)
    child.expect_exact("spc mark")
    child.sendcontrol("q")
    child.expect_exact(MAIN_SCREEN)
    assert terminal.end(child) == 0
    cli.run("stop", "1")


def test_a_dumb_terminal_gets_lines(cli: CommandLine, terminal: Terminal) -> None:
    cli.run(*EMPTY_RUN, "--detach", "--headless")
    child = terminal.start("watch", "1", TERM="dumb", LANG="C")
    child.expect_exact("Printing lines instead")
    child.expect_exact("run 1 is live")
    assert ALTERNATE_SCREEN not in child.before
    cli.run("stop", "1")
    child.expect_exact("stopped")
    assert terminal.end(child) == 0
