"""Login nodes that share a home folder: other pids, other clocks, and one run."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from command_line import CONFIG, NOBODY_COMES, children_of, line_with, wait_until
from hosts import Host, why_there_are_none
from session_terminal import Picture, Terminal

from mephisto_engine.database.lease_watch import LEASE_SECONDS

LAUNCH = ("launch", str(CONFIG), NOBODY_COMES, "demo.units=3", "--headless")
REFUSED, LEASE_HELD = 1, 4


@pytest.fixture(scope="module", autouse=True)
def _machine() -> None:
    reason = why_there_are_none()
    if reason and os.environ.get("CI"):
        pytest.fail(f"no second host can be made here: {reason}")
    elif reason:
        pytest.skip(f"no second host can be made here: {reason}")


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Callable[..., Host]]:
    made: list[Host] = []

    def make(name: str, skew: int = 0) -> Host:
        made.append(Host(tmp_path / "home", name, skew))
        return made[-1]

    yield make
    for host in made:
        host.close()


def engine_of(host: Host) -> int:
    """The engine's process, as this machine counts."""
    (entering,) = (item for item in host.processes if "launch" in item.args)  # type: ignore[operator]
    (engine,) = children_of(entering.pid)
    return engine


def launch_on(host: Host) -> None:
    line_with(host.start(*LAUNCH), "live at")


def lease(host: Host) -> tuple[str, int]:
    with closing(sqlite3.connect(host.home / "data.db")) as database:
        found: tuple[str, int] = database.execute("SELECT host, fence FROM lease").fetchone()
        return found


@pytest.mark.parametrize("skew", [90, -90])
def test_a_run_of_another_host_is_seen_and_commanded_whatever_the_clocks_say(
    host: Callable[..., Host], skew: int
) -> None:
    alpha, beta = host("alpha"), host("beta", skew)
    launch_on(alpha)

    run = beta.json("status", "1")
    assert run["is_driven"] is True
    assert run["engine"].startswith("alpha:")
    doctor = beta.run("doctor").stdout
    assert "on alpha, whose clock is" in doctor
    assert ("behind this one" if skew > 0 else "ahead of this one") in doctor

    refused = beta.run("resume", "1", "--headless")
    assert refused.returncode == LEASE_HELD
    assert "on alpha" in refused.stderr
    assert lease(alpha) == ("alpha", 1)

    for command, said in (
        (("pause", "1"), "is paused"),
        (("resume", "1"), "goes on"),
        (("set", "1", "maximum_units_per_worker=2"), "maximum_units_per_worker"),
        (("expire", "1", "1", "--yes"), "expired"),
        (("stop", "1"), "stopping"),
    ):
        done = beta.run(*command)
        assert (done.returncode, said in done.stderr) == (0, True), done.stderr
    code, _, _ = alpha.end(alpha.processes[0])
    assert code == 0
    assert alpha.json("status", "1")["status"] == "stopped"


@pytest.mark.slow
def test_a_run_is_resumed_elsewhere_when_its_host_has_lost_power(
    host: Callable[..., Host],
) -> None:
    alpha, beta = host("alpha"), host("beta", 90)
    launch_on(alpha)
    alpha.pull_the_plug()

    assert "no engine" in beta.run("runs").stdout
    assert "process" in beta.run("doctor").stdout
    seconds, process = beta.resumed()
    assert LEASE_SECONDS <= seconds < LEASE_SECONDS + 10
    assert "is silent: listening for it" in line_with(process, "alpha")

    rebooted = host("alpha")
    assert rebooted.json("status", "1")["engine"].startswith("beta:")
    assert rebooted.run("resume", "1", "--headless").returncode == LEASE_HELD
    assert rebooted.run("stop", "1").returncode == 0


@pytest.mark.slow
def test_an_engine_that_was_killed_is_followed_at_once_on_its_own_host(
    host: Callable[..., Host],
) -> None:
    alpha = host("alpha")
    launch_on(alpha)
    os.kill(engine_of(alpha), signal.SIGKILL)
    seconds, _ = alpha.resumed()
    assert seconds < LEASE_SECONDS / 2
    assert lease(alpha) == ("alpha", 2)


@pytest.mark.slow
def test_an_engine_that_stood_still_finds_its_run_taken_and_writes_nothing(
    host: Callable[..., Host],
) -> None:
    alpha, beta = host("alpha"), host("beta")
    launch_on(alpha)
    engine = engine_of(alpha)
    os.kill(engine, signal.SIGSTOP)
    # Its own host sees the process, and does not take the run from it.
    assert alpha.run("resume", "1", "--headless").returncode == LEASE_HELD
    beta.resumed()
    for stopped in (engine, alpha.processes[0].pid):  # `nsenter` stops with what it has started
        os.kill(stopped, signal.SIGCONT)

    code, _, err = alpha.end(alpha.processes[0])
    assert code == LEASE_HELD
    assert "was taken over by another engine" in err
    assert lease(beta) == ("beta", 2)
    assert beta.run("stop", "1").returncode == 0
    wait_until(lambda: beta.json("status", "1")["status"] == "stopped", "beta's run has ended")
    doctor = beta.run("doctor")
    assert "error" not in doctor.stdout.split(), doctor.stdout


@pytest.mark.slow
def test_a_database_with_a_rollback_journal_is_written_and_read_from_two_hosts(
    host: Callable[..., Host],
) -> None:
    alpha, beta = host("alpha"), host("beta")
    alpha.run("runs")
    with closing(sqlite3.connect(alpha.home / "data.db")) as database:
        assert database.execute("PRAGMA journal_mode=delete").fetchone() == ("delete",)
    busy = ("mephisto.provider.simulated_workers=20", "mephisto.provider.work_seconds=0.05")
    launch = ("launch", str(CONFIG), *busy, "demo.units=1000", "--detach", "--headless")
    assert alpha.run(*launch).returncode == 0
    obeyed = 0
    while (run := beta.json("status", "1"))["status"] == "live":
        done = beta.run("set", "1", f"maximum_units_per_worker={1000 + obeyed}")
        obeyed += done.returncode == 0
        assert len(beta.json("units", "1")) > 0
    assert obeyed
    assert (run["status"], run["done"]) == ("completed", 1000)
    assert not list(alpha.home.glob("data.db-shm"))
    doctor = beta.run("doctor").stdout
    assert "a rollback journal" in doctor
    assert "error" not in doctor.split(), doctor


@pytest.mark.pty
def test_consoles_on_two_hosts_agree_and_a_reader_cannot_command(
    host: Callable[..., Host],
) -> None:
    alpha, beta = host("alpha"), host("beta", 90)
    launch_on(alpha)
    here, there = Terminal(alpha), Terminal(beta)
    owner = Picture(there.start("watch", "1"))
    reader = Picture(here.start("watch", "1", "--read-only"))
    for picture in (owner, reader):
        picture.shows("○ launched")
        picture.shows("alpha:")
    owner.shows("its clock 1m30s beh")
    reader.child.send("S")
    reader.shows("this console is read-only")

    owner.child.send("S")
    owner.shows("Pause it")
    owner.child.send("p")
    for picture in (owner, reader):
        picture.shows("run 1 was paused by operator:")
    for child in (*here.children, *there.children):
        child.close(force=True)
    assert beta.run("stop", "1").returncode == 0
