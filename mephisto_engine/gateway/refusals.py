"""Requests that are turned away, and how they reach the journal."""

from __future__ import annotations

import logging
from typing import Final

from mephisto_engine.abstractions.channel import Backend
from mephisto_engine.gateway.token_bucket import TokenBucket

logger = logging.getLogger(__name__)

JOURNALLED_PER_SECOND: Final = 1.0
JOURNALLED_AT_ONCE: Final = 50.0


class RequestRefusedError(Exception):
    """A request that is answered with a status of its own and a reason for people.

    ``journalled`` is False for what any honest client may cause, such as a connection too slow.
    """

    def __init__(self, status: int, reason: str, *, journalled: bool = True) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.journalled = journalled

    @property
    def closes(self) -> bool:
        """Whether the rest of the body is not worth reading, so that the connection ends."""
        return self.status in (408, 413) or not self.journalled


class Refusals:
    """The way of refusals into the journal.

    A scanner can cause thousands a second, so beyond a rate they are only counted, and the number
    is told with the next one that is journalled.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._bucket = TokenBucket(JOURNALLED_PER_SECOND, JOURNALLED_AT_ONCE)
        self._skipped = 0

    async def journal(self, reason: str, where: str) -> None:
        """Journal one refusal; never raises, as the refusal itself must still be answered."""
        if not self._bucket.take():
            self._skipped += 1
            return
        if self._skipped:
            reason = f"{reason} ({self._skipped} other refusals before this one were not listed)"
            self._skipped = 0
        try:
            await self._backend.refused(reason, where)
        except Exception:
            logger.exception("A refusal could not be journalled: %r at %r", reason, where)
