from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from mephisto_engine.testing.clock import FakeClock


def test_time_stands_still_until_it_is_moved():
    clock = FakeClock()
    assert (clock.now(), clock.monotonic()) == (clock.now(), clock.monotonic())


def test_both_times_go_forward_together():
    clock = FakeClock()
    before = clock.now()
    clock.advance(1.5)
    assert clock.now() - before == timedelta(seconds=1.5)
    assert clock.monotonic() == 1.5


def test_the_wall_clock_may_jump_back_alone():
    clock = FakeClock()
    clock.advance(10)
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    clock.set_wall_clock(moment)
    assert clock.now() == moment
    assert clock.monotonic() == 10


def test_it_refuses_naive_times_and_negative_steps():
    with pytest.raises(ValueError, match="aware"):
        FakeClock(datetime(2030, 1, 1))  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="forward"):
        FakeClock().advance(-1)


def test_only_the_conformance_suites_need_pytest():
    modules = ("clock", "recording", "records", "simulator")
    imports = "; ".join(f"import mephisto_engine.testing.{name}" for name in modules)
    code = f"import sys; {imports}; print('pytest' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
