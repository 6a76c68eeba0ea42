"""An agent as task code sees it: a mailbox, a submission to wait for, and a way to be gone.

The engine owns one `LiveAgent` for each worker at work. Task code awaits it; when the worker
leaves, whatever is awaited raises the matching `AbsentAgentError`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from mephisto_engine.data_model.records import UnitRecord, WorkerRecord
from mephisto_engine.data_model.status import LOST_AGENT


class AbsentAgentError(Exception):
    """The worker is gone; ``status`` says how."""

    status = "disconnect"


class AgentDisconnectedError(AbsentAgentError):
    """No sign of life, or the time for the assignment is over."""


class AgentTimeoutError(AbsentAgentError):
    """The worker took too long to answer."""

    status = "timeout"


class AgentReturnedError(AbsentAgentError):
    """The worker gave the unit back."""

    status = "returned"


class AgentExpiredError(AbsentAgentError):
    """The run was ended while the worker was on it."""

    status = "expired"


_ERRORS: dict[str, type[AbsentAgentError]] = {
    error.status: error
    for error in (
        AgentDisconnectedError,
        AgentTimeoutError,
        AgentReturnedError,
        AgentExpiredError,
    )
}


class LiveAgent:
    """One Worker on one Unit, while the run is live."""

    __slots__ = (
        "_gone",
        "_inbox",
        "_push",
        "_submitted",
        "id",
        "registration_id",
        "status",
        "token",
        "unit",
        "worker",
    )

    def __init__(
        self,
        *,
        id: int,
        token: str,
        registration_id: str,
        worker: WorkerRecord,
        unit: UnitRecord,
        status: str,
        push: Callable[[LiveAgent, dict[str, Any]], None],
    ) -> None:
        self.id = id
        self.token = token
        self.registration_id = registration_id
        self.worker = worker
        self.unit = unit
        self.status = status
        self._push = push
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._submitted: asyncio.Future[dict[str, Any]] | None = None
        self._gone: str | None = status if status in LOST_AGENT else None

    def observe(self, update: dict[str, Any]) -> None:
        """Send a live update to the worker's page; it is queued while no page is connected."""
        self._push(self, update)

    async def get_live_update(self, timeout: float | None = None) -> dict[str, Any]:
        """The next live update of the worker's page.

        Raises:
            AgentTimeoutError: nothing came for ``timeout`` seconds.
            AbsentAgentError: the worker is gone.
        """
        self._raise_if_gone()
        try:
            update = await asyncio.wait_for(self._inbox.get(), timeout)
        except TimeoutError:
            raise AgentTimeoutError from None
        self._raise_if_gone()
        return update

    async def await_submit(self) -> dict[str, Any]:
        """The worker's answer, once it is stored.

        Raises:
            AbsentAgentError: the worker left first.
        """
        self._raise_if_gone()
        if self._submitted is None:
            self._submitted = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._submitted)

    # What follows is the engine's side of the same object.

    def deliver(self, update: dict[str, Any]) -> None:
        """Put a live update of the page into the mailbox."""
        self._inbox.put_nowait(update)

    def set_submitted(self, data: dict[str, Any]) -> None:
        """Wake task code with the stored answer."""
        if self._submitted is None:
            self._submitted = asyncio.get_running_loop().create_future()
        if not self._submitted.done():
            self._submitted.set_result(data)

    def set_gone(self, status: str) -> None:
        """The worker left: whatever task code awaits raises."""
        self.status = status
        self._gone = status
        if self._submitted is not None and not self._submitted.done():
            self._submitted.set_exception(_ERRORS[status]())
            self._submitted.exception()
        self._inbox.put_nowait({})

    def _raise_if_gone(self) -> None:
        if self._gone is not None:
            raise _ERRORS[self._gone]()
