"""The command in a real pseudo terminal."""

from __future__ import annotations

import os
import time

import pexpect
import pyte
from command_line import CONFIG, NOBODY_COMES, PATIENCE, CommandLine

EMPTY_RUN = ("launch", str(CONFIG), NOBODY_COMES, "demo.units=3")
MAIN_SCREEN = "\x1b[?1049l"
ALTERNATE_SCREEN = "\x1b[?1049h"


class Terminal:
    def __init__(self, cli: CommandLine) -> None:
        self.cli = cli
        self.children: list[pexpect.spawn[str]] = []

    def start(self, *arguments: str, **environment: str) -> pexpect.spawn[str]:
        program, *words = self.cli.words(arguments)
        child = pexpect.spawn(
            program,
            words,
            dimensions=(24, 80),
            timeout=PATIENCE,
            encoding="utf-8",
            env={
                "PATH": os.environ["PATH"],
                "MEPHISTO_HOME": str(self.cli.home),
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
                **environment,
            },
        )
        self.children.append(child)
        return child

    def end(self, child: pexpect.spawn[str]) -> int | None:
        child.expect(pexpect.EOF)
        child.close()
        return child.exitstatus


def status_of(cli: CommandLine) -> str:
    return str(cli.json("status", "1")["status"])


def shown(child: pexpect.spawn[str]) -> None:
    """Wait until the console is drawn over a run that is on line."""
    child.expect_exact(ALTERNATE_SCREEN)
    child.expect("live")


class Picture:
    """What a terminal shows; only changed cells are sent, so that words arrive in pieces."""

    def __init__(self, child: pexpect.spawn[str]) -> None:
        self.child = child
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.Stream(self.screen)

    def shows(self, text: str) -> None:
        """Read on until the text stands somewhere on the screen."""
        until = time.monotonic() + PATIENCE
        while text not in "\n".join(self.screen.display):
            assert time.monotonic() < until, "\n".join(self.screen.display)
            try:
                self._stream.feed(self.child.read_nonblocking(65536, timeout=0.2))
            except pexpect.TIMEOUT:
                continue
