"""Live updates on their way to the database, in groups, without holding up a conversation."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations.assignments import store_live_updates
from mephisto_engine.errors import StorageError

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0


class UpdateLog:
    """Stores what pages and task code say to each other, in the order in which they said it.

    The worker protocol has no acknowledgement of a live update, so nobody waits for the commit; an
    answer that ends the unit is stored by `submit`, and is waited for.
    """

    def __init__(self, db: MephistoDB) -> None:
        self._db = db
        self._waiting: list[tuple[int, bool, Any]] = []
        self._task: asyncio.Task[None] | None = None

    def add(self, agent: LiveAgent, update: dict[str, Any], *, is_from_worker: bool) -> None:
        """Store an update soon. Onboarding agents have no unit, and their updates are not kept."""
        if not agent.unit.id:
            return
        self._waiting.append((agent.id, is_from_worker, update))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._store())

    async def close(self) -> None:
        """Return when everything is stored."""
        if self._task is not None:
            await self._task

    async def _store(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            try:
                await self._db.write(store_live_updates, group)
            except StorageError as error:
                log.error("%d live updates could not be stored yet: %s", len(group), error)
                self._waiting = group + self._waiting
                await asyncio.sleep(RETRY_SECONDS)
        self._task = None
