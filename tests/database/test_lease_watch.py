from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

from mephisto_engine import processes
from mephisto_engine.database.lease_watch import LEASE_SECONDS, LeaseSight, LeaseWatch
from mephisto_engine.testing.clock import FakeClock

CLOCK = FakeClock()
FAR = LeaseSight(1, "far", 1, "another-boot pid:[1] 1", 1, 0, CLOCK.now())


def watched(*, is_far: bool = True) -> tuple[LeaseWatch, FakeClock]:
    clock = FakeClock()
    return (LeaseWatch(clock) if is_far else LeaseWatch(clock, lambda pid, mark: True)), clock


def renewed(lease: LeaseSight) -> LeaseSight:
    return replace(lease, renewals=lease.renewals + 1)


def test_a_silent_engine_elsewhere_is_gone_when_it_was_watched_for_long_enough() -> None:
    watch, clock = watched()
    assert watch.is_alive(FAR) is None
    clock.advance(LEASE_SECONDS - 0.1)
    assert watch.is_alive(FAR) is None
    clock.advance(0.1)
    assert watch.is_alive(FAR) is False


def test_a_renewal_begins_the_count_anew() -> None:
    watch, clock = watched()
    assert watch.is_alive(FAR) is None
    clock.advance(LEASE_SECONDS - 1)
    assert watch.is_alive(renewed(FAR)) is True
    clock.advance(LEASE_SECONDS - 1)
    assert watch.is_alive(renewed(FAR)) is True
    clock.advance(1)
    assert watch.is_alive(renewed(FAR)) is False


def test_two_looks_far_apart_do_not_tell_whether_it_lives_now() -> None:
    watch, clock = watched()
    watch.is_alive(FAR)
    clock.advance(3600)
    assert watch.is_alive(renewed(FAR)) is None


def test_a_run_that_was_given_back_and_taken_again_is_another_lease() -> None:
    watch, clock = watched()
    watch.is_alive(FAR)
    clock.advance(3600)
    assert watch.is_alive(replace(FAR, holder="later")) is None


def test_what_was_read_before_says_nothing_new() -> None:
    watch, clock = watched()
    watch.is_alive(FAR)
    watch.is_alive(renewed(FAR))
    clock.advance(LEASE_SECONDS)
    assert watch.is_alive(FAR) is False


def test_an_existing_process_of_this_machine_lives_however_silent() -> None:
    watch, clock = watched(is_far=False)
    clock.advance(3600)
    assert watch.is_alive(FAR) is True
    clock.advance(3600)
    assert watch.is_alive(FAR) is True


def test_meanwhile_the_clock_is_believed() -> None:
    watch, clock = watched()
    assert watch.seems_alive(replace(FAR, renewed_at=clock.now()))
    assert not watch.seems_alive(replace(FAR, renewed_at=clock.now() - timedelta(seconds=90)))
    assert not watch.seems_alive(replace(FAR, renewed_at=clock.now() + timedelta(seconds=90)))


def test_how_far_another_clock_is_ahead_is_known_from_a_renewal_that_was_seen() -> None:
    watch, clock = watched()
    ahead = replace(FAR, renewed_at=clock.now() + timedelta(seconds=90))
    assert watch.skew(ahead) == timedelta(0)
    clock.advance(0.25)
    assert watch.skew(renewed(ahead)) == timedelta(seconds=89.75)


def test_a_process_is_known_by_when_it_began() -> None:
    own = processes.own_mark()
    assert processes.exists(os.getpid(), own) is True
    assert processes.exists(os.getpid(), f"{own}0") is False
    assert processes.exists(os.getpid(), f"another-boot {own}") is None
    assert processes.exists(os.getpid(), "") is None


def test_a_process_that_nobody_has_waited_for_is_gone() -> None:
    program = "from mephisto_engine.processes import own_mark; print(own_mark(), flush=True)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        mark = child.stdout.read().decode().strip()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert processes.exists(child.pid, mark) is False
