from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from engine_world import Run, World, until

from mephisto_blueprints.mock import MockBlueprint
from mephisto_engine.abstractions.blueprint import InitializationData
from mephisto_engine.abstractions.channel import FailureReason, SubmitOutcome
from mephisto_engine.data_model import Command, Unit, Worker
from mephisto_engine.data_model.records import UnitRecord
from mephisto_engine.database.operations.budgets import set_project_budget
from mephisto_engine.errors import MephistoError, ProviderError, StateError
from mephisto_engine.operations.checks.invariants import check_invariants
from mephisto_engine.operations.commands.kinds import (
    Block,
    Change,
    Disconnect,
    Expire,
    Extend,
    Extension,
    GoOn,
    Pause,
    SetOptions,
    Stop,
    parse_change,
)
from mephisto_engine.operations.control import ask
from mephisto_engine.operations.runs.run_lease import is_driven
from mephisto_providers.mock import MockProvider

WHO = "operator:ada"


class ReadingBlueprint(MockBlueprint):
    """Reads one item a line."""

    def read_items(self, path: Path) -> list[InitializationData]:
        return [InitializationData({"text": line}) for line in path.read_text().splitlines()]


async def asked(run: Run, change: Change) -> str:
    """Ask as another process would: by a row, from a thread."""
    return await asyncio.to_thread(ask, run.world.db, run.world.home, run.id, change, WHO)


async def renewed(run: Run) -> None:
    """Much time has passed at once; return when the engine has shown that it is alive."""
    await until(lambda: is_driven(run.world.db, run.id))


def unit_ids(run: Run, status: str) -> list[int]:
    query = Unit.select(Unit.id).where((Unit.task_run == run.id) & (Unit.status == status))
    return [number for (number,) in run.world.db.stream(query.order_by(Unit.id))]


async def test_a_paused_run_publishes_nothing_and_lets_nobody_in(world: World) -> None:
    run = await world.launch(units=4, max_num_concurrent_units=2)
    token = await run.token("alice")
    said = await asked(run, Pause())
    assert "1 worker at work may finish" in said
    assert run.status == "paused"
    assert await run.refusal("bob") == "paused"
    assert await run.submit(token) == SubmitOutcome.STORED
    await world.settle()
    assert run.units() == {"completed": 1, "launched": 1, "created": 2}

    await asked(run, GoOn())
    assert run.status == "live"
    await until(lambda: run.units()["launched"] == 2)
    await run.do_units("bob")


async def test_who_is_turned_away_from_a_paused_run_is_told_to_come_again(world: World) -> None:
    run = await world.launch(units=1)
    await asked(run, Pause())
    assert (await run.arrive("bob")).failure_reason == FailureReason.NO_AVAILABLE_UNITS


async def test_a_unit_that_comes_back_during_a_pause_is_offered_after_it(world: World) -> None:
    run = await world.launch(units=1)
    token = await run.token("alice")
    await asked(run, Pause())
    await asked(run, Disconnect(agent=run.agent(token).id, reason="asked us to"))
    assert run.units() == {"launched": 1}
    await asked(run, GoOn())
    await run.do_units("bob")
    assert (await run.ended()).status == "completed"


async def test_a_paused_run_does_not_end_by_itself(world: World) -> None:
    run = await world.launch(units=1, no_submission_patience=60)
    token = await run.token("alice")
    await asked(run, Pause())
    await run.submit(token)
    await world.advance(120)
    assert run.status == "paused"
    await renewed(run)
    await asked(run, GoOn())
    assert (await run.ended()).status == "completed"


async def test_patience_begins_anew_when_a_run_goes_on(world: World) -> None:
    run = await world.launch(units=2, no_submission_patience=60)
    await asked(run, Pause())
    await world.advance(120)
    await renewed(run)
    await asked(run, GoOn())
    await world.advance(50)
    assert run.status == "live"
    await world.advance(20)
    await until(lambda: run.status in ("draining", "stopped"))


async def test_what_is_not_paused_cannot_go_on_and_the_other_way_round(world: World) -> None:
    run = await world.launch(units=1)
    with pytest.raises(StateError, match="live, not paused"):
        await asked(run, GoOn())
    await asked(run, Pause())
    with pytest.raises(StateError, match="cannot be paused"):
        await asked(run, Pause())
    await asked(run, Stop())
    assert (await run.ended()).status == "stopped"


async def test_more_units_are_published_when_the_limit_is_raised(world: World) -> None:
    run = await world.launch(units=5, max_num_concurrent_units=1)
    said = await asked(run, SetOptions({"max_num_concurrent_units": "3"}))
    assert "max_num_concurrent_units 1 → 3" in said
    await until(lambda: run.units()["launched"] == 3)
    said = await asked(run, SetOptions({"mephisto.task.max_num_concurrent_units": 2}))
    assert "3 units are published now; new ones follow when fewer than 2 are" in said
    changes = [event["changes"] for event in run.events("run.changed")]
    assert changes == ["max_num_concurrent_units 1 → 3", "max_num_concurrent_units 3 → 2"]


async def test_limits_of_workers_hold_from_the_next_arrival_on(world: World) -> None:
    run = await world.launch(units=5)
    await run.token("alice")
    await asked(run, SetOptions({"allowed_concurrent": 1, "maximum_units_per_worker": 2}))
    assert await run.refusal("alice") == "allowed_concurrent"


async def test_limits_that_were_wider_before_are_no_fault_of_the_data(world: World) -> None:
    run = await world.launch(units=5, maximum_units_per_worker=4)
    for _ in range(3):
        await run.token("alice")
    await asked(run, SetOptions({"allowed_concurrent": 1, "maximum_units_per_worker": 2}))
    assert [finding for finding in check_invariants(world.db) if finding.level == "error"] == []


async def test_a_raised_budget_lets_the_rest_be_published(world: World) -> None:
    run = await world.launch(units=3, budget=0.1, max_num_concurrent_units=1)
    await asked(run, SetOptions({"budget": "0.30", "max_num_concurrent_units": 0}))
    await until(lambda: run.units()["launched"] == 3)
    assert run.row().budget_cents == 30
    with pytest.raises(StateError, match=r"up to \$0.30; a budget of \$0.20 is less") as info:
        await asked(run, SetOptions({"budget": "0.20"}))
    assert "Expire units first" in info.value.hint
    await asked(run, Expire(unit_ids(run, "launched")[:1]))
    await asked(run, SetOptions({"budget": "0.20"}))
    assert run.row().budget_cents == 20
    await asked(run, SetOptions({"budget": "none"}))
    assert run.row().budget_cents is None


async def test_a_budget_that_covers_no_unit_more_says_what_that_means(world: World) -> None:
    run = await world.launch(units=3, max_num_concurrent_units=1)
    said = await asked(run, SetOptions({"budget": "0.15"}))
    assert said.splitlines()[1:] == [
        "The budget of run 1 covers what is promised and not one unit more: "
        "2 units to come are not published."
    ]
    assert len((await asked(run, SetOptions({"budget": "0.20"}))).splitlines()) == 1


async def test_changed_options_survive_the_death_of_the_engine(world: World) -> None:
    run = await world.launch(units=5, max_num_concurrent_units=1)
    await asked(run, SetOptions({"max_num_concurrent_units": 2, "budget": "0.50"}))
    await until(lambda: run.units()["launched"] == 2)
    await world.crash()
    world.start_engine()
    run = await world.resume(run.id)
    assert run.driver._job.max_num_concurrent_units == 2
    assert run.driver._job.budget_cents == 50
    assert run.units() == {"launched": 2, "created": 3}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task_reward": 5}, "cannot be changed during a run"),
        ({"max_num_concurent_units": 5}, "did you mean 'max_num_concurrent_units'"),
        ({"max_num_concurrent_units": -1}, "too small"),
        ({"max_num_concurrent_units": "many"}, "max_num_concurrent_units"),
        ({"budget": "0.001"}, "whole cents"),
        ({"budget": "nan"}, "budget"),
    ],
)
async def test_a_value_that_a_launch_would_refuse_changes_nothing(
    world: World, options: dict[str, Any], words: str
) -> None:
    run = await world.launch(units=1)
    before = run.row().config
    with pytest.raises(StateError, match=words):
        await asked(run, SetOptions({"allowed_concurrent": 3, **options}))
    assert run.row().config == before


async def test_each_item_can_be_given_to_more_workers(world: World) -> None:
    run = await world.launch(units=2)
    await run.do_units("alice")
    text = await asked(run, Extend(units_per_item=2, is_rehearsal=True))
    extension = Extension.from_outcome(text)
    assert (extension.items, extension.units, extension.cost_cents) == (2, 4, 40)
    assert run.units() == {"completed": 1, "launched": 1}

    said = await asked(run, Extend(units_per_item=2, expected_units=4))
    assert said == f"Run {run.id} has 4 units more, of 2 items; they cost up to $0.40."
    await until(lambda: run.units()["launched"] == 5)
    # Never twice: alice has done one of the two items.
    await run.do_units("alice")
    assert await run.refusal("alice") == "all_seen"
    await run.do_units("bob", "bob", "carol", "carol")
    assert (await run.ended()).status == "completed"


async def test_a_run_can_be_given_more_data(world: World, tmp_path: Path) -> None:
    world.blueprint = ReadingBlueprint
    run = await world.launch(units=1)
    (tmp_path / "more.txt").write_text("one\ntwo\n")
    await asked(run, Extend(data=str(tmp_path / "more.txt")))
    await until(lambda: run.units()["launched"] == 3)
    await world.crash()
    world.start_engine()
    run = await world.resume(run.id)
    assert run.units() == {"launched": 3}
    await run.do_units("alice", "alice", "alice")
    assert (await run.ended()).status == "completed"


async def test_an_extension_that_the_budget_does_not_cover_is_refused(world: World) -> None:
    run = await world.launch(units=2, budget=0.3)
    with pytest.raises(StateError, match=r"could then cost \$0.40, over its cap of \$0.30") as info:
        await asked(run, Extend(units_per_item=1))
    assert "budget=0.40" in info.value.hint
    with pytest.raises(StateError, match="not 7 as was agreed"):
        await asked(run, Extend(units_per_item=1, expected_units=7))
    assert run.units() == {"launched": 2}


async def test_an_extension_that_the_projects_budget_does_not_cover_is_refused(
    world: World,
) -> None:
    run = await world.launch(units=2, project="p")
    await world.db.write(set_project_budget, "p", 35, WHO)
    with pytest.raises(StateError, match=r"project p falls \$0\.05 short") as info:
        await asked(run, Extend(units_per_item=1))
    assert "money --project p --cap" in info.value.hint
    await world.db.write(set_project_budget, "p", 40, WHO)
    await asked(run, Extend(units_per_item=1))
    await until(lambda: run.units() == {"launched": 4})


async def test_units_that_are_done_together_cannot_be_added_one_by_one(world: World) -> None:
    run = await world.launch(units=1, each=2, options={"is_concurrent": True})
    with pytest.raises(StateError, match="done together"):
        await asked(run, Extend(units_per_item=1))


async def test_a_stopped_run_is_extended_for_its_resumption(world: World) -> None:
    run = await world.launch(units=2, budget=0.5)
    await asked(run, Expire(unit_ids(run, "launched")[:1]))
    await asked(run, Stop(now=True))
    await run.ended()
    with pytest.raises(StateError, match=r"could then cost \$0.60"):
        await world.operator.extend(run.id, Extend(units_per_item=5), WHO)
    said = await world.operator.extend(run.id, Extend(units_per_item=1), WHO)
    assert said.startswith(f"Run {run.id} has 1 unit more, of 1 item;")
    assert "resume" in said
    run = await world.resume(run.id)
    await until(lambda: run.units() == {"expired": 1, "launched": 2})


async def test_marked_units_expire_whoever_is_on_them(world: World) -> None:
    run = await world.launch(units=5)
    await run.do_units("alice")
    token = await run.token("bob")
    (done,), (taken,) = unit_ids(run, "completed"), unit_ids(run, "assigned")
    offered = unit_ids(run, "launched")
    said = await asked(run, Expire([done, taken, offered[0], 999]))
    assert said == (
        f"2 units of run {run.id} expired; 1 worker on them were told; "
        "1 were finished and are untouched; 1 are not of this run."
    )
    assert run.units() == {"completed": 1, "expired": 2, "launched": 2}
    assert ("status", "expired") in [(p.kind, p.body) for p in run.channel.sent_to(token)]
    await run.do_units("carol", "carol")
    assert (await run.ended()).status == "completed"


async def test_what_was_expired_is_not_offered_again_by_resume(world: World) -> None:
    run = await world.launch(units=4)
    await run.token("alice")
    await asked(run, Expire([*unit_ids(run, "assigned"), unit_ids(run, "launched")[0]]))
    await asked(run, Stop(now=True))
    await run.ended()
    run = await world.resume(run.id)
    assert run.units() == {"expired": 2, "launched": 2}


async def test_all_units_of_nobody_expire_at_once(world: World) -> None:
    run = await world.launch(units=6, max_num_concurrent_units=3)
    token = await run.token("alice")
    said = await asked(run, Expire(is_all_of_nobody=True))
    assert said.startswith("5 units")
    assert run.units() == {"assigned": 1, "expired": 5}
    await run.submit(token)
    assert (await run.ended()).status == "completed"


async def test_units_stay_on_offer_when_the_provider_does_not_withdraw_them(world: World) -> None:
    class Stubborn(MockProvider):
        def __init__(self, args: Any, context: Any) -> None:
            super().__init__(args, context)
            self.unit.expire = self.refuse  # type: ignore[method-assign]

        async def refuse(self, units: Sequence[UnitRecord]) -> None:
            raise ProviderError("throttled", "Try again.")

    world.provider = Stubborn
    run = await world.launch(units=2)
    with pytest.raises(StateError, match="throttled"):
        await asked(run, Expire(unit_ids(run, "launched")))
    assert run.units() == {"launched": 2}
    await run.do_units("alice", "alice")
    assert (await run.ended()).status == "completed"


async def test_a_conversation_expires_whole_and_is_not_offered_again(world: World) -> None:
    run = await world.launch(units=2, each=2, options={"is_concurrent": True})
    tokens = [await run.token(name) for name in ("alice", "bob")]
    await until(lambda: run.agents() == {"in task": 2})
    await asked(run, Expire([run.agent(tokens[0]).unit_id]))
    await world.settle()
    assert run.units() == {"expired": 2, "launched": 2}
    assert run.agents() == {"expired": 2}


async def test_a_disconnected_agents_unit_is_offered_again(world: World) -> None:
    run = await world.launch(units=1)
    token = await run.token("alice")
    number = run.agent(token).id
    said = await asked(run, Disconnect(agent=number))
    assert "is offered again" in said
    with pytest.raises(StateError, match="not at work"):
        await asked(run, Disconnect(agent=number))
    await run.do_units("bob")
    assert (await run.ended()).status == "completed"


async def test_a_blocked_worker_finishes_and_gets_nothing_more(world: World) -> None:
    run = await world.launch(units=2)
    token = await run.token("alice")
    worker = world.db.read(Worker.get, Worker.name == "alice")
    said = await asked(run, Block(worker=worker.id, reason="pasted answers"))
    assert said == f"Worker {worker.id} is blocked; 1 unit they may finish."
    assert await run.submit(token) == SubmitOutcome.STORED
    assert await run.refusal("alice") == "blocked"


async def test_each_command_is_journalled_with_who_asked_for_it(world: World) -> None:
    run = await world.launch(units=2)
    await asked(run, Pause())
    await asked(run, GoOn())
    rows = list(world.db.stream(Command.select(Command.kind, Command.issued_by, Command.status)))
    assert rows == [("pause", WHO, "done"), ("resume", WHO, "done")]
    assert [finding for finding in check_invariants(world.db) if finding.level == "error"] == []


async def test_a_command_that_nobody_takes_is_taken_back(world: World) -> None:
    run = await world.launch(units=1)
    for task in run.driver._tasks:
        task.cancel()
    with pytest.raises(StateError, match="nothing was changed"):
        await asyncio.to_thread(ask, world.db, world.home, run.id, Pause(), WHO, 0.05)
    assert world.db.read(Command.get).status == "failed"


async def test_without_an_engine_only_what_needs_none_is_changed(world: World) -> None:
    run = await world.launch(units=1)
    await asked(run, Stop(now=True))
    await run.ended()
    with pytest.raises(StateError, match="No engine drives") as info:
        await asked(run, Pause())
    assert f"resume {run.id}" in info.value.hint
    said = await asked(run, SetOptions({"max_num_concurrent_units": 7}))
    assert "resume" in said
    run = await world.resume(run.id)
    assert run.driver._job.max_num_concurrent_units == 7


@pytest.mark.parametrize(
    ("kind", "args"),
    [
        ("dance", {}),
        ("stop", {"now": 1}),
        ("stop", {"later": True}),
        ("expire", {}),
        ("expire", {"units": ["7"]}),
        ("expire", {"units": [True]}),
        ("extend", {}),
        ("extend", {"data": "x.csv", "units_per_item": 2}),
        ("extend", {"units_per_item": -2}),
        ("block", {"worker": 3, "reason": " "}),
        ("set", {"options": {}}),
        ("disconnect", {"agent": "3"}),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(kind: str, args: dict[str, Any]) -> None:
    with pytest.raises(MephistoError):
        parse_change(kind, args)
