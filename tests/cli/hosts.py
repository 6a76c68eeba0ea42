"""Hosts on one machine: each has a name, processes and a boot of its own, and they share a folder.

A host is a set of namespaces around one sleeping process; killing that is pulling its plug.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

from command_line import CommandLine, children_of, wait_until

PROGRAM = """
import sys
from datetime import timedelta
from mephisto_engine import clock
true_now = clock.SystemClock.now
clock.SystemClock.now = lambda self: true_now(self) + timedelta(seconds={skew})
from mephisto_tui.cli.main import main
sys.argv[0] = "mephisto-tui"
main()
"""
_AS_ROOT = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
_UNSHARE = ["unshare", *_AS_ROOT, "--uts", "--pid", "--mount", "--fork", "--mount-proc"]
_BEGIN = """
hostname "$1"
mount --bind "$2" /proc/sys/kernel/random/boot_id
echo ready
exec sleep infinity
"""


def why_there_are_none() -> str:
    """Why this machine cannot make hosts; empty if it can."""
    begin = [*_UNSHARE, "sh", "-c", "hostname probe && mount --bind /dev/null /proc/version"]
    try:
        tried = subprocess.run(begin, capture_output=True, text=True, timeout=10)
    except OSError as error:
        return str(error)
    return tried.stderr.strip()


class Host(CommandLine):
    """Starts `mephisto-tui` on a host, whose clock is ``skew`` seconds ahead."""

    def __init__(self, home: Path, name: str, skew: int = 0) -> None:
        super().__init__(home)
        self.name = name
        self._skew = skew
        boot = home.parent / f"boot-{uuid.uuid4()}"
        boot.write_text(f"{uuid.uuid4()}\n")
        self._sleeper = subprocess.Popen(
            [*_UNSHARE, "--kill-child", "sh", "-c", _BEGIN, "sh", name, str(boot)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._sleeper.stdout is not None
        assert self._sleeper.stdout.readline() == "ready\n"
        (self._first,) = children_of(self._sleeper.pid)

    def pull_the_plug(self) -> None:
        """End the host with all that runs on it, from one moment to the next."""
        if self._sleeper.poll() is None:
            self._sleeper.kill()
            self._sleeper.communicate()

    def close(self) -> None:
        self.pull_the_plug()
        super().close()

    def resumed(self) -> tuple[float, subprocess.Popen[str]]:
        """Resume run 1 here; how long it took, and the process."""
        begun = time.monotonic()
        process = self.start("resume", "1", "--headless")
        wait_until(lambda: self.has_live_run(), f"run 1 is live on {self.name}")
        return time.monotonic() - begun, process

    def has_live_run(self) -> bool:
        run = self.json("status", "1")
        return run["status"] == "live" and str(run["engine"]).startswith(f"{self.name}:")

    def words(self, arguments: tuple[str, ...]) -> list[str]:
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        enter = ["nsenter", *user, "--uts", "--pid", "--mount", "--target", str(self._first)]
        program = PROGRAM.format(skew=self._skew)
        return [*enter, "--", sys.executable, "-c", program, *arguments]
