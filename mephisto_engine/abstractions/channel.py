"""What passes between a worker-facing server and the engine.

A server (the gateway in `local`, a relay elsewhere) calls the `Backend` for everything that a page
asks; the engine reaches pages through the server's `Channel`. The packets are those of Mephisto's
worker protocol, version 2.0.4 of its `mephisto-task` client.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from mephisto_engine.data_model.records import UploadRecord


class FailureReason(StrEnum):
    """Why a worker gets no unit, as told to the worker; the first three are Mephisto's words."""

    NOT_QUALIFIED = "You are not currently qualified to work on this task..."
    NO_AVAILABLE_UNITS = "There is currently no available work, please try again later..."
    TASK_MISSING = (
        "You appear to have already completed this task, or have disconnected long enough for "
        "your session to clear..."
    )
    TOO_MANY_CONCURRENT = (
        "You are already working on as many of these tasks as you may at one time. "
        "Please finish one of them first."
    )
    MAX_FOR_TASK = "You have already done as many of these tasks as one person may. Thank you!"
    ALL_SEEN = "You have worked on everything that is available at the moment. Thank you!"
    CLOSED = "This task is closed and takes no new work. Thank you for your interest."
    BAD_LINK = "This link is not valid for this task. Please use the link that you were given."


@dataclass(frozen=True, slots=True)
class AgentDetails:
    """The answer to a registration: an agent with its data, or the reason why there is none."""

    worker_id: str | None = None
    agent_id: str | None = None
    """The agent's token; it starts with ``onboarding`` only while the worker is onboarding."""
    init_task_data: Any = None
    """Never empty beside an agent id: pages wait for ever on a falsy value."""
    failure_reason: str | None = None


class SubmitOutcome(StrEnum):
    """What became of a submission; the page is told "Submitted!" in each of these cases."""

    STORED = "stored"
    REPEATED = "repeated"
    """The same agent had submitted before; the first answer stands."""
    LATE = "late"
    """Kept, but the agent had been ended."""


class UnknownAgentError(Exception):
    """No agent has that token."""


class Backend(Protocol):
    """The engine's side: everything a worker's page can ask for.

    Every method raises `StorageError` when the change could not be stored; the server then tells
    the page to keep its answer and retry (503), and never that it was submitted.
    """

    async def register_agent(self, provider_data: dict[str, Any]) -> AgentDetails:
        """Give the arriving worker an agent. Calls with one registration id get one agent."""
        ...

    async def submit_onboarding(self, token: str, data: dict[str, Any]) -> AgentDetails:
        """Judge the onboarding answer; on success the worker's real agent comes back."""
        ...

    async def submit_unit(
        self, token: str, body: str, uploads: Sequence[UploadRecord], client_at: float | None
    ) -> SubmitOutcome:
        """Store an answer; returns after the commit.

        Args:
            token: the agent's token.
            body: the answer as JSON text, with ``files`` and ``filesByFields`` if there were any.
            uploads: the files that came with it, already on disk.
            client_at: the browser's clock, seconds since the epoch.

        Raises:
            UnknownAgentError: no agent has that token.
        """
        ...

    async def submit_metadata(
        self, token: str, metadata: Any, uploads: Sequence[UploadRecord]
    ) -> None:
        """Store what a page sends beside its answer."""
        ...

    async def log_error(self, token: str | None, error: Any) -> None:
        """Put an error that a page reports into the journal."""
        ...

    async def status_of(self, token: str) -> str | None:
        """The agent's status, or None if no agent, ended ones included, has that token."""
        ...

    def seen(self, token: str) -> None:
        """A page of that agent gave a sign of life on a socket."""
        ...

    def live_update(self, token: str, data: dict[str, Any]) -> None:
        """A page of that agent sent a live update (already cleared of repeats)."""
        ...

    def connected(self, token: str) -> None:
        """A page of that agent opened its first socket, or a new one."""
        ...

    def disconnected(self, token: str) -> None:
        """The last socket of that agent closed; the grace for coming back begins."""
        ...

    async def refused(self, reason: str, where: str) -> None:
        """The server turned a request away (forged, malformed, oversized, too many); journal it."""
        ...


class Channel(Protocol):
    """The server's side: how the engine reaches pages."""

    def send_status(self, token: str, status: str) -> None:
        """Tell the agent's page its status; queued until a page is connected."""
        ...

    def send_live_update(self, token: str, data: dict[str, Any]) -> None:
        """Send a live update; gets an ``update_id`` if it has none; queued, in order."""
        ...

    def forget(self, token: str) -> None:
        """Send nothing more to this agent's sockets (an onboarding that ended)."""
        ...

    def is_open(self) -> bool:
        """Whether pages can be reached at all."""
        ...

    def connection_count(self) -> int:
        """How many sockets are open now."""
        ...
