"""Who gave a sign of life, when; and who has been silent for too long.

Only pages that open a socket are watched: a static page is ended by its deadline alone.
"""

from __future__ import annotations

from collections.abc import Callable

from mephisto_engine.abstractions.agent import LiveAgent
from mephisto_engine.clock import to_ms
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.operations.agents import store_presence
from mephisto_engine.errors import StorageError
from mephisto_engine.operations.live.deadlines import Deadlines

SILENCE_SECONDS = 15.0
"""A page sends a heartbeat every six seconds; one that misses two is gone."""

STALL_SECONDS = 5.0
"""When the watch itself is later than this, the engine stood still: nobody is blamed for it."""


class Presence:
    """Last signs of life of one run's agents."""

    def __init__(
        self, db: MephistoDB, deadlines: Deadlines, on_silence: Callable[[LiveAgent], None]
    ) -> None:
        self._db = db
        self._deadlines = deadlines
        self._on_silence = on_silence
        self._last: dict[str, float] = {}
        self._unsaved: dict[int, int] = {}

    def seen(self, agent: LiveAgent) -> None:
        """The agent's page is there; the first time begins the watch."""
        is_new = agent.token not in self._last
        self._last[agent.token] = self._db.clock.monotonic()
        if agent.unit.id:
            # An onboarding agent has no unit, and its presence is not stored.
            self._unsaved[agent.id] = to_ms(self._db.clock.now())
        if is_new:
            self._watch(agent, SILENCE_SECONDS)

    def forget(self, agent: LiveAgent) -> None:
        """The agent is no longer live."""
        self._last.pop(agent.token, None)
        if agent.unit.id:
            self._unsaved.pop(agent.id, None)
        self._deadlines.cancel(("silence", agent.token))

    async def save(self) -> None:
        """Write what has come in since the last time, in one operation."""
        unsaved, self._unsaved = self._unsaved, {}
        if not unsaved:
            return
        try:
            await self._db.write(store_presence, list(unsaved.items()))
        except StorageError:
            self._unsaved = unsaved | self._unsaved
            raise

    def close(self) -> None:
        """Watch nobody any more."""
        for token in self._last:
            self._deadlines.cancel(("silence", token))
        self._last.clear()

    def _watch(self, agent: LiveAgent, seconds: float) -> None:
        self._deadlines.set(("silence", agent.token), seconds, lambda late: self._look(agent, late))

    def _look(self, agent: LiveAgent, late: float) -> None:
        last = self._last.get(agent.token)
        if last is None:
            return
        silent = self._db.clock.monotonic() - last
        if late > STALL_SECONDS:
            self._watch(agent, SILENCE_SECONDS)
        elif silent < SILENCE_SECONDS:
            self._watch(agent, SILENCE_SECONDS - silent)
        else:
            self._on_silence(agent)
