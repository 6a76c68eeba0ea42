"""The commands that open the console, in a real pseudo terminal."""

from __future__ import annotations

import signal

import pytest
from command_line import CommandLine, is_alive, wait_until
from session_terminal import (
    ALTERNATE_SCREEN,
    EMPTY_RUN,
    MAIN_SCREEN,
    Terminal,
    shown,
    status_of,
)

pytestmark = pytest.mark.pty


def test_a_demo_stays_when_its_run_has_ended_and_leaves_its_facts_behind(
    cli: CommandLine, terminal: Terminal
) -> None:
    child = terminal.start("demo", "--units", "3", "--speed", "20")
    child.expect_exact(ALTERNATE_SCREEN)
    child.expect_exact("has ended; any key stays")
    child.sendcontrol("q")
    child.expect_exact(MAIN_SCREEN)
    child.expect("3 of 3 done")

    assert terminal.end(child) == 0
    assert status_of(cli) == "completed"


def test_leaving_a_demo_ends_its_run(cli: CommandLine, terminal: Terminal) -> None:
    child = terminal.start("demo", "--units", "500", "--speed", "0.1")
    shown(child)
    # ctrl+q leaves from any screen: by then it may be that of the run or the list of runs.
    child.sendcontrol("q")
    child.expect_exact(MAIN_SCREEN)

    assert terminal.end(child) == 0
    assert status_of(cli) == "stopped"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_takes_the_console_and_leaves_a_clean_terminal(
    cli: CommandLine, terminal: Terminal, number: signal.Signals
) -> None:
    child = terminal.start(*EMPTY_RUN)
    shown(child)
    child.kill(number)
    child.expect_exact(MAIN_SCREEN)

    if number == signal.SIGHUP:
        assert terminal.end(child) == 0
        assert cli.json("status", "1")["is_driven"] is True
        cli.run("stop", "1")
        wait_until(lambda: status_of(cli) == "stopped", "the run is stopped")
    else:
        assert terminal.end(child) == 130
        assert status_of(cli) == "stopped"


def test_a_run_goes_on_when_the_terminal_is_closed(cli: CommandLine, terminal: Terminal) -> None:
    child = terminal.start(*EMPTY_RUN)
    shown(child)
    child.ptyproc.fileobj.close()
    child.ptyproc.closed = True

    assert status_of(cli) == "live"
    assert cli.json("status", "1")["is_driven"] is True
    assert cli.run("stop", "1").returncode == 0
    wait_until(lambda: not is_alive(child.pid), "the process has ended with its run")


def test_watch_comes_and_goes_without_the_run_noticing(
    cli: CommandLine, terminal: Terminal
) -> None:
    cli.run(*EMPTY_RUN, "--detach", "--headless")
    child = terminal.start("watch", "1")
    shown(child)
    child.sendcontrol("q")

    assert terminal.end(child) == 0
    assert status_of(cli) == "live"
    cli.run("stop", "1")


def test_a_detached_launch_opens_the_console_on_its_run(
    cli: CommandLine, terminal: Terminal
) -> None:
    child = terminal.start(*EMPTY_RUN, "--detach")
    shown(child)
    child.sendcontrol("q")

    assert terminal.end(child) == 0
    assert status_of(cli) == "live"
    assert cli.run("stop", "1").returncode == 0
