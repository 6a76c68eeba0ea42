from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from mephisto_engine.data_model import Unit
from mephisto_engine.data_model.status import COSTED_UNIT
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import budgets
from mephisto_engine.database.operations.budgets import Reservation
from mephisto_engine.database.operations.review import NewDecision
from mephisto_engine.errors import NotFoundError, StateError
from mephisto_engine.operations.live import heartbeat, launcher, run_driver
from mephisto_engine.operations.reviewing.review import Review
from mephisto_engine.operations.watching.monitor import Monitor
from mephisto_engine.operations.watching.snapshot import View
from mephisto_engine.testing.clock import FakeClock

sys.path.append(str(Path(__file__).parent.parent / "engine"))

from engine_world import World, until
from review_world import QUICK, ReviewedRun


@pytest_asyncio.fixture
async def world(
    db: MephistoDB, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    for name in ("BUDGET_SECONDS", "BUDGET_CALM_SECONDS"):
        monkeypatch.setattr(launcher, name, 0.02)
    monkeypatch.setattr(run_driver, "LINGER_SECONDS", 0.0)
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.02)
    world = World(db, tmp_path / "home", clock)
    yield world
    await world.close()


async def _launch(world: World, units: int, name: str, project: str | None = "p", **task: object):
    config = world.config(units, task_name=name, project=project, **task)
    return world.run(await world.operator.launch(config))


async def _project_with_budget(world: World, cents: int):
    first = await _launch(world, 3, "first")
    await until(lambda: len(first.driver.live.pool) == 3)
    await world.db.write(budgets.set_project_budget, "p", cents, "operator:me")
    return first


async def test_a_projects_budget_holds_over_its_runs(world: World) -> None:
    first = await _project_with_budget(world, 55)
    second = await _launch(world, 5, "second")
    await until(lambda: second.driver._launcher.held_back == "project p")
    assert len(second.driver.live.pool) == 2
    costed = world.db.stream(Unit.select(Unit.id).where(Unit.status.in_(sorted(COSTED_UNIT))))
    assert len(list(costed)) == 5
    assert (first.status, second.status) == ("live", "live")


async def test_consoles_see_that_a_budget_holds_units_back(world: World) -> None:
    await _project_with_budget(world, 35)
    second = await _launch(world, 2, "second")
    monitor = Monitor(world.db, world.clock)

    def held_back() -> str:
        monitor.want(View(run_id=second.id))
        run = monitor.refresh().run
        return run.held_back if run else ""

    await until(lambda: held_back() == "project p")
    monitor.close()


async def test_what_another_run_frees_is_published(world: World) -> None:
    first = await _project_with_budget(world, 30)
    second = await _launch(world, 2, "second")
    await until(lambda: second.driver._launcher.held_back == "project p")
    await first.do_units("alice")
    review = Review(world.db, world.home, "operator:me", world.registry, QUICK)
    unit = review.queue(first.id)[0].unit_id
    await asyncio.to_thread(review.stage, NewDecision(unit, "rejected", "empty"))
    await asyncio.to_thread(review.send, first.id)
    await until(lambda: len(second.driver.live.pool) == 1)


async def test_a_run_that_its_projects_budget_holds_back_ends_like_any_other(
    world: World,
) -> None:
    first = await _project_with_budget(world, 30)
    second = await _launch(world, 2, "second")
    await until(lambda: second.driver._launcher.held_back == "project p")
    await first.do_units("alice", "bob")
    await world.settle()
    assert second.status == "live"  # the third unit may yet come to nothing
    assert second.events("run.held_back") == [{"owner": "project p", "waiting": 2}]
    await first.do_units("carol")
    row = await second.ended()
    assert row.status == "stopped"
    assert "The budget of project p is used up; 2 units are not published." in row.status_reason
    raised = "`mephisto-tui money --project p --cap DOLLARS` raises it"
    assert f"{raised}, then `mephisto-tui resume {second.id}`" in row.status_reason


async def test_a_run_goes_on_when_its_projects_budget_is_raised(world: World) -> None:
    await _project_with_budget(world, 30)
    second = await _launch(world, 2, "second")
    await until(lambda: second.driver._launcher.held_back == "project p")
    await world.db.write(budgets.set_project_budget, "p", 40, "operator:me")
    await until(lambda: second.units() == {"launched": 1, "created": 1})
    await world.db.write(budgets.set_project_budget, "p", None, "operator:me")
    await until(lambda: second.units() == {"launched": 2})
    assert second.driver._launcher.held_back == ""


async def test_a_run_that_ended_for_want_of_money_is_resumed_when_there_is_some(
    world: World,
) -> None:
    first = await _project_with_budget(world, 30)
    second = await _launch(world, 2, "second")
    await first.do_units("alice", "bob", "carol")
    assert (await second.ended()).status == "stopped"
    await world.db.write(budgets.set_project_budget, "p", 50, "operator:me")
    second = await world.resume(second.id)
    await until(lambda: second.units() == {"launched": 2})


async def test_a_task_does_not_bring_costs_into_a_project_that_cannot_bear_them(
    world: World,
) -> None:
    await _project_with_budget(world, 35)
    alone = await _launch(world, 2, "alone", project=None)
    await until(lambda: len(alone.driver.live.pool) == 2)
    with pytest.raises(StateError, match=r"budget of project p is \$0\.35.* \$0\.50 at worst"):
        await _launch(world, 1, "alone")
    await world.db.write(budgets.set_project_budget, "p", 50, "operator:me")
    await _launch(world, 1, "alone")


async def test_bonuses_are_in_a_runs_budget_too(world: World) -> None:
    run = await _launch(world, 5, "first", None, budget=0.35, max_num_concurrent_units=1)
    await until(lambda: len(run.driver.live.pool) == 1)
    await run.do_units("alice")
    review = Review(world.db, world.home, "operator:me", world.registry, QUICK)
    unit = review.queue(run.id)[0].unit_id
    await asyncio.to_thread(review.stage, NewDecision(unit, "accepted", bonus_cents=10))
    assert [sent.error for sent in await asyncio.to_thread(review.send)] == [""]
    for worker in ("bob", "carol"):
        if not run.driver.ended.is_set():
            await until(lambda: bool(len(run.driver.live.pool) or run.driver.ended.is_set()))
        if len(run.driver.live.pool):
            await run.do_units(worker)
    assert (await run.ended()).status == "stopped"
    assert run.units()["completed"] + run.units()["accepted"] == 2


def test_what_is_being_published_is_set_aside(db: MephistoDB, home: Path) -> None:
    run = ReviewedRun(db, home, "alice", budget_cents=35)
    assert db.write_now(budgets.reserve_units, run.stored.id, 9) == Reservation(
        2, f"run {run.stored.id}"
    )
    run.review.stage(NewDecision(run.units[0], "accepted", bonus_cents=6))
    assert "budget of run" in run.review.send()[0].error
    assert db.write_now(budgets.reserve_units, run.stored.id, 1) == Reservation(1)
    assert run.review.send()[0].error == ""


def test_no_budget_is_lowered_below_what_was_promised(db: MephistoDB, home: Path) -> None:
    ReviewedRun(db, home, "alice", project_name="p")
    with pytest.raises(StateError, match=r"up to \$0\.10; a budget of \$0\.09 is less"):
        db.write_now(budgets.set_project_budget, "p", 9, "operator:me")
    db.write_now(budgets.set_project_budget, "p", 10, "operator:me")
    db.write_now(budgets.set_project_budget, "p", None, "operator:me")


def test_a_project_that_is_not_there_has_no_budget(db: MephistoDB) -> None:
    with pytest.raises(NotFoundError):
        db.write_now(budgets.set_project_budget, "none", 5, "operator:me")
