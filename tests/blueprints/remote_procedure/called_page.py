"""A page that calls functions, without a browser: it talks to a task runner's mailbox."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import count
from typing import Any

from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.abstractions.blueprint import TaskRunner
from mephisto_engine.testing.records import make_unit, make_worker

PATIENCE = 10.0

_numbers = count(1)


class CalledPage:
    """One worker's page, and the task's code beside it."""

    def __init__(self, runner: TaskRunner, history: list[dict[str, Any]] | None = None) -> None:
        self.runner = runner
        self.received: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []
        self._changed = asyncio.Event()
        number = next(_numbers)
        self.agent = LiveAgent(
            id=number,
            token=f"token-{number}",
            registration_id="tab",
            worker=make_worker(),
            unit=make_unit(number, data={"part": 2}),
            status="in task",
            push=lambda agent, update: self._arrived(update),
            keep=lambda agent, note: self.notes.append(note),
            history=history,
        )
        self.work = asyncio.get_running_loop().create_task(runner.run_unit(self.agent))

    def send(self, update: dict[str, Any]) -> None:
        self.agent.deliver({"update_id": f"update-{next(_numbers)}", **update})

    def ask(self, target: Any, args: Any = None, request_id: str | None = None) -> str:
        """Call a function and do not wait."""
        request_id = request_id or f"request-{next(_numbers)}"
        self.send({"request_id": request_id, "target": target, "args": json.dumps(args)})
        return request_id

    async def call(self, target: Any, args: Any = None) -> Any:
        """Call a function as the published client does: the parsed response."""
        return await self.response(self.ask(target, args))

    async def failure(self, target: Any, args: Any = None) -> str:
        """Call a function that fails; the kind of failure."""
        return (await self.call(target, args))["error"]["kind"]

    async def response(self, request_id: str) -> Any:
        await self.until(lambda: bool(self.responses(request_id)))
        [text] = self.responses(request_id)
        return json.loads(text)

    def responses(self, request_id: str) -> list[str]:
        return [item["response"] for item in self.received if item.get("handles") == request_id]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until what was received meets a condition."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def _arrived(self, update: dict[str, Any]) -> None:
        self.received.append(update)
        self._changed.set()
