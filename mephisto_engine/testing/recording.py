"""Stand-ins for both sides of a channel, which keep what they were given."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mephisto_engine.abstractions.channel import (
    AgentDetails,
    FailureReason,
    SubmitOutcome,
    UnknownAgentError,
)
from mephisto_engine.data_model.records import UploadRecord


@dataclass(frozen=True)
class Packet:
    """One thing that the engine sent to a page."""

    kind: str
    """``status``, ``live_update`` or ``forget``."""
    token: str
    body: Any = None


class RecordingChannel:
    """A `Channel` to no page at all: it keeps the packets, in order."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.open = False

    def send_status(self, token: str, status: str) -> None:
        """Keep a status packet."""
        self.packets.append(Packet("status", token, status))

    def send_live_update(self, token: str, data: dict[str, Any]) -> None:
        """Keep a live update, with an ``update_id`` if it has none."""
        update = {"update_id": secrets.token_hex(8), **data}
        self.packets.append(Packet("live_update", token, update))

    def forget(self, token: str) -> None:
        """Keep that the agent is to be left alone."""
        self.packets.append(Packet("forget", token))

    def is_open(self) -> bool:
        """Whether the architect has deployed and not shut down."""
        return self.open

    def connection_count(self) -> int:
        """Always 0: there are no sockets."""
        return 0

    def sent_to(self, token: str) -> list[Packet]:
        """What was sent to one agent."""
        return [packet for packet in self.packets if packet.token == token]


class RecordingBackend:
    """A `Backend` that hands out a number of units and stores answers in memory."""

    def __init__(self, units: int = 1) -> None:
        self.units_left = units
        self.refusal: FailureReason = FailureReason.NO_AVAILABLE_UNITS
        """What a worker is told when no unit is left."""
        self.agents: dict[str, AgentDetails] = {}
        """Registration id → what its page was answered."""
        self.answers: dict[str, Any] = {}
        """Agent token → its first answer, decoded."""
        self.outcomes: list[SubmitOutcome] = []
        self.metadata: list[tuple[str, Any]] = []
        self.errors: list[tuple[str | None, Any]] = []
        self.refusals: list[tuple[str, str]] = []
        self.live_updates: list[tuple[str, dict[str, Any]]] = []
        self.presence: list[tuple[str, str]] = []
        """``("connected" | "disconnected" | "seen", token)`` in order."""

    async def register_agent(self, provider_data: dict[str, Any]) -> AgentDetails:
        """An agent for each registration id, until no unit is left."""
        registration_id = str(provider_data.get("agent_registration_id"))
        known = self.agents.get(registration_id)
        if known is not None:
            return known
        if self.units_left == 0:
            return AgentDetails(worker_id="1", failure_reason=self.refusal)
        self.units_left -= 1
        data = {"text": f"unit {self.units_left}"}
        details = AgentDetails("1", secrets.token_hex(16), data)
        self.agents[registration_id] = details
        return details

    async def submit_onboarding(self, token: str, data: dict[str, Any]) -> AgentDetails:
        """Nobody onboards here."""
        raise UnknownAgentError(token)

    async def submit_unit(
        self, token: str, body: str, uploads: Sequence[UploadRecord], client_at: float | None
    ) -> SubmitOutcome:
        """Keep the first answer of an agent."""
        self._require(token)
        outcome = SubmitOutcome.REPEATED if token in self.answers else SubmitOutcome.STORED
        self.answers.setdefault(token, json.loads(body))
        self.outcomes.append(outcome)
        return outcome

    async def submit_metadata(
        self, token: str, metadata: Any, uploads: Sequence[UploadRecord]
    ) -> None:
        """Keep metadata of a known agent."""
        self._require(token)
        self.metadata.append((token, metadata))

    async def log_error(self, token: str | None, error: Any) -> None:
        """Keep an error of a page."""
        self.errors.append((token, error))

    async def status_of(self, token: str) -> str | None:
        """``completed`` after an answer, ``in task`` before, None for an unknown token."""
        if token in self.answers:
            return "completed"
        return "in task" if self._knows(token) else None

    def seen(self, token: str) -> None:
        """Keep a sign of life."""
        self.presence.append(("seen", token))

    def live_update(self, token: str, data: dict[str, Any]) -> None:
        """Keep a live update of a page."""
        self.live_updates.append((token, data))

    def connected(self, token: str) -> None:
        """Keep that a page connected."""
        self.presence.append(("connected", token))

    def disconnected(self, token: str) -> None:
        """Keep that an agent's last socket closed."""
        self.presence.append(("disconnected", token))

    async def refused(self, reason: str, where: str) -> None:
        """Keep a request that the server turned away."""
        self.refusals.append((reason, where))

    def _require(self, token: str) -> None:
        if not self._knows(token):
            raise UnknownAgentError(token)

    def _knows(self, token: str) -> bool:
        return any(details.agent_id == token for details in self.agents.values())
