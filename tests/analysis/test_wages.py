from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from answered_world import AnsweredRun

from mephisto_engine.analysis.pay import Wage
from mephisto_engine.config.task_args import TaskArgs, check_task_args
from mephisto_engine.config.wage import wage_at
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.queries import standing
from mephisto_engine.operations.money.wages import wage_of_pilot, wage_warning
from mephisto_engine.operations.watching.monitor import Monitor
from mephisto_engine.operations.watching.snapshot import View
from mephisto_engine.testing.clock import FakeClock


def task(**changes: Any) -> TaskArgs:
    plain = TaskArgs(
        task_title="t",
        task_description="d",
        task_reward=0.30,
        task_tags="a",
        task_name="sample-task",
    )
    return dataclasses.replace(plain, **changes)


def underpaid(db: MephistoDB, clock: FakeClock, units: int, minimum: float | None) -> AnsweredRun:
    config = {"mephisto": {"task": {"minimum_hourly_wage": minimum}}}
    run = AnsweredRun(db, clock, items=units, changes={"pay_cents": 10, "config": config})
    for item in range(units):
        run.answer(item, f"w{item}", {"rating": "x"}, seconds=90 + item % 2)
    return run


def test_a_wage_below_the_minimum_says_what_would_keep_it() -> None:
    wage = Wage(pay_cents=30, worked_ms=240_000, units=12, minimum_cents=725)

    assert wage.hourly_cents == 450
    assert wage.fair_cents == 49
    assert wage.warning() == (
        "pay is $4.50 an hour at the median time of 4m00s, below the minimum of $7.25; "
        "$0.49 a unit would keep it"
    )
    assert not dataclasses.replace(wage, pay_cents=49).is_too_low
    assert dataclasses.replace(wage, pay_cents=48).is_too_low


@pytest.mark.parametrize("wage", [Wage(30, 0, 1, 725), Wage(30, 1000, 1, None), Wage(0, 1, 1, 0)])
def test_without_time_or_a_minimum_nothing_is_too_low(wage: Wage) -> None:
    assert not wage.is_too_low
    assert wage.warning() == ""


def test_a_config_is_warned_about_by_its_estimated_time() -> None:
    too_long = task(minimum_hourly_wage=7.25, estimated_time_in_seconds=240)

    assert "estimated time of 4m00s" in wage_warning_of(too_long)
    assert wage_warning_of(dataclasses.replace(too_long, estimated_time_in_seconds=100)) == ""
    assert wage_at(task(minimum_hourly_wage=7.25), None) is None
    assert wage_at(task(), 100) is None


def wage_warning_of(options: TaskArgs) -> str:
    wage = wage_at(options, options.estimated_time_in_seconds)
    return wage.warning() if wage is not None else ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"minimum_hourly_wage": -1.0},
        {"minimum_hourly_wage": 7.255},
        {"estimated_time_in_seconds": 0},
    ],
)
def test_wrong_options_are_found_before_a_launch(wrong: dict[str, Any]) -> None:
    (problem,) = check_task_args(wrong)

    assert problem.where == f"mephisto.task.{next(iter(wrong))}"


def test_a_live_run_is_held_against_its_minimum_once_enough_were_submitted(
    db: MephistoDB, clock: FakeClock
) -> None:
    few, many = underpaid(db, clock, 4, 7.25), underpaid(db, clock, 6, 7.25)
    free = underpaid(db, clock, 6, None)

    wages = {run.id: wage_seen(db, clock, run.id) for run in (few, many, free)}

    assert {wage.hourly_cents for wage in wages.values()} == {400}
    assert [wages[run.id].is_too_low for run in (few, many, free)] == [False, True, False]


def wage_seen(db: MephistoDB, clock: FakeClock, run_id: int) -> Wage:
    monitor = Monitor(db, clock)
    monitor.want(View(run_id=run_id))
    wage = monitor.refresh().wage
    monitor.close()
    assert wage is not None
    return wage


def test_a_new_run_is_warned_about_by_the_earlier_ones(db: MephistoDB, clock: FakeClock) -> None:
    asked = task(minimum_hourly_wage=20.0, estimated_time_in_seconds=1)

    assert db.read(wage_of_pilot, asked) is None
    assert db.read(wage_warning, asked) == ""
    underpaid(db, clock, 6, None)
    assert "median time of 1m30s" in db.read(wage_warning, asked)
    assert db.read(wage_warning, task()) == ""


def test_nobodys_time_has_no_median(db: MephistoDB, clock: FakeClock) -> None:
    run = AnsweredRun(db, clock, items=2)
    assert db.read(standing.median_time, [run.id]) == (0, 0)
    for worker, seconds in (("a", 10.0), ("b", 30.0), ("c", 20.0)):
        run.answer(0, worker, {}, seconds)
    assert db.read(standing.median_time, [run.id]) == (3, 20_000)
