"""Units at the end of their worker's time or of the run: what is finished stays as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from engine_world import World, until

from mephisto_blueprints.mock import MockBlueprint
from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.abstractions.blueprint import TaskRunner
from mephisto_engine.abstractions.channel import SubmitOutcome
from mephisto_engine.data_model.records import UnitRecord
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.errors import ConfigError
from mephisto_providers.mock import MockProvider
from mephisto_providers.mock.actions import MockUnit


def review(tx: Transaction, unit_ids: Sequence[int], verdicts: Sequence[str]) -> None:
    for unit_id, verdict in zip(unit_ids, verdicts, strict=True):
        tx.move("unit", unit_id, verdict)


@pytest.mark.parametrize("is_now", [True, False])
async def test_stopping_expires_only_what_nobody_has_answered(world: World, is_now: bool) -> None:
    run = await world.launch(units=6)
    tokens = [await run.token(name) for name in "abcde"]
    units = [run.agent(token).unit_id for token in tokens]
    for token in tokens[:4]:
        await run.submit(token)
    verdicts = ["accepted", "rejected", "soft_rejected"]
    await world.db.write(review, units[:3], verdicts)
    await world.operator.stop(run.id, is_now, "operator:me")
    if not is_now:
        assert await run.submit(tokens[4]) == SubmitOutcome.STORED
    row = await run.ended()
    left = {"completed": 1, "expired": 2} if is_now else {"completed": 2, "expired": 1}
    assert row.status == "stopped"
    assert run.units() == {"accepted": 1, "rejected": 1, "soft_rejected": 1, **left}


async def test_a_unit_has_a_runner_while_its_former_workers_code_still_cleans_up(
    world: World,
) -> None:
    let_go = asyncio.Event()
    begun: list[str] = []

    class Runner(TaskRunner):
        async def run_unit(self, agent: LiveAgent) -> None:
            begun.append(agent.worker.name)
            await agent.await_submit()

        async def cleanup_unit(self, agent: LiveAgent) -> None:
            if agent.worker.name == "alice":
                await let_go.wait()

    world.blueprint = type("Slow", (MockBlueprint,), {"TaskRunnerClass": Runner})
    run = await world.launch(units=1)
    await run.token("alice")
    await until(lambda: begun == ["alice"])
    await world.advance(1801)
    bob = await run.token("bob")
    await until(lambda: begun == ["alice", "bob"])
    assert await run.submit(bob) == SubmitOutcome.STORED
    let_go.set()
    assert (await run.ended()).status == "completed"


class SlowUnit(MockUnit):
    """A provider that takes its time to publish all units but the first."""

    asked: asyncio.Event
    let_go: asyncio.Event
    withdrawn: list[int]

    async def launch(self, units: Sequence[UnitRecord], url: str) -> dict[int, str]:
        if units[0].id > 1:
            self.asked.set()
            await self.let_go.wait()
        return await super().launch(units, url)

    async def expire(self, units: Sequence[UnitRecord]) -> None:
        self.withdrawn += [unit.id for unit in units]
        await super().expire(units)


async def test_a_stop_while_units_are_being_published_leaves_none_on_offer(world: World) -> None:
    units: list[SlowUnit] = []

    class Slow(MockProvider):
        def __init__(self, args: Any, context: Any) -> None:
            super().__init__(args, context)
            self.unit = SlowUnit(self.ledger)
            self.unit.asked, self.unit.let_go = asyncio.Event(), asyncio.Event()
            self.unit.withdrawn = []
            units.append(self.unit)

    world.provider = Slow
    run = await world.launch(units=3, max_num_concurrent_units=1)
    await run.do_units("alice")
    await units[0].asked.wait()
    stopping = asyncio.create_task(world.operator.stop(run.id, True, "operator:me"))
    units[0].let_go.set()
    await stopping
    assert (await run.ended()).status == "stopped"
    assert run.units() == {"completed": 1, "expired": 2}
    assert units[0].withdrawn == [2]


async def test_a_requirement_on_an_unknown_qualification_launches_nothing(world: World) -> None:
    rule = {"qualification_name": "nobody has it", "comparator": "Exists"}
    with pytest.raises(ConfigError, match="there is no qualification"):
        await world.launch(shared_state={"qualifications": [rule]})
    assert world.operator.running() == []
