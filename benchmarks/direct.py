"""An engine without a server, whose backend is called where the gateway would call it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

from benchmarks.publishing import PublishedUnits
from benchmarks.tasks import numbered
from mephisto_architects.mock import MockArchitect
from mephisto_engine.abstractions.channel import AgentDetails, Backend
from mephisto_engine.abstractions.registry import Registry
from mephisto_engine.database import MephistoDB, default_home
from mephisto_engine.operations.operator import AsyncOperator

PUBLISHING_SECONDS = 60.0


class DirectArchitect(MockArchitect):
    """Leaves its backend where a benchmark finds it."""

    backends: ClassVar[dict[int, Backend]] = {}

    async def deploy(self) -> str:
        self.backends[self.context.run.id] = self.context.backend
        return await super().deploy()


@asynccontextmanager
async def direct_run(
    db: MephistoDB, assignments: int, units_each: int = 1
) -> AsyncIterator[tuple[int, Backend]]:
    """Id and backend of a run in this event loop, once all of its units are published."""
    registry = Registry(extra={"architect": {"mock": DirectArchitect}})
    published = PublishedUnits(db)
    operator = AsyncOperator(db, default_home(), registry)
    run_id = await operator.launch(numbered(registry, assignments, units_each))
    try:
        await asyncio.to_thread(published.wait_for, assignments * units_each, PUBLISHING_SECONDS)
        yield run_id, DirectArchitect.backends[run_id]
    finally:
        await operator.close()


async def arrive(backend: Backend, worker_name: str) -> AgentDetails:
    """A worker opens a new page."""
    assignment = uuid.uuid4().hex
    return await backend.register_agent(
        {
            "worker_name": worker_name,
            "agent_registration_id": f"{assignment}-{worker_name}",
            "assignment_id": assignment,
            "provider_type": "mock",
        }
    )
