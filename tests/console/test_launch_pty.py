"""Launching from inside, with the real program on a real terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from console_pty import PtyConsole

pytestmark = pytest.mark.pty

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "static_task" / "conf.yaml"
DEMO = ROOT / "mephisto_tui" / "cli" / "demo" / "conf.yaml"
PROGRAM = (sys.executable, "-m", "mephisto_tui.cli")


class Program(PtyConsole):
    program = PROGRAM


class World:
    """One home folder, and what was started over it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.folder = folder
        self.consoles: list[Program] = []

    @property
    def environ(self) -> dict[str, str]:
        return {"MEPHISTO_HOME": str(self.home), "HOME": str(self.folder)}

    def open(self, *arguments: str) -> Program:
        console = Program(*arguments, **self.environ)
        self.consoles.append(console)
        return console

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        return json.loads(done.stdout)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"], **self.environ}
        return subprocess.run(
            [*PROGRAM, *arguments], env=env, capture_output=True, text=True, timeout=60, check=False
        )

    def close(self) -> None:
        for run in self.json("runs") if self.home.exists() else ():
            self.run("stop", str(run["id"]), "--now")
        for console in self.consoles:
            console.close()


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def type_path(console: Program, path: Path) -> None:
    console.wait_for("Launch from")
    console.send("p")
    console.wait_for("Path of a launch config")
    console.send(f"{path}\r")


def test_a_console_without_an_engine_starts_one_and_follows_it(world):
    console = world.open("console")
    console.wait_for("l  ")
    console.send("l")
    type_path(console, EXAMPLE)
    console.wait_for("24 units of 12 items")
    console.wait_for("can be launched")
    console.send("L")
    console.wait_for("Type 7.20 to go on")
    console.send("7.20\r")
    console.wait_for("launched 24")
    console.wait_for("run 1 is on line")

    console.send("q")
    console.wait_for("rate-chat-replies")
    console.send("q")
    assert console.wait_for_end() == 0
    run = world.json("status", "1")
    assert (run["status"], run["is_driven"]) == ("live", True)


def test_a_console_with_an_engine_launches_in_it_and_leaves_both_runs_to_it(world):
    nobody = ("mephisto.provider.simulated_workers=0", "demo.units=3")
    console = world.open("launch", str(DEMO), *nobody)
    console.wait_for("launched 3")
    console.send("5")
    type_path(console, DEMO)
    console.wait_for("can be launched")
    console.send("L")
    console.wait_for("run 2 is on line")
    runs = world.json("runs")
    assert [run["status"] for run in runs] == ["live", "live"]
    assert {run["is_driven"] for run in runs} == {True}

    world.run("stop", "1", "--now")
    console.send("q")
    console.wait_for("stopped")
    console.send("q")
    console.wait_for("Run 2 lives in this process")
    console.send("l")
    console.wait_for("Run 2 goes on as process")
    assert console.wait_for_end() == 0
    run = world.json("status", "2")
    assert (run["status"], run["is_driven"]) == ("live", True)


def test_a_read_only_console_launches_nothing(world):
    console = world.open("console", "--read-only")
    console.wait_for("ro")
    console.send("5")
    type_path(console, DEMO)
    console.wait_for("can be launched")
    console.send("L")
    console.wait_for("this console is read-only")
    assert world.json("runs") == []
