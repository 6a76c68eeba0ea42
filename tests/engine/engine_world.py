"""An engine in the loop of the test: real database, mock architect, a clock moved by hand."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from mephisto_architects.mock import MockArchitect
from mephisto_blueprints.mock import MockBlueprint
from mephisto_engine.abstractions.blueprint import SharedTaskState
from mephisto_engine.abstractions.channel import AgentDetails, FailureReason, SubmitOutcome
from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.config import LaunchConfig, launch_config_from_dict
from mephisto_engine.data_model import Agent, Event, Lease, TaskRun, Unit
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.lease_watch import LEASE_SECONDS
from mephisto_engine.database.transaction import Transaction
from mephisto_engine.operations.live.run_driver import RunDriver
from mephisto_engine.operations.live.supervisor import Supervisor
from mephisto_engine.operations.operator import AsyncOperator
from mephisto_engine.processes import own_mark
from mephisto_engine.testing.clock import FakeClock
from mephisto_engine.testing.recording import RecordingChannel
from mephisto_providers.mock import MockProvider

PATIENCE = 10.0
"""Real seconds that a test waits for what has to happen."""


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; fail when it does not come true."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is awaited has no event of its own
            await asyncio.sleep(0.002)


@dataclass
class World:
    db: MephistoDB
    home: Path
    clock: FakeClock
    blueprint: type[MockBlueprint] = MockBlueprint
    provider: type[MockProvider] = MockProvider
    architect: type[MockArchitect] = MockArchitect
    operators: list[AsyncOperator] = field(default_factory=list)

    @property
    def operator(self) -> AsyncOperator:
        if not self.operators:
            self.start_engine()
        return self.operators[-1]

    @property
    def registry(self) -> Registry:
        return Registry(
            {
                "blueprint": {"mock": self.blueprint},
                "provider": {"mock": self.provider},
                "architect": {"mock": self.architect},
            }
        )

    def start_engine(self) -> AsyncOperator:
        self.operators.append(AsyncOperator(self.db, self.home, self.registry))
        return self.operators[-1]

    def config(
        self,
        units: int = 1,
        each: int = 1,
        shared_state: SharedTaskState | dict[str, Any] | None = None,
        options: dict[str, Any] | None = None,
        provider_options: dict[str, Any] | None = None,
        **task: Any,
    ) -> LaunchConfig:
        given = {
            "task_name": "sample",
            "task_title": "Sample",
            "task_description": "A sample",
            "task_reward": 0.1,
            "task_tags": "sample",
        }
        node = {
            "blueprint": {
                "_blueprint_type": "mock",
                "num_assignments": units,
                "units_per_assignment": each,
                **(options or {}),
            },
            "architect": {"_architect_type": "mock"},
            "provider": {"_provider_type": "mock", **(provider_options or {})},
            "task": {**given, **task},
        }
        return launch_config_from_dict(node, self.registry, shared_state, self.home)

    async def launch(
        self,
        units: int = 1,
        each: int = 1,
        shared_state: Any = None,
        options: dict[str, Any] | None = None,
        **task: Any,
    ) -> Run:
        """Launch a run; returns when everything that can be published is on offer."""
        config = self.config(units, each, shared_state, options, **task)
        run = self.run(await self.operator.launch(config))
        cap = task.get("max_num_concurrent_units") or units * each
        await until(lambda: len(run.driver.live.pool) >= min(cap, units * each))
        return run

    async def resume(self, run_id: int, shared_state: SharedTaskState | None = None) -> Run:
        await self.operator.resume(run_id, shared_state)
        return self.run(run_id)

    def run(self, run_id: int) -> Run:
        return Run(self, run_id, self.operator._drivers[run_id])

    async def advance(self, seconds: float) -> None:
        """Let time pass, and whatever is due happen when it is due."""
        for _ in range(int(seconds)):
            self.clock.advance(1)
            self.operator._deadlines.run_due()
            await asyncio.sleep(0)
        await self.settle()

    async def stall(self, seconds: float) -> None:
        """Let time pass while the engine stands still."""
        self.clock.advance(seconds)
        self.operator._deadlines.run_due()
        await self.settle()

    async def settle(self) -> None:
        """Return when everything that was under way is stored and told."""
        for _ in range(3):
            await self.db.write(lambda tx: None)
            await asyncio.sleep(0)

    async def crash(self) -> None:
        """The engine is gone from one moment to the next; only the database is left."""
        operator = self.operators.pop()
        for driver in operator._drivers.values():
            at_work = driver._supervisor.at_work
            tasks = {*driver._tasks, *driver._launcher._tasks, *at_work._tasks}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            driver._lease.forget()
        operator._deadlines.close()
        # After this, what the dead engine had handed to the writer is stored.
        await self.db.write(_bury)
        self.clock.advance(LEASE_SECONDS + 1)

    async def close(self) -> None:
        for operator in self.operators:
            await operator.close()


def _bury(tx: Transaction) -> None:
    """Let every lease be that of a process which is no more."""
    tx.select(Lease.update(process=f"{own_mark()}0"))


@dataclass
class Run:
    world: World
    id: int
    driver: RunDriver
    _numbers: Any = field(default_factory=count)

    @property
    def supervisor(self) -> Supervisor:
        return self.driver._supervisor

    @property
    def channel(self) -> RecordingChannel:
        architect = self.driver._architect
        assert isinstance(architect, MockArchitect)
        return architect.recorded

    @property
    def status(self) -> str:
        return str(self.row().status)

    def row(self) -> TaskRun:
        found = self.world.db.read(TaskRun.get_by_id, self.id)
        assert isinstance(found, TaskRun)
        return found

    async def arrive(self, worker: str, tab: str | None = None) -> AgentDetails:
        """A worker opens the page in a new tab, or in the one that is named."""
        tab = tab or f"tab-{next(self._numbers)}-{id(self)}"
        return await self.supervisor.register_agent(
            {
                "worker_name": worker,
                "assignment_id": tab,
                "agent_registration_id": f"{tab}-{worker}",
                "provider_type": "mock",
            }
        )

    async def token(self, worker: str, tab: str | None = None) -> str:
        """A worker arrives and gets a unit."""
        details = await self.arrive(worker, tab)
        assert details.agent_id is not None, details.failure_reason
        return details.agent_id

    async def refusal(self, worker: str, tab: str | None = None) -> str:
        """A worker arrives and gets none; the reason that is journalled."""
        before = Counter(self.supervisor.arrivals.refusals)
        details = await self.arrive(worker, tab)
        assert details.agent_id is None
        assert details.failure_reason in set(FailureReason)
        (reason,) = self.supervisor.arrivals.refusals - before
        return reason

    async def submit(self, token: str, answer: Any = "yes") -> SubmitOutcome:
        return await self.supervisor.submit_unit(token, json.dumps({"answer": answer}), (), None)

    async def do_units(self, *workers: str) -> None:
        for worker in workers:
            assert await self.submit(await self.token(worker)) == SubmitOutcome.STORED

    async def ended(self) -> TaskRun:
        async with asyncio.timeout(PATIENCE):
            await self.driver.ended.wait()
        return self.row()

    def units(self) -> Counter[str]:
        rows = self.world.db.stream(Unit.select(Unit.status).where(Unit.task_run == self.id))
        return Counter(status for (status,) in rows)

    def agents(self) -> Counter[str]:
        rows = self.world.db.stream(Agent.select(Agent.status).where(Agent.task_run == self.id))
        return Counter(status for (status,) in rows)

    def agent(self, token: str) -> Agent:
        found = self.world.db.read(Agent.get, Agent.token == token)
        assert isinstance(found, Agent)
        return found

    def events(self, kind: str) -> list[dict[str, Any]]:
        query = Event.select(Event.data).where((Event.task_run == self.id) & (Event.kind == kind))
        return [json.loads(data or "{}") for (data,) in self.world.db.stream(query)]
