"""The beat of a driven run: commands of other processes are looked for, the lease is renewed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from mephisto_engine.database import MephistoDB
from mephisto_engine.errors import LeaseLostError, StorageError
from mephisto_engine.operations.live.health import HealthMeter

log = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
"""How often commands of other processes are looked for."""

RENEW_BEATS = 4
"""Beats between two renewals of the lease."""


class Heartbeat:
    """Beats until it is stopped, and measures how late each beat comes."""

    def __init__(
        self,
        db: MephistoDB,
        run_id: int,
        look: Callable[[], None],
        renew: Callable[[], Awaitable[None]],
        lost: Callable[[], Awaitable[None]],
    ) -> None:
        """``look`` begins to carry out commands, ``renew`` keeps the lease, ``lost`` is for when
        another engine has taken it.
        """
        self.health = HealthMeter(db)
        self._db = db
        self._run_id = run_id
        self._look = look
        self._renew = renew
        self._lost = lost
        self._is_over = asyncio.Event()

    async def beat(self) -> None:
        """Beat on; whatever fails in one beat, the next may succeed."""
        beats = 0
        while not self._is_over.is_set():
            await self._wait()
            beats += 1
            try:
                self._look()
                if beats % RENEW_BEATS == 0:
                    await self._renew()
            except StorageError as error:
                log.error("run %d: %s", self._run_id, error)
                if isinstance(error, LeaseLostError) and self._run_id in error.run_ids:
                    await self._lost()
            except Exception:
                # Without beats the lease would run out.
                log.exception("run %d: a beat failed", self._run_id)

    def stop(self) -> None:
        """Beat no more."""
        self._is_over.set()

    async def _wait(self) -> None:
        started = self._db.clock.monotonic()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._is_over.wait(), BEAT_SECONDS)
            return
        self.health.beat(self._db.clock.monotonic() - started - BEAT_SECONDS)
