"""Starting runs: what one engine refuses to do twice, and what cannot be started at all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from engine_world import World

from mephisto_engine.data_model import TaskRun
from mephisto_engine.errors import PluginError, StateError
from mephisto_providers.mock import MockProvider


class UnreadyProvider(MockProvider):
    def __init__(self, *_: Any) -> None:
        raise RuntimeError("no account")


async def test_a_run_whose_plugin_cannot_be_set_up_has_failed(world: World) -> None:
    world.provider = UnreadyProvider
    with pytest.raises(PluginError, match="no account"):
        await world.operator.launch(world.config())
    [run] = world.db.read(lambda: list(TaskRun.select()))
    assert run.status == "failed"
    assert "no account" in run.status_reason
    assert run.ended_at is not None


async def test_of_two_resumes_at_once_one_is_refused_and_the_run_goes_on(world: World) -> None:
    run = await world.launch(units=2)
    await world.crash()
    operator = world.operator
    outcomes = await asyncio.gather(
        operator.resume(run.id), operator.resume(run.id), return_exceptions=True
    )
    assert [type(item) for item in outcomes].count(StateError) == 1
    assert run.id in outcomes
    assert operator.running() == [run.id]
    assert world.run(run.id).status == "live"
