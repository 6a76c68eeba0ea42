"""A console over a made-up world, for looking at by hand and for the tests on a real terminal.

python tests/console/demo_console.py [--world NAME] [--run ID] [--busy N] [--fail] ...
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import console_world
from console_world import FakeBridge

from mephisto_engine.operations.watching.snapshot import Snapshot, View
from mephisto_tui import terminal
from mephisto_tui.app import ConsoleApp, run_console
from mephisto_tui.console_settings import ConsoleSettings


class BusyBridge(FakeBridge):
    """Changes some of its agents and units every quarter of a second."""

    rows_a_second = 0
    is_newest_first = False
    is_deaf = False
    fails_at = float("inf")
    _changed_at = 0.0

    def latest(self) -> Snapshot | None:
        if not self._changed_at:
            self._changed_at = time.monotonic()
            os.write(2, b"noise meanwhile\n")
        if self.is_deaf:  # from now on: the console has just begun to listen
            signal.signal(signal.SIGWINCH, signal.SIG_IGN)
        now = time.monotonic()
        if now > self.fails_at:
            raise RuntimeError(f"made to fail {console_world.HOSTILE}")
        if self.rows_a_second and now - self._changed_at >= 0.25:
            self._changed_at = now
            self._change(max(1, self.rows_a_second // 4))
        return super().latest()

    def _change(self, rows: int) -> None:
        moment = datetime.now(UTC)
        world = self.world
        assert world is not None
        agents, units = list(world.agents), list(world.units)
        for _ in range(rows):
            place = random.randrange(len(agents))
            status = random.choice(("in task", "waiting", "completed"))
            agents[place] = replace(
                agents[place], status=status, status_at=moment, last_seen_at=moment
            )
            place = random.randrange(len(units))
            status = random.choice(("completed", "accepted", "assigned"))
            units[place] = replace(units[place], status=status, status_at=moment)
        if self.is_newest_first:
            agents.sort(key=lambda row: row.status_at, reverse=True)
            units.sort(key=lambda row: row.status_at, reverse=True)
        event = replace(world.log[-1], id=world.log[-1].id + 1, at=moment)
        self.world = replace(
            world, agents=tuple(agents), units=tuple(units), log=(*world.log[-199:], event)
        )

    def want(self, view: View) -> None:
        super().want(view)
        del self.wishes[:-1]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--world", default="normal_world")
    parser.add_argument("--agents", type=int, default=0)
    parser.add_argument("--run", type=int)
    parser.add_argument("--busy", type=int, default=0, help="rows changed a second")
    parser.add_argument("--churn", action="store_true", help="newest rows first")
    parser.add_argument("--fail", action="store_true")
    parser.add_argument("--theme", default="")
    parser.add_argument("--owns", action="store_true")
    parser.add_argument("--deaf", action="store_true", help="no signal tells of a resize")
    parser.add_argument("--log", type=Path)
    parser.add_argument("--exit-to", type=Path)
    options = parser.parse_args()
    why = terminal.refusal()
    if why:
        print(f"plain instead: {why}")
        return 0
    world = getattr(console_world, options.world)()
    if options.agents:
        world = console_world.large_world(options.agents)
    bridge = BusyBridge(world=world, owns_engine=options.owns, engine_runs=[142])
    bridge.rows_a_second = options.busy
    bridge.is_newest_first = options.churn
    bridge.is_deaf = options.deaf
    if options.fail:
        bridge.fails_at = time.monotonic() + 1.0
    print("noise before", file=sys.stderr)
    ended = run_console(
        ConsoleApp(bridge, run_id=options.run, settings=ConsoleSettings(theme=options.theme)),
        log_path=options.log,
    )
    if options.exit_to:
        options.exit_to.write_text(f"{ended.reason} {ended.message}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
