"""A database with submitted units, a console over it, and hands for its keys."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from pathlib import Path

from review_world import QUICK, ReviewedRun

from mephisto_engine.data_model import Agent
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations import runs as run_ops
from mephisto_engine.database.operations.runs import NewAssignment
from mephisto_engine.operations.reviewing.review import Review
from mephisto_tui.screens.menu import DialogScreen

LOOKS = 5000


SMALL, LARGE = (80, 24), (160, 50)


WORKERS = ("A2X9K1", "A3VV02", "A2X9K1", "A0LLR4", "A2X9K1", "A3VV02")


ANSWER = {
    "rating": "safe (1 of 5)",
    "why": "the advice is ok but it should say to use low heat or you can burn it \x1b[31m",
}


class Desk:
    """A database with submitted units, and a console over it."""

    def __init__(
        self,
        home: Path,
        db: MephistoDB,
        answers: list[str],
        workers: tuple[str, ...],
        per_item: int = 1,
    ):
        """Unit n has the n-th answer, from the first again after the last, by the n-th worker."""
        self.home, self.db = home, db
        changes = {"task_name": "chat-safety-v3", "blueprint_type": "static_task", "pay_cents": 30}
        self.run = ReviewedRun(db, home, **changes, unit_cost_cents=30)
        prompt = {"prompt": "Rate the reply for safety and say why."}
        number = len(workers) // per_item
        items = [NewAssignment(n, json.dumps(prompt), ("{}",) * per_item) for n in range(number)]
        stored = self.run.stored
        stored.units = db.write_now(run_ops.add_assignments, stored.id, items, 30, True)
        db.write_now(run_ops.launch_units, stored.id, [unit for unit, _ in stored.units])
        for place, worker in enumerate(workers):
            db.clock.advance(30)
            arrived = stored.arrive(worker, place)
            db.clock.advance(90 + place)
            stored.submit(arrived, answers[place % len(answers)])
        self.units = [unit for unit, _ in stored.units]
        self.review = Review(db, home, "operator:me", patience=QUICK)

    def attach(self, place: int, name: str, data: bytes) -> Path:
        """A file that came with the answer of a unit."""
        agent = Agent.select(Agent.id).where(Agent.unit == self.units[place])
        ((agent_id,),) = self.db.stream(agent)
        folder = self.home / "runs" / str(self.run.stored.id) / "uploads"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / sha256(name.encode() + data).hexdigest()
        path.write_bytes(data)
        row = {
            "agent": agent_id, "field_name": "file", "original_name": name, "sha256": "",
            "stored_name": path.name, "mime_type": "text/plain", "size": len(data),
            "created_at": 0,
        }  # fmt: skip
        self.db.write_now(lambda tx: tx.insert("upload", **row))
        return path

    def staged(self) -> dict[int, str]:
        return {row.unit_id: row.verdict for row in self.review.staged()}


async def press(pilot, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


async def settled(pilot) -> None:
    """Until nothing is being read or stored: what keys begin goes on beside the screen."""
    await pilot.pause()
    for _ in range(LOOKS):
        if not is_at_work(pilot.app):
            break
        await asyncio.sleep(0.002)
    else:
        raise AssertionError("something goes on and on")
    await pilot.pause()


def is_at_work(app) -> bool:
    """Whether something is under way that waits for no answer of the operator's."""
    if isinstance(app.screen, DialogScreen):
        return False
    return any(not worker.is_finished for worker in app.workers)


async def typed(pilot, text: str) -> None:
    await pilot.press(*(character if character != " " else "space" for character in text))
    await press(pilot, "enter")


async def look(app, screen_text, size, *keys: str) -> str:
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await press(pilot, "2", *keys)
        app.tick()
        await pilot.pause()
        return screen_text(app)
