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
from mephisto_engine.tokens import new_token


class AbsentAgentError(Exception):
    """The worker is gone; ``status`` says how, ``agent`` who."""

    status = "disconnect"

    def __init__(self, agent: LiveAgent | None = None) -> None:
        super().__init__(self.status)
        self.agent = agent


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


class AgentSubmittedError(Exception):
    """The worker has handed in the final answer while task code was waiting for a live update."""


_WAKE_UP: dict[str, Any] = {}
"""Put into a mailbox to wake whoever waits at it."""

_ERRORS: dict[str, type[AbsentAgentError]] = {
    error.status: error
    for error in (
        AgentDisconnectedError,
        AgentTimeoutError,
        AgentReturnedError,
        AgentExpiredError,
    )
}


def _keep_nothing(agent: LiveAgent, update: dict[str, Any]) -> None:
    """For agents that live outside an engine, in tests."""


class LiveAgent:
    """One Worker on one Unit, while the run is live."""

    __slots__ = (
        "_gone",
        "_inbox",
        "_keep",
        "_push",
        "_report",
        "_submitted",
        "history",
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
        keep: Callable[[LiveAgent, dict[str, Any]], None] | None = None,
        report: Callable[[LiveAgent, dict[str, Any]], None] | None = None,
        history: list[dict[str, Any]] | None = None,
    ) -> None:
        self.id = id
        self.token = token
        self.registration_id = registration_id
        self.worker = worker
        self.unit = unit
        self.status = status
        self.history = history or []
        """Live updates of both sides in order; each is stored with the agent."""
        self._push = push
        self._keep = keep or _keep_nothing
        self._report = report or _keep_nothing
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._submitted: asyncio.Future[dict[str, Any]] | None = None
        self._gone: str | None = status if status in LOST_AGENT else None

    def observe(self, update: dict[str, Any]) -> None:
        """Send a live update to the worker's page; it is queued while no page is connected.

        The update is kept in the history; it gets an ``update_id`` if it has none.
        """
        update.setdefault("update_id", new_token())
        self.history.append(update)
        self._push(self, update)

    def note(self, update: dict[str, Any]) -> None:
        """Keep something with the agent's history that the page is not sent."""
        self.history.append(update)
        self._keep(self, update)

    def report(self, problem: dict[str, Any]) -> None:
        """Put something that went wrong beside the worker into the run's journal.

        ``problem`` says what (``call``) and how (``error``); of many, only some are kept.
        """
        self._report(self, problem)

    async def get_live_update(self, timeout: float | None = None) -> dict[str, Any]:
        """The next live update of the worker's page.

        Raises:
            AgentTimeoutError: nothing came for ``timeout`` seconds.
            AgentSubmittedError: the worker has submitted; no update will follow.
            AbsentAgentError: the worker is gone.
        """
        self._raise_if_gone()
        try:
            update = await asyncio.wait_for(self._inbox.get(), timeout)
        except TimeoutError:
            raise AgentTimeoutError(self) from None
        if update is _WAKE_UP:
            self._raise_if_gone()
            # The worker has submitted: nothing more will come.
            raise AgentSubmittedError
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

    @property
    def is_gone(self) -> bool:
        """Whether the worker has left without submitting."""
        return self._gone is not None

    # What follows is the engine's side of the same object.

    def deliver(self, update: dict[str, Any]) -> None:
        """Put a live update of the page into the mailbox, and keep it in the history."""
        self.history.append(update)
        self._inbox.put_nowait(update)

    def set_submitted(self, data: dict[str, Any]) -> None:
        """Wake task code with the stored answer."""
        if self._submitted is None:
            self._submitted = asyncio.get_running_loop().create_future()
        if not self._submitted.done():
            self._submitted.set_result(data)
        self._inbox.put_nowait(_WAKE_UP)

    def set_gone(self, status: str) -> None:
        """The worker left: whatever task code awaits raises."""
        self.status = status
        self._gone = status
        if self._submitted is not None and not self._submitted.done():
            self._submitted.set_exception(_ERRORS[status](self))
            self._submitted.exception()
        self._inbox.put_nowait(_WAKE_UP)

    def _raise_if_gone(self) -> None:
        if self._gone is not None:
            raise _ERRORS[self._gone](self)
