"""Arrivals of one worker wait for each other, and one that gives up does not hold up the rest."""

from __future__ import annotations

import asyncio

from mephisto_engine.operations.live.turns import Turns


async def test_arrivals_of_one_worker_take_turns() -> None:
    turns = Turns(lambda: None)
    await turns.begin("ada")
    second = asyncio.create_task(turns.begin("ada"))
    await asyncio.sleep(0)
    assert not second.done()
    turns.end("ada")
    await second
    turns.end("ada")
    assert not turns


async def test_an_arrival_that_is_cancelled_while_it_waits_leaves_the_queue() -> None:
    emptied: list[bool] = []
    turns = Turns(lambda: emptied.append(True))
    await turns.begin("ada")
    second = asyncio.create_task(turns.begin("ada"))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    turns.end("ada")
    await turns.nobody()
    assert not turns
    assert emptied == [True]
