from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from engine_world import World, until

from mephisto_architects.mock import MockArchitect
from mephisto_engine.abstractions.channel import SubmitOutcome
from mephisto_engine.data_model import Command, Lease, TaskRun
from mephisto_engine.database.lease_watch import LEASE_SECONDS
from mephisto_engine.database.operations import lease as lease_ops
from mephisto_engine.database.operations.lease import Holder
from mephisto_engine.errors import (
    ArchitectError,
    ConfigError,
    LeaseHeldError,
    LeaseLostError,
    StateError,
)
from mephisto_engine.operations.checks.database_checks import check_database
from mephisto_engine.operations.checks.findings import Finding
from mephisto_engine.operations.control import issue_command, stop_run
from mephisto_engine.processes import own_mark
from mephisto_providers.mock import MockProvider


async def test_a_run_whose_units_are_done_ends_by_itself(world: World) -> None:
    run = await world.launch(units=2)
    assert run.status == "live"
    await run.do_units("alice", "bob")
    row = await run.ended()
    assert (row.status, row.status_reason) == ("completed", None)
    assert row.ended_at is not None
    assert world.db.read(Lease.select().count) == 0
    assert not run.channel.is_open()


async def test_stopping_lets_those_at_work_finish(world: World) -> None:
    run = await world.launch(units=3)
    token = await run.token("alice")
    said = await world.operator.stop(run.id, False, "operator:test")
    assert "1 at work" in said
    assert run.status == "draining"
    assert await run.submit(token) == SubmitOutcome.STORED
    row = await run.ended()
    assert (row.status, row.status_reason) == ("stopped", "stopped by operator:test")
    assert run.units() == {"completed": 1, "expired": 2}


async def test_stopping_now_ends_those_at_work(world: World) -> None:
    run = await world.launch(units=3)
    tokens = [await run.token(name) for name in ("alice", "bob")]
    await world.operator.stop(run.id, True, "operator:test")
    assert (await run.ended()).status == "stopped"
    assert run.units() == {"expired": 3}
    assert run.agents() == {"expired": 2}
    for token in tokens:
        assert ("status", "expired") in [(p.kind, p.body) for p in run.channel.sent_to(token)]
        assert await run.submit(token) == SubmitOutcome.LATE


async def test_a_drain_may_be_cut_short(world: World) -> None:
    run = await world.launch(units=3)
    await run.token("alice")
    await world.operator.stop(run.id, False, "operator:test")
    await world.operator.stop(run.id, True, "operator:test")
    assert (await run.ended()).status == "stopped"


async def test_a_unit_that_comes_back_during_a_drain_is_not_offered(world: World) -> None:
    run = await world.launch(units=1)
    await run.token("alice")
    await world.operator.stop(run.id, False, "operator:test")
    await world.advance(1801)
    assert (await run.ended()).status == "stopped"
    assert run.units() == {"expired": 1}


async def test_stopping_in_a_stampede_leaves_nobody_behind(world: World) -> None:
    async def slowly(worker: Any, unit: Any) -> bool:
        await asyncio.sleep(0.01)
        return True

    run = await world.launch(units=30, shared_state={"worker_can_do_unit": slowly})
    arrivals = [asyncio.ensure_future(run.arrive(f"worker-{n}")) for n in range(30)]
    await world.settle()
    await world.operator.stop(run.id, True, "operator:test")
    await asyncio.gather(*arrivals)
    assert (await run.ended()).status == "stopped"
    assert set(run.units()) == {"expired"}
    assert set(run.agents()) <= {"expired"}


async def test_what_has_ended_cannot_be_stopped(world: World) -> None:
    run = await world.launch(units=1)
    await run.do_units("alice")
    await run.ended()
    with pytest.raises(StateError):
        await world.operator.stop(run.id, False, "operator:test")
    with pytest.raises(StateError, match="has completed"):
        await world.operator.resume(run.id)


async def test_a_stopped_run_can_be_taken_up_again(world: World) -> None:
    run = await world.launch(units=3)
    await run.do_units("alice")
    await world.operator.stop(run.id, True, "operator:test")
    await run.ended()
    run = await world.resume(run.id)
    await until(lambda: len(run.driver.live.pool) == 2)
    assert run.row().ended_at is None
    await run.do_units("alice", "bob")
    assert (await run.ended()).status == "completed"
    assert run.units() == {"completed": 3}


async def test_a_run_goes_on_after_its_engine_has_died(world: World) -> None:
    run = await world.launch(units=4, each=2)
    await run.do_units("alice")
    token = await run.token("bob", "tab")
    await world.crash()

    world.start_engine()
    run = await world.resume(run.id)
    assert (await run.arrive("bob", "tab")).agent_id == token
    assert await run.submit(token) == SubmitOutcome.STORED
    assert run.units() == {"completed": 2, "launched": 6}


async def test_time_that_ran_out_while_the_engine_was_dead_leaves_a_moment(world: World) -> None:
    run = await world.launch(units=2, assignment_duration_in_seconds=60)
    quick, lost = await run.token("alice"), await run.token("bob")
    await world.crash()
    world.clock.advance(3600)
    world.start_engine()
    run = await world.resume(run.id)
    assert await run.submit(quick) == SubmitOutcome.STORED
    await world.advance(60)
    assert run.agents() == {"completed": 1, "timeout": 1}
    assert await run.submit(lost) == SubmitOutcome.LATE


async def test_an_engine_that_closes_leaves_its_runs_to_be_resumed(world: World) -> None:
    run = await world.launch(units=2)
    token = await run.token("alice")
    await world.operator.close()
    assert run.status == "live"
    world.start_engine()
    run = await world.resume(run.id)
    assert await run.submit(token) == SubmitOutcome.STORED


@pytest.mark.parametrize("ending", ["drain", "budget"])
async def test_a_crash_while_a_run_is_being_closed_loses_no_unit(
    world: World, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mephisto_engine.operations.live import run_driver

    monkeypatch.setattr(run_driver, "LINGER_SECONDS", 60.0)
    budget = {"budget": 0.1} if ending == "budget" else {}
    run_id = await world.operator.launch(world.config(3, **budget))
    run = world.run(run_id)
    await until(lambda: len(run.driver.live.pool) > 0)
    await run.do_units("alice")
    if ending == "drain":
        await world.operator.stop(run.id, False, "operator:test")
    await until(lambda: run.units()["expired"] == 2)
    await world.crash()

    monkeypatch.setattr(run_driver, "LINGER_SECONDS", 0.0)
    world.start_engine()
    run = await world.resume(run.id)
    if ending == "drain":
        await until(lambda: len(run.driver.live.pool) == 2)
    else:
        assert (await run.ended()).status == "stopped"


async def test_nothing_submitted_for_too_long_drains_the_run(world: World) -> None:
    run = await world.launch(units=3, no_submission_patience=600)
    await world.advance(500)
    await run.do_units("alice")
    await world.advance(500)
    assert run.status == "live"
    await world.advance(101)
    row = await run.ended()
    assert (row.status, row.status_reason) == ("stopped", "no submission for 600 seconds")


async def test_a_second_engine_is_told_who_drives_the_run(world: World) -> None:
    run = await world.launch(units=1)
    world.start_engine()
    with pytest.raises(LeaseHeldError, match=f"Run {run.id} is driven by process"):
        await world.operator.resume(run.id)
    assert run.status == "live"
    world.operators.pop()


async def test_the_lease_of_a_dead_process_is_taken_at_once(world: World) -> None:
    run = await world.launch(units=1)
    await world.crash()
    gone = Holder("gone", socket.gethostname(), 2**22 + 1, own_mark())
    await world.db.write(lease_ops.acquire, run.id, gone, world.db.leases)
    world.start_engine()
    run = await world.resume(run.id)
    assert run.status == "live"


FAR = Holder("far", "elsewhere", 1, "another-boot pid:[1] 1")


async def test_a_lease_of_another_host_is_taken_when_it_was_seen_to_run_out(world: World) -> None:
    run = await world.launch(units=1)
    await world.crash()
    await world.db.write(lease_ops.acquire, run.id, FAR, world.db.leases)
    # Much later by the clock: that host's clock may be wrong, or this one's.
    world.clock.advance(3600)
    resuming = asyncio.create_task(world.start_engine().resume(run.id))
    await until(lambda: world.db.leases._seen[run.id].stamp[0] == "far")
    world.clock.advance(LEASE_SECONDS - 1)
    await asyncio.sleep(0.3)
    assert not resuming.done()
    world.clock.advance(1)
    await resuming
    assert run.status == "live"


@pytest.mark.parametrize("skew", [90, -90])
async def test_an_engine_of_another_host_is_heard_of_whatever_its_clock_says(
    world: World, skew: int
) -> None:
    run = await world.launch(units=1)
    await world.crash()
    fence = await world.db.write(lease_ops.acquire, run.id, FAR, world.db.leases)
    world.clock.set_wall_clock(world.clock.now() + timedelta(seconds=skew))
    resuming = asyncio.create_task(world.start_engine().resume(run.id))
    await until(lambda: world.db.leases._seen[run.id].stamp[0] == "far")
    world.clock.advance(2)
    await world.db.write(lease_ops.renew, run.id, FAR, fence, {})
    with pytest.raises(LeaseHeldError, match="process 1 on elsewhere"):
        await resuming


async def test_a_lease_of_a_later_process_of_the_same_pid_is_not_that_of_the_former(
    world: World,
) -> None:
    run = await world.launch(units=1)
    await world.crash()
    before = Holder("before", socket.gethostname(), os.getpid(), f"{own_mark()}0")
    await world.db.write(lease_ops.acquire, run.id, before, world.db.leases)
    world.start_engine()
    assert (await world.resume(run.id)).status == "live"


async def test_an_engine_that_stands_still_keeps_its_run_while_its_process_exists(
    world: World,
) -> None:
    run = await world.launch(units=1)
    await world.crash()
    stuck = Holder("stuck", socket.gethostname(), os.getpid(), own_mark())
    await world.db.write(lease_ops.acquire, run.id, stuck, world.db.leases)
    world.clock.advance(3600)
    world.start_engine()
    with pytest.raises(LeaseHeldError) as refused:
        await world.operator.resume(run.id)
    assert f"`kill {os.getpid()}` on {socket.gethostname()}" in refused.value.hint


def take_over(world: World, run_id: int) -> None:
    """What an engine of another host does when this one was silent for too long."""
    with closing(sqlite3.connect(world.db.path)) as outside, outside:
        outside.execute("UPDATE lease SET holder = 'far', fence = fence + 1")


async def test_an_engine_that_has_lost_its_lease_lets_go(world: World) -> None:
    run = await world.launch(units=1)
    await run.token("alice")
    take_over(world, run.id)
    token = next(iter(run.driver.live.agents))
    with pytest.raises(LeaseLostError):
        await run.submit(token, "too late")
    await run.ended()
    assert run.status == "live"
    assert not run.channel.is_open()
    (lease,) = world.db.read(list, Lease.select())
    assert lease.holder == "far"
    await world.db.write(lambda tx: None)


async def test_the_lease_is_renewed_and_tells_how_the_engine_is(world: World) -> None:
    run = await world.launch(units=1)
    world.clock.advance(5)
    await until(lambda: world.db.read(Lease.get).renewed_at == world.clock.now())
    health = world.db.read(Lease.get).health
    assert health["worker_link"].startswith("http")
    assert "loop_lag_ms" in health
    assert run.status == "live"


async def test_a_command_of_another_process_is_obeyed_and_answered(world: World) -> None:
    run = await world.launch(units=1)
    said = await asyncio.to_thread(
        stop_run, world.db, world.home, run.id, True, "operator:elsewhere"
    )
    assert f"Run {run.id}" in said
    assert (await run.ended()).status_reason == "stopped by operator:elsewhere"
    assert world.db.read(Command.get).status == "done"


async def test_a_command_that_nobody_knows_fails(world: World) -> None:
    run = await world.launch(units=1)
    await asyncio.to_thread(issue_command, world.db, "dance", run.id, {}, "operator:test")
    await until(lambda: world.db.read(Command.get).status == "failed")
    assert "dance" in world.db.read(Command.get).outcome


async def test_a_run_whose_engine_has_died_can_be_stopped(world: World) -> None:
    run = await world.launch(units=3)
    await run.do_units("alice")
    token = await run.token("bob")
    await world.crash()
    said = await world.start_engine().close_out(run.id, "operator:test")
    assert "no engine drove it" in said
    assert run.status == "stopped"
    assert run.units() == {"completed": 1, "expired": 2}
    assert run.agent(token).status == "expired"
    assert world.db.read(Lease.select().count) == 0

    run = await world.resume(run.id)
    await until(lambda: len(run.driver.live.pool) == 2)


async def test_the_doctor_names_a_run_without_an_engine(world: World) -> None:
    run = await world.launch(units=1)
    assert look(world, run.id).level == "ok"
    await world.crash()
    found = look(world, run.id)
    hint = f"mephisto-tui resume {run.id}, or mephisto-tui stop {run.id}"
    assert (found.level, found.hint) == ("warn", hint)


def look(world: World, run_id: int) -> Finding:
    findings = check_database(world.db.path, world.clock)
    return next(item for item in findings if item.name == f"run {run_id}")


class BrokenArchitect(MockArchitect):
    async def deploy(self) -> str:
        raise ArchitectError("no room")


class BrokenProvider(MockProvider):
    cleaned = 0

    async def setup_resources_for_task_run(self, url: str) -> None:
        raise RuntimeError("no crowd")

    async def cleanup_resources_from_task_run(self) -> None:
        type(self).cleaned += 1


async def test_a_run_that_cannot_be_put_on_line_has_failed_and_can_be_resumed(
    world: World,
) -> None:
    world.architect = BrokenArchitect
    with pytest.raises(ArchitectError, match="no room"):
        await world.operator.launch(world.config(2))
    row = world.db.read(TaskRun.get)
    assert (row.status, row.status_reason) == ("failed", "no room")
    assert world.db.read(Lease.select().count) == 0
    world.architect = MockArchitect
    world.start_engine()
    run = await world.resume(row.id)
    await until(lambda: len(run.driver.live.pool) == 2)


async def test_what_was_made_before_a_failure_is_taken_down(world: World) -> None:
    world.provider = BrokenProvider
    with pytest.raises(RuntimeError, match="no crowd"):
        await world.operator.launch(world.config(2))
    assert BrokenProvider.cleaned == 1
    assert world.db.read(TaskRun.get).status == "failed"


async def test_a_config_that_cannot_be_launched_creates_nothing(world: World) -> None:
    wanted = [{"qualification_name": "unheard of", "comparator": "Exists"}]
    with pytest.raises(ConfigError, match="unheard of"):
        await world.operator.launch(world.config(1, shared_state={"qualifications": wanted}))
    assert world.db.read(TaskRun.select().count) == 0


async def test_an_unfinished_run_is_gone_on_with_where_the_config_says_so(world: World) -> None:
    first = await world.launch(units=2)
    await first.do_units("alice")
    await world.operator.stop(first.id, True, "operator:test")
    await first.ended()
    again = await world.operator.launch(world.config(2, resume_incomplete_run=True))
    assert again == first.id


async def test_runs_side_by_side_do_not_touch_each_other(world: World) -> None:
    runs = [await world.launch(units=3) for _ in range(3)]
    await asyncio.gather(*(run.do_units("alice", "alice") for run in runs))
    await world.operator.stop(runs[0].id, True, "operator:test")
    await runs[0].ended()
    assert [run.status for run in runs] == ["stopped", "live", "live"]
    assert world.operator.running() == [runs[1].id, runs[2].id]
    await asyncio.gather(*(run.do_units("bob") for run in runs[1:]))
    await world.operator.wait()


async def test_the_data_of_a_run_is_its_owners_alone(world: World, tmp_path: Path) -> None:
    await world.launch(units=1)
    folders = [world.home / "runs", *(world.home / "runs").glob("*")]
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}
