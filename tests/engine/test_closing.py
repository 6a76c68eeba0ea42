"""Stopping a run whose engine is gone, and perhaps the script that launched it too."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from engine_world import Run, World, until

from mephisto_architects.mock import MockArchitect
from mephisto_blueprints.mock import MockBlueprint
from mephisto_engine.abstractions.blueprint import SharedTaskState
from mephisto_engine.data_model import Lease, TaskRun
from mephisto_engine.errors import ArchitectError, PluginError, ProviderError, StateError
from mephisto_engine.operations.commands.kinds import Expire
from mephisto_engine.operations.control import ask
from mephisto_providers.mock import MockProvider
from mephisto_providers.mock.actions import MockUnit


class WatchedProvider(MockProvider):
    asked: list[str]

    def __init__(self, args: Any, context: Any) -> None:
        super().__init__(args, context)
        self.unit = WatchedUnit(self.ledger)

    async def cleanup_resources_from_task_run(self) -> None:
        self.asked.append("cleaned up")
        await super().cleanup_resources_from_task_run()


class WatchedUnit(MockUnit):
    async def expire(self, units: Any) -> None:
        WatchedProvider.asked += [f"expired {unit.id}" for unit in units]


class WatchedArchitect(MockArchitect):
    async def shutdown(self) -> None:
        WatchedProvider.asked.append("shut down")


def _judge(unit: Any) -> None: ...


async def _dead(world: World, **given: Any) -> Run:
    """A run of which an engine has left two units: one is done, somebody is on the other."""
    run = await world.launch(units=3, **given)
    await run.do_units("alice")
    await run.token("bob")
    await world.crash()
    WatchedProvider.asked = []
    world.provider, world.architect = WatchedProvider, WatchedArchitect
    world.start_engine()
    return run


async def test_a_run_of_a_script_is_stopped_without_its_python(world: World) -> None:
    run = await _dead(world, shared_state=SharedTaskState(on_unit_submitted=_judge))

    class Strict(MockBlueprint):
        def __init__(self, *_: Any) -> None:
            raise RuntimeError("nobody needs the blueprint")

        @classmethod
        def assert_task_args(cls, args: Any, shared_state: Any) -> Any:
            raise AssertionError("nor a check of its options")

    world.blueprint = Strict
    said = await world.operator.close_out(run.id, "operator:me")
    assert said == f"Run {run.id} is stopped; no engine drove it. 1 worker at work was ended."
    assert (run.status, run.units()) == ("stopped", {"completed": 1, "expired": 2})
    assert WatchedProvider.asked == ["expired 2", "expired 3", "cleaned up", "shut down"]
    assert world.db.read(Lease.select().count) == 0


async def test_a_run_of_a_script_is_resumed_by_the_script_alone(world: World) -> None:
    run = await _dead(world, shared_state=SharedTaskState(on_unit_submitted=_judge))
    with pytest.raises(StateError, match="launched by a script with Python of its own") as info:
        await world.operator.resume(run.id)
    assert f"stop {run.id}" in info.value.hint
    assert run.status == "live"
    await world.resume(run.id, SharedTaskState(on_unit_submitted=_judge))
    assert run.status == "live"


@pytest.mark.parametrize("state", [None, {}, SharedTaskState()], ids=["none", "empty", "defaults"])
async def test_a_script_that_gave_nothing_is_not_needed(world: World, state: Any) -> None:
    run = await _dead(world, shared_state=state)
    await world.resume(run.id)
    assert run.status == "live"


async def test_what_was_just_being_published_is_withdrawn_too(world: World) -> None:
    run = await world.launch(units=2, max_num_concurrent_units=1)
    await world.crash()
    # As if the engine had died between the provider's answer and our storing it.
    await world.db.write(lambda tx: tx.select(TaskRun.update(publishing=1)))
    WatchedProvider.asked = []
    world.provider = WatchedProvider
    await world.start_engine().close_out(run.id, "operator:me")
    assert WatchedProvider.asked == ["expired 1", "expired 2", "cleaned up"]


async def test_a_provider_that_refuses_leaves_the_run_to_be_stopped_again(world: World) -> None:
    run = await _dead(world)

    class Refusing(WatchedProvider):
        def __init__(self, args: Any, context: Any) -> None:
            super().__init__(args, context)
            self.unit = RefusingUnit(self.ledger)

    class RefusingUnit(MockUnit):
        async def expire(self, units: Any) -> None:
            raise ProviderError("not today")

    world.provider = Refusing
    world.start_engine()
    with pytest.raises(ProviderError, match="not today"):
        await world.operator.close_out(run.id, "operator:me")
    assert (run.status, run.units()["assigned"]) == ("live", 1)
    world.provider = WatchedProvider
    await world.start_engine().close_out(run.id, "operator:me")
    assert run.status == "stopped"


async def test_what_may_be_left_over_is_said(world: World) -> None:
    run = await _dead(world)

    class Stuck(MockArchitect):
        async def shutdown(self) -> None:
            raise OSError("no route to host")

    world.architect = Stuck
    said = await world.start_engine().close_out(run.id, "operator:me")
    assert said.splitlines()[1:] == [
        "What its architect has put on line may be left over: no route to host"
    ]
    assert run.status == "stopped"


async def test_a_provider_that_is_gone_is_named(world: World) -> None:
    run = await _dead(world)
    gone = TaskRun.update(provider_type="gone")
    await world.db.write(lambda tx: tx.select(gone))
    with pytest.raises(PluginError, match="gone"):
        await world.operator.close_out(run.id, "operator:me")
    assert run.status == "live"
    assert world.db.read(Lease.select().count) == 0


class UncertainUnit(WatchedUnit):
    """Publishes, and its answer is lost."""

    async def launch(self, units: Any, url: str) -> dict[int, str]:
        await super().launch(units, url)
        WatchedProvider.asked += [f"published {unit.id}" for unit in units]
        raise ConnectionResetError("no answer")


class UncertainProvider(WatchedProvider):
    def __init__(self, args: Any, context: Any) -> None:
        super().__init__(args, context)
        self.unit = UncertainUnit(self.ledger)


async def test_what_may_have_been_published_is_withdrawn_when_the_run_ends(world: World) -> None:
    world.provider, WatchedProvider.asked = UncertainProvider, []
    run = world.run(await world.operator.launch(world.config(2)))
    await until(lambda: bool(run.driver._launcher.trouble))
    await run.driver.stop("operator:me", False, "enough")
    assert (await run.ended()).status == "stopped"
    assert WatchedProvider.asked[:2] == ["published 1", "published 2"]
    assert {"expired 1", "expired 2"} <= set(WatchedProvider.asked)


async def test_so_it_is_when_an_operator_expires_it(world: World) -> None:
    world.provider, WatchedProvider.asked = UncertainProvider, []
    run = world.run(await world.operator.launch(world.config(2)))
    await until(lambda: bool(run.driver._launcher.trouble))
    await asyncio.to_thread(ask, world.db, world.home, run.id, Expire([2]), "operator:me")
    assert WatchedProvider.asked[-1] == "expired 2"


async def test_and_when_the_engine_has_died(world: World) -> None:
    world.provider, WatchedProvider.asked = UncertainProvider, []
    run = world.run(await world.operator.launch(world.config(2)))
    await until(lambda: bool(run.driver._launcher.trouble))
    await world.crash()
    await world.start_engine().close_out(run.id, "operator:me")
    assert WatchedProvider.asked[-3:] == ["expired 1", "expired 2", "cleaned up"]


async def test_a_run_that_cannot_be_resumed_leaves_nothing_on_the_provider(world: World) -> None:
    run = await _dead(world)

    class Homeless(MockArchitect):
        async def deploy(self) -> str:
            raise ArchitectError("no room")

    world.architect = Homeless
    world.start_engine()
    with pytest.raises(ArchitectError, match="no room"):
        await world.operator.resume(run.id)
    assert (run.status, run.units()) == ("failed", {"completed": 1, "assigned": 1, "expired": 1})
    assert "expired 3" in WatchedProvider.asked
    world.architect = MockArchitect
    world.start_engine()
    again = await world.resume(run.id)
    await until(lambda: again.units() == {"completed": 1, "assigned": 1, "launched": 1})
